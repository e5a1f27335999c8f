//! The operating systems that instances of the lab can be made of.

use std::path::Path;

use crate::Error;
use crate::layout::{write_executable, write_file};

/// Version of the interface between Ganeti and an OS definition (`os_api_version` of `/2/info` on 3.0).
const API_VERSION: &str = "20\n";

/// Part of every `create`: writes down what Ganeti handed over.
const RECORD: &str = include_str!("../assets/record.sh");

struct OsDefinition {
    name: &'static str,
    /// What `create` does after it wrote down its environment.
    create: &'static str,
    variants: &'static [&'static str],
    /// Name and meaning of each OS parameter; Ganeti refuses others.
    parameters: &'static [(&'static str, &'static str)],
}

const ALL: [OsDefinition; 5] = [
    OsDefinition {
        name: "guest",
        create: "exit 0\n",
        variants: &[],
        parameters: &[
            ("user_data", "data for the guest's first start"),
            ("hostname", "name the guest gives itself"),
            ("greeting", "a line of text"),
        ],
    },
    OsDefinition { name: "noop", create: "exit 0\n", variants: &[], parameters: &[] },
    OsDefinition {
        name: "slow-create",
        create: "sleep \"${OSP_DELAY:-5}\"\n",
        variants: &[],
        parameters: &[("delay", "seconds that create takes (default 5)")],
    },
    OsDefinition {
        name: "fail-create",
        create: "echo 'this operating system cannot be created' >&2\nexit 1\n",
        variants: &[],
        parameters: &[],
    },
    OsDefinition { name: "variants-os", create: "exit 0\n", variants: &["alpha", "beta"], parameters: &[] },
];

/// Writes every definition below `directory`.
pub(crate) fn write(directory: &Path) -> Result<(), Error> {
    ALL.iter().try_for_each(|os| os.write(&directory.join(os.name)))
}

impl OsDefinition {
    fn write(&self, directory: &Path) -> Result<(), Error> {
        write_file(&directory.join("ganeti_api_version"), API_VERSION)?;
        write_executable(&directory.join("create"), &format!("{RECORD}{}", self.create))?;
        for script in ["import", "export", "rename", "verify"] {
            write_executable(&directory.join(script), "#!/bin/sh\nexit 0\n")?;
        }
        let parameters: String =
            self.parameters.iter().map(|(name, meaning)| format!("{name} {meaning}\n")).collect();
        write_file(&directory.join("parameters.list"), &parameters)?;
        // A list, even an empty one, would mean that the name alone is no valid OS.
        if !self.variants.is_empty() {
            write_file(&directory.join("variants.list"), &format!("{}\n", self.variants.join("\n")))?;
        }
        Ok(())
    }
}
