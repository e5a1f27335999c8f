//! `cargo xtask lab`: the Ganeti clusters of the bed.

use std::process::ExitCode;

use anyhow::Context as _;
use cyclades_bed::attach_cluster;

use crate::console::Console;
use crate::state::State;
use crate::{setup, tool};

/// Runs a command on a cluster, with this process's terminal.
pub async fn exec(state: &State, number: usize, command: &[String]) -> anyhow::Result<ExitCode> {
    let cluster = attach_cluster(&state.bed(), number).context("`cargo xtask up` starts a bed")?;
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    Ok(tool::exit_code(cluster.exec(&words).await?))
}

/// Fetches what a real Ganeti needs.
pub async fn install(console: &Console) -> anyhow::Result<ExitCode> {
    setup::lab(console).await?;
    console.note("A real Ganeti can run here.");
    Ok(ExitCode::SUCCESS)
}
