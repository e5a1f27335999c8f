//! Ganeti's own commands, as far as tests and their readers use them.

mod commands;
mod http;
mod table;

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::Gnt;

/// Runs a command; its status is what Ganeti's would be.
pub fn run(arguments: &Gnt) -> Result<ExitCode> {
    let control = http::Endpoint::parse(&arguments.control)?;
    commands::run(&control, &arguments.command)
}
