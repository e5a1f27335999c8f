//! The kubectl plugin. kubectl finds it on `PATH` by its name.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use cyclades_cli::{Answer, Cli, run};

/// It could not be found out.
const UNKNOWN: u8 = 3;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // A command line that is wrong ends here, with status 2.
    let cli = Cli::parse();
    match run(&cli).await {
        Ok(answer) => tell(&answer),
        Err(error) => {
            // Nobody is left to be told if this fails.
            let _ = writeln!(io::stderr().lock(), "error: {error:#}");
            ExitCode::from(UNKNOWN)
        }
    }
}

/// Prints; a reader who has seen enough is no failure.
fn tell(answer: &Answer) -> ExitCode {
    for note in &answer.notes {
        let _ = writeln!(io::stderr().lock(), "{note}");
    }
    match io::stdout().lock().write_all(answer.text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::from(UNKNOWN),
        _ if answer.well => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
