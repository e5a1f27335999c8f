//! What the operator remembers of a machine while it lives.

use std::sync::Arc;

use cyclades_crds::virtual_machine::PowerState;
use cyclades_domain::vm::{Setback, Stage};
use tokio::time::Instant;

/// What the operator remembers of a machine while it lives. Losing it costs a repeated look, never correctness.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Failures in a row, with the setback of the last one, its end, and the generation it happened at.
    pub(crate) failures: u32,
    /// The last failure.
    pub(crate) setback: Option<Held>,
    /// Since when the machine is in transition without having said so in its status.
    pub(crate) in_transition_since: Option<Instant>,
    /// Whether the last pass found everything as declared.
    pub(crate) verified: bool,
    /// The last create left an instance that is no machine.
    pub(crate) half_made: bool,
    /// The image that the last create was from, for a status that does not know of the instance yet.
    pub(crate) made_from: Option<Arc<str>>,
    /// Starts in a row, and when the last one succeeded.
    pub(crate) starts: u32,
    /// When the last start succeeded.
    pub(crate) last_start: Option<Instant>,
    /// The power that our last job on it brought about: what we did ourselves, nobody did elsewhere.
    pub(crate) ordered: Option<PowerState>,
    /// The action that we took on, and how far it has come.
    pub(crate) action: Option<(Arc<str>, Stage)>,
    /// The guest that runs takes no disks.
    pub(crate) unpluggable: bool,
    /// Whether the guest that runs lacks a disk; `None` where no job has told.
    pub(crate) unplugged: Option<bool>,
    /// Until then an instance that has died is not started again.
    pub(crate) crash_pause_until: Option<Instant>,
}

/// A setback with its end.
#[derive(Debug)]
pub(crate) struct Held {
    /// What happened.
    pub(crate) setback: Setback,
    /// When it may be tried again.
    pub(crate) until: Instant,
    /// Generation of the spec it happened at; another spec is another try.
    pub(crate) generation: i64,
}
