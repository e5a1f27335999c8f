//! A simulated Ganeti cluster as a process, and Ganeti's own commands for it.

mod cli;
mod gnt;
mod run;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Some(Command::Gnt(arguments)) => gnt::run(&arguments),
        None => run::serve(cli.serve).map(|()| ExitCode::SUCCESS),
    };
    outcome.unwrap_or_else(|error| {
        // Nothing is left to tell if standard error is closed.
        let _ = writeln!(std::io::stderr(), "ganeti-sim: {error:#}");
        ExitCode::FAILURE
    })
}
