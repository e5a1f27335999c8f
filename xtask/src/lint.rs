//! `cargo xtask lint`: what can be said about the sources without running them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cyclades_control_plane::Progress as _;

use crate::console::Console;
use crate::{generate, tool};

/// One way to look at the sources.
pub struct Check {
    /// What it is called.
    pub name: &'static str,
    /// A command that ends well if the tool is there.
    probe: (&'static str, &'static [&'static str]),
    /// How to get it.
    cure: &'static str,
    command: (&'static str, Vec<String>),
}

/// Runs all; those whose tool is missing are named.
pub async fn run(console: &Console) -> anyhow::Result<ExitCode> {
    let mut failed = Vec::new();
    for check in checks()? {
        if check.run(console).await? == Some(false) {
            failed.push(check.name);
        }
    }
    if failed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    console.note(&format!("\nfailed: {}", failed.join(", ")));
    Ok(ExitCode::FAILURE)
}

impl Check {
    /// Whether the sources passed; none if the tool is not installed.
    pub async fn run(&self, console: &Console) -> anyhow::Result<Option<bool>> {
        if !tool::is_there(self.probe.0, self.probe.1).await {
            console.step(&format!("{}: NOT RUN, it is not installed", self.name), self.cure);
            return Ok(None);
        }
        let arguments: Vec<&str> = self.command.1.iter().map(String::as_str).collect();
        let mut command = tool::command(self.command.0, &arguments);
        console.step(&tool::line(&command), "");
        command.current_dir(generate::root());
        Ok(Some(tool::run(&mut command).await?.success()))
    }
}

/// Formatting and clippy: what `test` runs as well.
pub fn style() -> Vec<Check> {
    let words = |line: &str| line.split(' ').map(str::to_owned).collect();
    vec![
        Check {
            name: "rustfmt",
            probe: ("cargo", &["fmt", "--version"]),
            cure: "rustup component add rustfmt",
            command: ("cargo", words("fmt --all --check")),
        },
        Check {
            name: "clippy",
            probe: ("cargo", &["clippy", "--version"]),
            cure: "rustup component add clippy",
            command: ("cargo", words("clippy --workspace --all-targets --quiet -- -D warnings")),
        },
    ]
}

fn checks() -> anyhow::Result<Vec<Check>> {
    let mut checks = style();
    checks.push(Check {
        name: "cargo-deny",
        probe: ("cargo", &["deny", "--version"]),
        cure: "cargo install cargo-deny --locked",
        command: ("cargo", ["deny", "check"].map(str::to_owned).to_vec()),
    });
    checks.push(Check {
        name: "shellcheck",
        probe: ("shellcheck", &["--version"]),
        cure: "apt-get install shellcheck",
        command: ("shellcheck", scripts(&generate::root())?),
    });
    Ok(checks)
}

/// Paths of all shell scripts, from the root.
fn scripts(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(".")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let (kind, path) = (entry.file_type()?, folder.join(entry.file_name()));
            if kind.is_dir() && !matches!(entry.file_name().to_str(), Some("target" | ".git")) {
                folders.push(path);
            } else if kind.is_file() && is_script(&entry.path()) {
                found.push(path.display().to_string());
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_script(path: &Path) -> bool {
    let named = path.extension().is_some_and(|extension| extension == "sh");
    named || (path.extension().is_none() && std::fs::read(path).is_ok_and(|text| has_shebang(&text)))
}

/// `#!/bin/sh`, `#!/usr/bin/env bash` and the like.
fn has_shebang(text: &[u8]) -> bool {
    let line = String::from_utf8_lossy(text.split(|byte| *byte == b'\n').next().unwrap_or_default());
    let interpreter = line.strip_prefix("#!").and_then(|line| line.rsplit(['/', ' ']).next());
    matches!(interpreter, Some("sh" | "bash"))
}

#[cfg(test)]
mod tests {
    use super::has_shebang;

    #[test]
    fn shells_are_known_by_their_first_line() {
        assert!(has_shebang(b"#!/usr/bin/env bash\nset -eu\n"));
        assert!(has_shebang(b"#!/bin/sh"));
        assert!(!has_shebang(b"#!/usr/bin/python3\n"));
        assert!(!has_shebang(b"sh"));
    }
}
