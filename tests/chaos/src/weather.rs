//! What is wrong all the time.

use std::str::FromStr;
use std::time::Duration;

use kube_sim::WatchFaults;

/// What is wrong all the time, beside the one blow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weather {
    /// Nothing.
    Calm,
    /// Watches lag by up to two seconds, each kind by itself.
    Lag,
    /// Every event comes twice, and watches break after every third one and go on.
    Breaks,
    /// Watches lag, break, and have expired when they are resumed.
    Gone,
    /// Ganeti's jobs take fifteen times as long: they outlive a restart and every backoff that is not minded.
    Slow,
    /// Up to twelve of RAPI's lists are empty, lack every other row, or have each row twice.
    Lists,
    /// The times of day of operator, API server and Ganeti go back by up to two hours, again and again.
    Clocks,
    /// Any blow, at up to six calls.
    Storm,
}

impl Weather {
    /// All of it.
    pub const ALL: [Self; 8] =
        [Self::Calm, Self::Lag, Self::Breaks, Self::Gone, Self::Slow, Self::Lists, Self::Clocks, Self::Storm];

    /// Its word, as the flag has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Lag => "lag",
            Self::Breaks => "breaks",
            Self::Gone => "gone",
            Self::Slow => "slow",
            Self::Lists => "lists",
            Self::Clocks => "clocks",
            Self::Storm => "storm",
        }
    }

    /// How long Ganeti's jobs take, as a multiple of what was measured on a real one.
    pub(crate) fn job_scale(self) -> f64 {
        if self == Self::Slow { 15.0 } else { 1.0 }
    }

    pub(crate) fn watches(self) -> WatchFaults {
        let none = WatchFaults::default();
        match self {
            Self::Calm | Self::Slow | Self::Lists | Self::Clocks => none,
            Self::Lag => WatchFaults { lag: Duration::from_secs(2), ..none },
            Self::Breaks => WatchFaults { duplicated: true, breaks_after: Some(3), ..none },
            Self::Gone => {
                WatchFaults { lag: Duration::from_secs(1), breaks_after: Some(2), expires: true, ..none }
            }
            Self::Storm => WatchFaults { lag: Duration::from_millis(500), breaks_after: Some(5), ..none },
        }
    }
}

impl FromStr for Weather {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|weather| weather.as_str() == text);
        known.ok_or_else(|| {
            format!("{text:?} is no weather; there are {}", Self::ALL.map(Self::as_str).join(", "))
        })
    }
}
