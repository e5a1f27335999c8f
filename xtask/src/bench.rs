//! `cargo xtask bench NAME`: figures, with release builds.

use std::os::unix::process::CommandExt as _;
use std::process::ExitCode;

use crate::cli::Bench;
use crate::tool;

/// Becomes the bench program, which brings up the bed that it measures.
pub fn run(flags: &Bench) -> anyhow::Result<ExitCode> {
    let arguments = ["run", "--release", "--package", "cyclades-bench", "--bin", "bench", "--", &flags.name];
    let mut bench = tool::command("cargo", &arguments).into_std();
    if let Some(file) = &flags.json {
        // The caller's folder counts, and cargo runs in the root.
        bench.arg("--json").arg(std::path::absolute(file)?);
    }
    // In this process's place, so that a signal reaches it: it ends its bed then.
    Err(anyhow::Error::new(bench.args(&flags.arguments).exec()).context("cannot run cargo"))
}
