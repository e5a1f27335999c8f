//! Which test programs there are and in which order they run.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use crate::{generate, tool};

/// Packages whose tests take long or need more than the processor, quick ones first; all others come before.
const BEDS: [&str; 8] = [
    "cyclades-chaos",
    "cyclades-house",
    "cyclades-control-plane",
    "ganeti-lab",
    "rapi-contract",
    "cyclades-bed",
    "cyclades-e2e",
    "cyclades-bench",
];

/// The package all of whose own test programs need a real Ganeti. Elsewhere such tests have `lab` in their names.
const LAB: &str = "ganeti-lab";

/// One test program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its package.
    pub package: String,
    /// The name of its file; for unit tests that of the library or program that they are inside of.
    pub name: String,
    /// Whether it is the unit tests inside of a library or program.
    pub unit: bool,
    /// Folder of the package, in which cargo would run it.
    pub folder: PathBuf,
    /// The executable; none for examples in the documentation, which cargo compiles and runs in one go.
    pub executable: Option<PathBuf>,
}

impl Part {
    /// The examples in the documentation of all packages.
    pub fn documentation() -> Self {
        Self {
            package: "all".to_owned(),
            name: "examples in the documentation".to_owned(),
            unit: false,
            folder: generate::root(),
            executable: None,
        }
    }

    /// False for what is nothing without a real Ganeti.
    pub fn is_wanted(&self, without_lab: bool) -> bool {
        !without_lab || self.unit || (self.package != LAB && self.name != "lab")
    }

    /// Unit tests of all, then integration tests, those with beds last.
    fn rank(&self) -> (bool, usize) {
        let place = BEDS.iter().position(|package| *package == self.package);
        (!self.unit, place.map_or(0, |place| place + 1))
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let unit = if self.unit { "unit tests of " } else { "" };
        write!(f, "{}: {unit}{}", self.package, self.name)
    }
}

/// Compiles every test program and says in which order to run them.
pub async fn parts() -> anyhow::Result<Vec<Part>> {
    let arguments = ["test", "--workspace", "--no-run", "--message-format=json-render-diagnostics"];
    let mut cargo = tool::command("cargo", &arguments);
    cargo.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let output = cargo.spawn()?.wait_with_output().await.context("cannot run cargo")?;
    ensure!(output.status.success(), "the tests do not compile");
    let messages = String::from_utf8_lossy(&output.stdout);
    let mut parts: Vec<Part> = messages.lines().filter_map(part).collect();
    if parts.is_empty() {
        bail!("cargo names no test program");
    }
    parts.sort_by(|a, b| (a.rank(), &a.package, &a.name).cmp(&(b.rank(), &b.package, &b.name)));
    Ok(parts)
}

/// A test program in one of cargo's messages (reason `compiler-artifact`).
fn part(line: &str) -> Option<Part> {
    let message: Value = serde_json::from_str(line).ok()?;
    if !message["profile"]["test"].as_bool()? {
        return None;
    }
    let executable = message["executable"].as_str()?;
    let folder = Path::new(message["manifest_path"].as_str()?).parent()?;
    let integration = message["target"]["kind"].as_array()?.iter().any(|kind| kind == "test");
    Some(Part {
        package: package(message["package_id"].as_str()?),
        name: message["target"]["name"].as_str()?.to_owned(),
        unit: !integration,
        folder: folder.to_path_buf(),
        executable: Some(executable.into()),
    })
}

/// `path+file:///checkout/crds#cyclades-crds@0.1.0` or, where folder and name agree, `…/xtask#0.1.0`.
fn package(id: &str) -> String {
    let (url, fragment) = id.rsplit_once('#').unwrap_or((id, ""));
    match fragment.split_once('@') {
        Some((name, _)) => name.to_owned(),
        None => url.rsplit('/').next().unwrap_or(url).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(package: &str, name: &str, unit: bool) -> Part {
        let (package, name) = (package.to_owned(), name.to_owned());
        Part { package, name, unit, folder: "/".into(), executable: None }
    }

    #[test]
    fn cargos_message_becomes_a_part() {
        let line = r#"{"reason":"compiler-artifact","package_id":"path+file:///c/tests/bed#cyclades-bed@0.1.0",
            "manifest_path":"/c/tests/bed/Cargo.toml","target":{"kind":["test"],"name":"lab"},
            "profile":{"test":true},"executable":"/c/target/debug/deps/lab-1"}"#;
        let part = part(&line.replace('\n', "")).unwrap();
        assert_eq!(
            (part.to_string().as_str(), part.folder.to_str()),
            ("cyclades-bed: lab", Some("/c/tests/bed"))
        );
        assert_eq!(package("path+file:///c/xtask#0.1.0"), "xtask");
    }

    #[test]
    fn units_come_first_and_end_to_end_comes_last() {
        let mut parts = [
            example("cyclades-e2e", "happy", false),
            example("ganeti-lab", "lab", false),
            example("ganeti-rapi", "trust", false),
            example("cyclades-e2e", "cyclades_e2e", true),
            example("cyclades-crds", "cyclades_crds", true),
        ];
        parts.sort_by(|a, b| (a.rank(), &a.package, &a.name).cmp(&(b.rank(), &b.package, &b.name)));
        let order: Vec<_> = parts.iter().map(ToString::to_string).collect();
        let wanted = [
            "cyclades-crds: unit tests of cyclades_crds",
            "cyclades-e2e: unit tests of cyclades_e2e",
            "ganeti-rapi: trust",
            "ganeti-lab: lab",
            "cyclades-e2e: happy",
        ];
        assert_eq!(order, wanted);
    }

    #[test]
    fn without_a_lab_its_own_units_still_run() {
        assert!(example("ganeti-lab", "ganeti_lab", true).is_wanted(true));
        assert!(!example("ganeti-lab", "other", false).is_wanted(true));
        assert!(!example("cyclades-bed", "lab", false).is_wanted(true));
        assert!(example("cyclades-bed", "lab", false).is_wanted(false));
    }
}
