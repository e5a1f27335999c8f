//! Time as the cluster tells it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Microseconds since the epoch, the resolution of Ganeti's job timestamps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Timestamp(pub u64);

impl Timestamp {
    /// Seconds with a fraction, as `ctime` and `mtime` are given.
    #[allow(clippy::cast_precision_loss)]
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Nanoseconds, as reason trails give them.
    pub fn nanos(self) -> u64 {
        self.0 * 1000
    }

    /// Seconds and microseconds, as jobs give them.
    pub fn pair(self) -> (u64, u64) {
        (self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// Runs with the runtime's clock, so that a paused runtime pauses the cluster too.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    started: Instant,
    epoch: Duration,
    /// How far it was put back since.
    back: Duration,
}

impl Clock {
    /// A clock that begins now, or at the given time since the epoch.
    pub fn new(epoch: Option<Duration>) -> Self {
        let epoch = epoch.unwrap_or_else(|| {
            SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::from_secs(1))
        });
        Self { started: Instant::now(), epoch, back: Duration::ZERO }
    }

    /// Puts it back. Nothing waits by this clock: jobs take as long as before.
    pub fn turn_back(&mut self, by: Duration) {
        self.back += by;
    }

    pub fn now(&self) -> Timestamp {
        let since = (self.epoch + self.started.elapsed()).saturating_sub(self.back);
        Timestamp(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }
}
