//! `cargo xtask down`: nothing is left behind.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::bail;
use ganeti_lab::ProcessId;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::console::Console;
use crate::lock::{Holder, Lock};
use crate::state::State;

/// What a demo or a half-finished start may take to clean up behind itself.
const HOLDER_LIMIT: Duration = Duration::from_secs(90);
const HOLDER_POLL: Duration = Duration::from_millis(100);

/// Ends whoever is at work on the bed, then the bed.
pub async fn run(state: &State, console: &Console) -> anyhow::Result<ExitCode> {
    let _lock = match Lock::take(state, "down")? {
        Ok(lock) => lock,
        Err(holder) => end(&holder, state, console).await?,
    };
    let gone = cyclades_bed::down(&state.bed()).await?;
    if gone.is_empty() {
        console.note("Nothing was up.");
    } else {
        console.note(&format!("Ended and removed: {}", gone.join(", ")));
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks the holder to end, as Ctrl-C would, and takes its place. One that does not is killed: we clean up for it.
async fn end(holder: &Holder, state: &State, console: &Console) -> anyhow::Result<Lock> {
    let Some(process) = holder.process else {
        bail!("{holder} is at work on the bed, and does not say who it is")
    };
    console.note(&format!("Asking {holder} to end"));
    for (signal, limit) in [(Signal::SIGTERM, HOLDER_LIMIT), (Signal::SIGKILL, Duration::from_secs(5))] {
        send(process, signal);
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            if let Ok(lock) = Lock::take(state, "down")? {
                return Ok(lock);
            }
            tokio::time::sleep(HOLDER_POLL).await;
        }
    }
    bail!("{holder} holds on to the bed even after SIGKILL; see /proc/{}/status", process.pid())
}

fn send(process: ProcessId, signal: Signal) {
    if process.is_running() {
        // The one possible failure is that it ended in between.
        let _ = kill(Pid::from_raw(process.pid()), signal);
    }
}
