//! Conditions as values, before they have a time.

use std::sync::Arc;

use cyclades_crds::condition::{ConditionType, Reason};

/// A condition without its times: what is compared to decide whether a status must be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Which condition.
    pub kind: ConditionType,
    /// `True`, `False`, or `None` for `Unknown`.
    pub status: Option<bool>,
    /// Why.
    pub reason: Reason,
    /// The same for people: what is, and what to do.
    pub message: Arc<str>,
}

impl Verdict {
    /// A verdict.
    #[must_use]
    pub fn new(kind: ConditionType, status: bool, reason: Reason, message: impl Into<Arc<str>>) -> Self {
        Self { kind, status: Some(status), reason, message: message.into() }
    }

    /// The `status` as written into the object.
    #[must_use]
    pub fn status_str(&self) -> &'static str {
        match self.status {
            Some(true) => "True",
            Some(false) => "False",
            None => "Unknown",
        }
    }
}

/// How an object stands, from which the three conditions of kstatus follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// As it should be.
    Ready,
    /// Not yet; the controller comes back by itself.
    Reconciling,
    /// Not, and only a person can change that.
    Stalled,
    /// Not as declared, and that is respected: nothing is under way and nobody needs to act.
    Settled,
}

/// `Ready`, `Reconciling` and `Stalled` for a standing.
#[must_use]
pub fn kstatus(standing: Standing, reason: Reason, message: &Arc<str>) -> [Verdict; 3] {
    let verdict = |kind, status| Verdict { kind, status: Some(status), reason, message: Arc::clone(message) };
    [
        verdict(ConditionType::Ready, standing == Standing::Ready),
        verdict(ConditionType::Reconciling, standing == Standing::Reconciling),
        verdict(ConditionType::Stalled, standing == Standing::Stalled),
    ]
}
