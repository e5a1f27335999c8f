//! What is observed of a machine, in Kubernetes and in Ganeti.

use std::sync::Arc;

use cyclades_crds::{
    condition::Reason,
    nic::NicStatus,
    virtual_machine::{ActionType, DriftPolicy, PowerState, Shape},
};

use super::{Boot, Compared, Desired, Due, Extras, Rescue};
use crate::{power::Power, reason::JobStep};

/// What is observed of a machine.
#[derive(Clone, Debug)]
pub struct Observed {
    /// Our finalizer is on the object.
    pub finalizer: bool,
    /// The backend the machine is placed on.
    pub backend: BackendView,
    /// Its instance.
    pub presence: Presence,
    /// An instance of it once existed (`status.instanceUUID`).
    pub was_created: bool,
    /// The power state that was last brought about (`status.appliedPowerState`).
    pub applied: Option<PowerState>,
    /// A job of ours on the instance that is not known to have ended, with its id where that is known.
    pub job: Option<(JobStep, Option<u64>)>,
    /// What keeps us from trying again at once.
    pub setback: Option<Setback>,
    /// The instance was started a short while ago: should it have died since, it is not started again at once.
    pub crash_pause: bool,
    /// Shape of the machine, from its status; before it is made, the one it will get.
    pub shape: Option<Arc<Shape>>,
    /// Flavor whose shape that is, from its status; before it is made, the one that the spec names.
    pub flavor: Option<Arc<str>>,
    /// Another flavor than that one.
    pub resize: Option<Resize>,
    /// A rescue that is asked for, or to be ended.
    pub rescue: Option<Rescue>,
    /// The image that the spec names.
    pub image: Arc<str>,
    /// The image that the instance was created from, where we know it.
    pub made_from: Option<Arc<str>>,
    /// The last rebuild failed half-way: what is on the system disk is neither the old nor the new.
    pub broken: bool,
    /// What was asked for by an action.
    pub request: Option<Request>,
    /// Tags of the owner's words that the instance lacks or has too many, in Ganeti's encoding.
    pub tags: Option<TagChange>,
    /// What it has beside its flavor's shape.
    pub extras: Fitting,
    /// Its NICs, with what each was given, once all have something; `None` before, and for none.
    pub nics: Option<Arc<[NicStatus]>>,
}

/// What a machine declares beside its flavor's shape, and what became of it. Nearly all machines have none of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fitting {
    /// What the spec declares.
    pub wanted: Option<Arc<Extras>>,
    /// What of it was brought about, from its status.
    pub applied: Option<Arc<Extras>>,
    /// Why it cannot be had, as a reason and for people.
    pub refused: Option<(Reason, Arc<str>)>,
    /// The running guest takes no disks: Ganeti has said so.
    pub unpluggable: bool,
    /// Whether a disk is not in the guest that runs, where a job has told; the status knows what was told before.
    pub unplugged: Option<bool>,
}

/// How the tags of an instance differ from the owner's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagChange {
    /// These are to be put on.
    Add(Vec<Box<str>>),
    /// These are to be taken off; none is lacking.
    Remove(Vec<Box<str>>),
}

impl TagChange {
    /// The change from what the instance has to what it should have; both sorted. `None` where they are the same.
    #[must_use]
    pub fn between(has: &[Box<str>], wanted: &[Box<str>]) -> Option<Self> {
        let missing = |from: &[Box<str>], of: &[Box<str>]| -> Vec<Box<str>> {
            of.iter().filter(|tag| from.binary_search(tag).is_err()).cloned().collect()
        };
        let (add, remove) = (missing(has, wanted), missing(wanted, has));
        match (add.is_empty(), remove.is_empty()) {
            (false, _) => Some(Self::Add(add)),
            (true, false) => Some(Self::Remove(remove)),
            (true, true) => None,
        }
    }
}

/// A change of flavor that has not taken effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resize {
    /// To the shape of a flavor.
    To {
        /// The flavor.
        flavor: Arc<str>,
        /// Its shape.
        shape: Arc<Shape>,
    },
    /// It cannot be; the message says why and what to do.
    Refused {
        /// Why, as a reason.
        reason: Reason,
        /// Why, for people.
        message: Arc<str>,
    },
}

/// An action that is to be done at most once, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its id.
    pub id: Arc<str>,
    /// What to do.
    pub kind: ActionType,
    /// How far it has come.
    pub stage: Stage,
    /// The highest job id that is known: a job for it will be above.
    pub last_job: u64,
}

