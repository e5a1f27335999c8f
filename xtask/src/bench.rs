//! `cargo xtask bench NAME`: figures, with release builds.

use std::process::ExitCode;

use crate::cli::Bench;
use crate::tool;

/// Hands over to the bench program, which brings up the bed that it measures.
pub async fn run(flags: &Bench) -> anyhow::Result<ExitCode> {
    let arguments = ["run", "--release", "--package", "cyclades-bench", "--bin", "bench", "--", &flags.name];
    let mut bench = tool::command("cargo", &arguments);
    if let Some(file) = &flags.json {
        // The caller's folder counts, and cargo runs in the root.
        bench.arg("--json").arg(std::path::absolute(file)?);
    }
    bench.args(&flags.arguments);
    let status = tool::run(&mut bench).await?;
    Ok(tool::exit_code(status))
}
