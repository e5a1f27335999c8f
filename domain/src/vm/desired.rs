//! What a machine's spec asks for.

use cyclades_crds::virtual_machine::{
    DeletionPolicy, DriftPolicy, OnMissing, PowerPolicy, PowerState, RescuePolicy, ResizePolicy,
};

/// What a machine's spec asks for, as far as the planner needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Desired {
    /// The object is being deleted.
    pub deleting: bool,
    /// The object is paused: nothing is done to it.
    pub paused: bool,
    /// All objects of its namespace are paused.
    pub namespace_paused: bool,
    /// It is only looked at.
    pub observe: bool,
    /// It takes over an instance that is there; none is created.
    pub adopts: bool,
    /// It may not be deleted.
    pub protected: bool,
    /// An administrator wants it stopped, whatever else the spec says.
    pub suspended: bool,
    /// Generation of the spec.
    pub generation: i64,
    /// Whether it should run, but for a suspension: see [`Desired::wanted_power`].
    pub power: PowerState,
    /// What to do about power changes made elsewhere.
    pub power_policy: PowerPolicy,
    /// When another flavor takes effect.
    pub resize_policy: ResizePolicy,
    /// When a rescue, or its end, takes effect.
    pub rescue_policy: RescuePolicy,
    /// What to do about changes of the shape made elsewhere.
    pub drift_policy: DriftPolicy,
    /// What becomes of the instance when the object is deleted.
    pub deletion: DeletionPolicy,
    /// What to do when the instance vanishes.
    pub on_missing: OnMissing,
}

impl Desired {
    /// Whether it should run.
    #[must_use]
    pub fn wanted_power(&self) -> PowerState {
        if self.suspended { PowerState::Stopped } else { self.power }
    }

    /// Whether power changes made elsewhere are undone.
    #[must_use]
    pub fn enforces_power(&self) -> bool {
        self.suspended || self.power_policy == PowerPolicy::Enforce
    }
}
