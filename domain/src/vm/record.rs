//! What is written into the status because it must be known after a crash.

use cyclades_crds::virtual_machine::ActionResult;

/// What is written into the status before, or instead of, a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// The machine is going to be stopped and started again by us.
    Restart,
    /// The machine is going to be given a medium to boot from.
    Rescue,
    /// The action is going to be done.
    Take,
    /// The action is done.
    Done,
    /// The action failed.
    Failed,
    /// The action failed before anything was changed.
    Refused,
    /// The action is not done, as the machine is in no state for it.
    Decline,
    /// The action was taken by an operator that was interrupted; nobody knows whether it was done.
    Forget,
}

impl Record {
    /// What it says of the action; `None` where it is not about one.
    #[must_use]
    pub fn result(self) -> Option<ActionResult> {
        match self {
            Self::Restart | Self::Rescue => None,
            Self::Take => Some(ActionResult::Taken),
            Self::Done => Some(ActionResult::Done),
            Self::Failed | Self::Refused => Some(ActionResult::Failed),
            Self::Decline => Some(ActionResult::Declined),
            Self::Forget => Some(ActionResult::Unknown),
        }
    }
}
