//! Words about long work, so that a user who waits knows for what.

use std::fmt::Write as _;
use std::future::Future;
use std::io::Write as _;
use std::pin::pin;
use std::time::{Duration, Instant};

/// How often [`pulse`] says that work goes on: often enough that nobody takes it for hung.
pub const PULSE_SECONDS: u64 = 15;

/// Where words about long work go.
pub trait Progress: Send + Sync {
    /// A step begins: what is done, and why it is needed (may be empty).
    fn step(&self, what: &str, why: &str);
    /// A sign of life within the step.
    fn line(&self, text: &str);
}

/// Writes to standard error, each line with the seconds since this value was made.
#[derive(Debug)]
pub struct Stderr {
    started: Instant,
}

impl Stderr {
    /// The clock starts now.
    #[must_use]
    pub fn new() -> Self {
        Self { started: Instant::now() }
    }

    fn write(&self, text: &str) {
        // Progress is a courtesy: a closed standard error must not stop the work.
        let _ = writeln!(std::io::stderr().lock(), "[{:4} s] {text}", self.started.elapsed().as_secs());
    }
}

impl Default for Stderr {
    fn default() -> Self {
        Self::new()
    }
}

impl Progress for Stderr {
    fn step(&self, what: &str, why: &str) {
        let mut text = what.to_owned();
        if !why.is_empty() {
            let _ = write!(text, " ({why})");
        }
        self.write(&text);
    }

    fn line(&self, text: &str) {
        self.write(&format!("  {text}"));
    }
}

/// Says nothing.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

impl Progress for Silent {
    fn step(&self, _what: &str, _why: &str) {}
    fn line(&self, _text: &str) {}
}

/// Does `work` and says `text()` every [`PULSE_SECONDS`] until it is done.
pub async fn pulse<T>(
    progress: &dyn Progress,
    text: impl Fn() -> String,
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    let period = Duration::from_secs(PULSE_SECONDS);
    let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + period, period);
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = ticks.tick() => progress.line(&text()),
        }
    }
}
