//! What cargo knows of the workspace.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::tree;

/// A member of the workspace.
#[derive(Clone, Debug, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// What it states to depend on.
    pub dependencies: Vec<Dependency>,
}

/// A stated dependency.
#[derive(Clone, Debug, Deserialize)]
pub struct Dependency {
    /// Name of the package.
    pub name: String,
    /// `dev` or `build`; absent for a normal one.
    pub kind: Option<String>,
}

/// The members of the workspace, by name.
///
/// # Errors
/// `cargo metadata` that fails, with its own words.
pub fn members() -> Result<BTreeMap<String, Package>> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    let text = run(&["metadata", "--format-version", "1", "--no-deps"])?;
    let metadata: Metadata = serde_json::from_str(&text).context("read the answer of cargo metadata")?;
    Ok(metadata.packages.into_iter().map(|package| (package.name.clone(), package)).collect())
}

/// Names of all crates that are linked into a member's own code: its normal dependencies and theirs, with the
/// features that this member alone turns on.
///
/// # Errors
/// `cargo tree` that fails, with its own words.
pub fn linked(member: &str) -> Result<BTreeSet<String>> {
    // `no-proc-macro`: what runs in the compiler is not linked.
    let text = run(&["tree", "--package", member, "--edges", "normal,no-proc-macro", "--prefix", "none"])?;
    Ok(text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect())
}

/// Runs the cargo that runs this test, with the versions of Cargo.lock.
fn run(arguments: &[&str]) -> Result<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(arguments)
        .arg("--locked")
        .current_dir(tree::root())
        .output()
        .with_context(|| format!("run cargo {}", arguments.join(" ")))?;
    let words = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "cargo {} failed: {words}", arguments.join(" "));
    String::from_utf8(output.stdout).context("cargo's answer is not text")
}
