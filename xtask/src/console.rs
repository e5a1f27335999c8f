//! Words for the person at the terminal.

use std::io::Write as _;

use cyclades_control_plane::Progress;
use cyclades_control_plane::progress::Stderr;

/// Progress on standard error, with the seconds since the start; results on standard output.
#[derive(Debug)]
pub struct Console {
    progress: Stderr,
}

impl Console {
    /// Its clock starts now.
    pub fn new() -> Self {
        Self { progress: Stderr::new() }
    }

    /// A line of the result. A reader who went away is not our trouble.
    pub fn result(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "{text}").and_then(|()| out.flush());
    }

    /// A line that is neither progress nor result.
    pub fn note(&self, text: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }

    /// Why it failed, with causes.
    pub fn error(&self, error: &anyhow::Error) {
        self.note(&format!("\nerror: {error:#}"));
    }
}

impl Progress for Console {
    fn step(&self, what: &str, why: &str) {
        self.progress.step(what, why);
    }

    fn line(&self, text: &str) {
        self.progress.line(text);
    }
}
