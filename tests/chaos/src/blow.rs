//! What is done to one call.

use std::fmt;

/// What is done to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BlowKind {
    /// The operator is killed before the call has an effect.
    KillBefore,
    /// The operator is killed after the call's effect and before its answer.
    KillAfter,
    /// The call has its effect, and its answer is lost.
    Lose,
    /// The connection ends before the call has an effect.
    Refuse,
    /// The server fails: 500, or 502 from RAPI. Nothing is done.
    Fail,
    /// The call has its effect, and no answer ever comes.
    Hang,
    /// The object has changed meanwhile: 409. RAPI fails instead.
    Conflict,
    /// The API server has too much to do: 429. RAPI answers 503.
    Throttle,
    /// The answer ends in its middle. Kubernetes' answer is lost instead.
    Truncate,
    /// RAPI's list has no rows.
    Empty,
    /// RAPI's list lacks every other row.
    Halve,
    /// RAPI's list has every row twice.
    Double,
}

impl BlowKind {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::KillBefore,
        Self::KillAfter,
        Self::Lose,
        Self::Refuse,
        Self::Fail,
        Self::Hang,
        Self::Conflict,
        Self::Throttle,
        Self::Truncate,
        Self::Empty,
        Self::Halve,
        Self::Double,
    ];

    /// Those that mean something at every call.
    pub const EVERYWHERE: [Self; 9] = [
        Self::KillBefore,
        Self::KillAfter,
        Self::Lose,
        Self::Refuse,
        Self::Fail,
        Self::Hang,
        Self::Conflict,
        Self::Throttle,
        Self::Truncate,
    ];

    /// Those that mean something where RAPI is asked for a list.
    pub(crate) const OF_LISTS: [Self; 3] = [Self::Empty, Self::Halve, Self::Double];

    /// Its word, as a flag has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KillBefore => "kill-before",
            Self::KillAfter => "kill-after",
            Self::Lose => "lose",
            Self::Refuse => "refuse",
            Self::Fail => "fail",
            Self::Hang => "hang",
            Self::Conflict => "conflict",
            Self::Throttle => "throttle",
            Self::Truncate => "truncate",
            Self::Empty => "empty",
            Self::Halve => "halve",
            Self::Double => "double",
        }
    }

    /// Whether it ends the operator.
    #[must_use]
    pub fn kills(self) -> bool {
        matches!(self, Self::KillBefore | Self::KillAfter)
    }

    /// Whether it only means something where RAPI is asked for a list.
    #[must_use]
    pub(crate) fn is_of_lists(self) -> bool {
        Self::OF_LISTS.contains(&self)
    }

    /// Whether the call has its effect.
    #[must_use]
    pub(crate) fn comes_after(self) -> bool {
        matches!(self, Self::KillAfter | Self::Lose | Self::Hang | Self::Truncate)
    }
}

/// One blow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Blow {
    /// What is done.
    pub kind: BlowKind,
    /// To which call, counted from 1.
    pub at: u32,
}

impl fmt::Display for Blow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--{} {}", self.kind.as_str(), self.at)
    }
}