/// How far an action has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The status does not know it.
    New,
    /// The status says that it is taken, we said so, and no job has been accepted for it.
    Taken,
    /// The same, and Ganeti knows the OS that a rebuild is to install.
    Prepared,
    /// Its job succeeded.
    Done,
    /// Its job failed or was cancelled.
    Failed,
    /// A job of a rebuild failed or was cancelled before the disk was touched.
    Refused,
    /// The status says that it is taken, no job of it is known, and one may have been sent: by somebody before us, or
    /// its answer was lost for good.
    Orphaned,
    /// It is a rebuild that was taken, and the spec does not ask for it any more.
    Withdrawn,
}

/// The backend of a machine, as far as it concerns the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackendView {
    /// None chosen yet.
    Unplaced,
    /// Its GanetiBackend does not exist.
    Missing {
        /// The name that `spec.backendName` has.
        name: Arc<str>,
    },
    /// Its cluster is gone for good, and its instances with it.
    Forgotten {
        /// Name of the backend.
        name: Arc<str>,
    },
    /// It cannot be worked with now.
    NotReady {
        /// Name of the backend.
        name: Arc<str>,
        /// Why, as a reason.
        reason: Reason,
        /// Why, for people.
        message: Arc<str>,
    },
    /// It can be worked with.
    Ready {
        /// Name of the backend.
        name: Arc<str>,
    },
}

/// Whether the machine's instance exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Not known: the inventory does not show it, but is not yet trusted to say that it is gone.
    Unknown,
    /// A credible inventory has no instance of the machine.
    Absent,
    /// It exists.
    Present(Instance),
    /// The instance that the spec names to be taken over exists, and is nobody's.
    Orphan(Instance),
    /// An instance has the wanted name and is not ours.
    NameTaken {
        /// The name.
        name: Arc<str>,
    },
    /// Instances on two backends carry the machine's id.
    Duplicate {
        /// The other backend.
        elsewhere: Arc<str>,
    },
}

/// A machine's instance in Ganeti.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Its name.
    pub name: Arc<str>,
    /// Its UUID.
    pub uuid: Arc<str>,
    /// Its primary node.
    pub node: Arc<str>,
    /// Its power.
    pub power: Power,
    /// Virtual CPUs, by its configuration.
    pub vcpus: u32,
    /// Memory in MiB, by its configuration.
    pub memory_mib: u64,
    /// Root disk in MiB, by its configuration; 0 for none.
    pub disk_mib: u64,
    /// What it boots from, by its configuration.
    pub boot: Boot,
    /// What it has beside its shape; `None` for nothing.
    pub extras: Option<Arc<Extras>>,
    /// Its hypervisor can plug disks into a running guest.
    pub can_plug: bool,
    /// It is what a create of ours that failed has left: no machine, and in the way of one.
    pub half_made: bool,
}

impl Observed {
    /// What is declared beside the shape, compared with what the instance has.
    #[must_use]
    pub fn compared<'a>(&'a self, desired: &Desired, instance: &'a Instance) -> Compared<'a> {
        let Fitting { wanted, applied, .. } = &self.extras;
        let has = instance.extras.as_deref();
        Compared::new(wanted.as_deref(), applied.as_deref(), has, desired.drift_policy)
    }

    /// What is to be done about it.
    #[must_use]
    pub fn due(&self, desired: &Desired, instance: &Instance) -> Due {
        match self.extras.refused {
            Some(_) => Due::default(),
            None => self.compared(desired, instance).due(),
        }
    }

    /// The shape that the instance is to be given, where it is not to be left as it is, with the flavor it is from.
    #[must_use]
    pub fn target(&self, desired: &Desired) -> Option<(&Arc<str>, &Arc<Shape>)> {
        match &self.resize {
            Some(Resize::To { flavor, shape }) => Some((flavor, shape)),
            Some(Resize::Refused { .. }) => None,
            None if desired.drift_policy == DriftPolicy::Correct => {
                self.flavor.as_ref().zip(self.shape.as_ref())
            }
            None => None,
        }
    }
}

impl Instance {
    /// The job that brings its configuration nearer to a shape; `None` where it has that shape.
    #[must_use]
    pub fn step_towards(&self, shape: &Shape) -> Option<JobStep> {
        if (self.vcpus, self.memory_mib) != (shape.vcpus, shape.memory_mib) {
            return Some(JobStep::Modify);
        }
        (self.disk_mib < shape.disk_mib).then_some(JobStep::Grow)
    }
}

/// Something went wrong, or was refused, and is not tried again at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setback {
    /// Why, as a reason.
    pub reason: Reason,
    /// Why, in Ganeti's own words where it had any.
    pub message: Arc<str>,
    /// Only a change of the spec can cure it.
    pub permanent: bool,
    /// It is still too early to try again.
    pub holding: bool,
}
