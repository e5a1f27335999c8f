//! What a machine waits for.

use cyclades_crds::condition::Reason;

use crate::world::needs::Need;

/// Something that a machine needs and that is not there.
#[derive(Debug)]
pub(super) struct Missing {
    /// What it is; without it, only a person can go on.
    pub(super) need: Option<Need>,
    /// Why, as a reason.
    pub(super) reason: Reason,
    /// Why, and what to do.
    pub(super) message: String,
}
