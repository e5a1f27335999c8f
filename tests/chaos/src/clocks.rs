//! The times of day of a stage: that of the operator, and how often each goes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cyclades_controllers::Clock;
use jiff::Timestamp;
use tokio::time::Instant;

/// Seconds since the epoch at which every time of day begins: 2026-01-01T00:00:00Z.
pub(crate) const EPOCH_SECONDS: i64 = 1_767_225_600;

/// Whose time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    Operator,
    ApiServer,
    Ganeti,
}

/// A time of day of somebody goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Turn {
    pub whose: Whose,
    pub by: Duration,
}

/// The operator's time of day, by the simulated clock.
#[derive(Debug, Clone)]
pub(crate) struct TimeOfDay {
    started: Instant,
    /// Seconds that it was put back.
    back: Arc<AtomicU64>,
}

impl TimeOfDay {
    pub fn new() -> Self {
        Self { started: Instant::now(), back: Arc::default() }
    }

    /// Puts it back.
    pub fn turn_back(&self, by: Duration) {
        self.back.fetch_add(by.as_secs(), Ordering::Relaxed);
    }

    /// Whether it was ever put back.
    pub fn went_back(&self) -> bool {
        self.back.load(Ordering::Relaxed) > 0
    }

    /// As the operator takes it.
    pub fn clock(&self) -> Clock {
        let own = self.clone();
        Clock::from_fn(move || own.now())
    }

    fn now(&self) -> Timestamp {
        let since = i128::try_from(self.started.elapsed().as_nanos()).unwrap_or(0);
        let back = i128::from(self.back.load(Ordering::Relaxed)) * 1_000_000_000;
        let now = i128::from(EPOCH_SECONDS) * 1_000_000_000 + since - back;
        Timestamp::from_nanosecond(now).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}
