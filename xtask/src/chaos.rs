//! `cargo xtask chaos`: the operator killed at every outside call.

use std::os::unix::process::CommandExt as _;
use std::process::ExitCode;

use crate::cli::Chaos;
use crate::tool;

/// Becomes the program that does it, in a release build: thousands of runs are worth its compilation.
pub fn run(flags: &Chaos) -> anyhow::Result<ExitCode> {
    let arguments = ["run", "--quiet", "--release", "--package", "cyclades-chaos", "--bin", "chaos", "--"];
    let mut chaos = tool::command("cargo", &arguments).into_std();
    // In this process's place, so that a signal reaches it.
    Err(anyhow::Error::new(chaos.args(&flags.arguments).exec()).context("cannot run cargo"))
}
