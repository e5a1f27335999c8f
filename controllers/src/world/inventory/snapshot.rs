//! One reading of the instances of a cluster, and what it changed.

use std::sync::Arc;

use uuid::Uuid;

/// A snapshot while it is read.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    /// An instance was shown twice.
    pub(super) repeated: bool,
    /// What it changed so far.
    pub(super) changes: Changes,
}

impl Snapshot {
    /// The changes of a refresh of some instances, which says nothing about the others.
    pub(crate) fn into_changes(self) -> Changes {
        self.changes
    }
}

/// What a snapshot changed.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Machines whose instances appeared, changed or vanished.
    pub(crate) machines: Vec<Uuid>,
    /// Instances that are new or have changed, to be read whole.
    pub(crate) to_refresh: Vec<Arc<str>>,
    /// Instances that need a direct read: what is missing twice, with the machine.
    pub(crate) to_verify: Vec<(Uuid, Arc<str>)>,
    /// Instances of ours whose live status is not known.
    pub(crate) without_status: bool,
    /// Number of instances that are missing.
    pub(crate) missing: usize,
    /// Why the snapshot may not be believed, where that is so.
    pub(crate) implausible: Option<String>,
}
