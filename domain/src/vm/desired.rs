//! What a machine's spec asks for.

use cyclades_crds::virtual_machine::{OnMissing, PowerPolicy, PowerState};

/// What a machine's spec asks for, as far as the planner needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Desired {
    /// The object is being deleted.
    pub deleting: bool,
    /// The object is paused: nothing is done to it.
    pub paused: bool,
    /// Generation of the spec.
    pub generation: i64,
    /// Whether it should run.
    pub power: PowerState,
    /// What to do about power changes made elsewhere.
    pub power_policy: PowerPolicy,
    /// What to do when the instance vanishes.
    pub on_missing: OnMissing,
}
