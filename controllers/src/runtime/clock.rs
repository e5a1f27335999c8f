//! The time of day.

use std::{fmt, sync::Arc};

use jiff::Timestamp;

/// Tells the time of day. Only people read it, in conditions and events: what is decided, waited for or retried goes by
/// the monotonic clock, so a time of day that jumps, or goes back, changes nothing but what is shown.
#[derive(Clone, Default)]
pub struct Clock(Option<Arc<dyn Fn() -> Timestamp + Send + Sync>>);

impl Clock {
    /// A clock that is asked of a function, in place of that of the machine.
    pub fn from_fn(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(now)))
    }

    /// The time of day.
    pub(crate) fn now(&self) -> Timestamp {
        self.0.as_ref().map_or_else(Timestamp::now, |now| now())
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
