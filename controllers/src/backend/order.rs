//! An order: all that a job for a machine needs.

use std::{collections::BTreeMap, sync::Arc};

use cyclades_crds::virtual_machine::Shape;
use cyclades_domain::{
    reason::JobStep,
    vm::{Due, Extras, OwnBoot},
};
use ganeti_rapi::{NicSpec, RebootKind};
use uuid::Uuid;

use crate::world::ObjectName;

/// All that a job needs.
#[derive(Debug)]
pub(crate) struct Order {
    /// The machine.
    pub(crate) machine: ObjectName,
    /// Its id.
    pub(crate) id: Uuid,
    /// Generation of its spec.
    pub(crate) generation: i64,
    /// Its backend.
    pub(crate) backend: Arc<str>,
    /// Name of the instance.
    pub(crate) instance: Arc<str>,
    /// What to do.
    pub(crate) work: Work,
}

/// What a job is to do.
#[derive(Debug)]
pub(crate) enum Work {
    /// Create the instance.
    Create(Box<Creation>),
    /// Start it.
    Start,
    /// Shut it down.
    Stop {
        /// UUID of the instance that is meant.
        uuid: Arc<str>,
        /// Seconds the guest has.
        timeout_seconds: u32,
    },
    /// Remove it with its disks.
    Remove {
        /// UUID of the instance that is meant.
        uuid: Arc<str>,
    },
    /// Reboot it.
    Reboot {
        /// UUID of the instance that is meant.
        uuid: Arc<str>,
        /// How.
        kind: RebootKind,
        /// Seconds the guest has.
        timeout_seconds: u32,
    },
    /// Set its virtual CPUs, memory and hypervisor parameters.
    Modify {
        /// UUID of the instance that is meant.
        uuid: Arc<str>,
        /// The shape that it is to have, where it is not to keep the one that it has.
        shape: Option<Arc<Shape>>,
        /// Its extras.
        due: Arc<Due>,
    },
    /// Grow its root disk.
    Grow {
        /// UUID of the instance that is meant.
        uuid: Arc<str>,
        /// The shape that it is to have.
        shape: Arc<Shape>,
    },
    /// Make disks of its own.
    AddDisk {
        /// UUID of the instance that is meant.
        uuid: Arc<str>,
        /// Its extras.
        due: Arc<Due>,
        /// ExtStorage provider and its parameters.
        parameters: Vec<(String, String)>,
        /// Whether to plug them into the running guest.
        hotplug: bool,
    },
    /// Grow the first disk of its own that is too small.
    GrowDisk {
        /// UUID of the instance that is meant.
        uuid: Arc<str>,
        /// Its extras.
        due: Arc<Due>,
    },
    /// Take our tags off it.
    Detach,
    /// Put tags of its owner's words on it.
    Tag {
        /// The tags.
        tags: Vec<Box<str>>,
    },
    /// Take tags of its owner's words off it.
    Untag {
        /// The tags.
        tags: Vec<Box<str>>,
    },
    /// Put our tags on it.
    Adopt {
        /// The tags.
        tags: Vec<String>,
    },
    /// Tell Ganeti which OS is going to be installed.
    SetOs {
        /// UUID of the instance that is meant.
        uuid: Arc<str>,
        /// The OS.
        software: Box<Software>,
    },
    /// Say what it boots from.
    SetBoot {
        /// UUID of the instance that is meant.
        uuid: Arc<str>,
        /// Where the medium is; `None` for its own disk.
        medium: Option<Arc<str>>,
        /// What the instance itself was set to before, for its own disk.
        own: Option<Arc<OwnBoot>>,
    },
    /// Install it, which erases the disk.
    Reinstall {
        /// UUID of the instance that is meant.
        uuid: Arc<str>,
        /// The OS.
        software: Box<Software>,
    },
}

/// The OS of an instance.
#[derive(Debug)]
pub(crate) struct Software {
    /// Ganeti's name of the OS.
    pub(crate) os: String,
    /// OS parameters.
    pub(crate) parameters: BTreeMap<String, String>,
}

/// What an instance is created with.
#[derive(Debug)]
pub(crate) struct Creation {
    /// Its shape.
    pub(crate) shape: Arc<Shape>,
    /// What it has beside.
    pub(crate) extras: Option<Arc<Extras>>,
    /// Its OS.
    pub(crate) software: Software,
    /// The image that gives this OS.
    pub(crate) image: Arc<str>,
    /// ExtStorage provider and its parameters.
    pub(crate) disk_parameters: Vec<(String, String)>,
    /// Its NICs.
    pub(crate) nics: Vec<NicSpec>,
    /// Tags.
    pub(crate) tags: Vec<String>,
    /// Whether to start it.
    pub(crate) start: bool,
    /// Hypervisor, where it is not the cluster's default.
    pub(crate) hypervisor: Option<String>,
}

impl Work {
    /// The step.
    pub(crate) fn step(&self) -> JobStep {
        match self {
            Self::Create(_) => JobStep::Create,
            Self::Start => JobStep::Start,
            Self::Stop { .. } => JobStep::Stop,
            Self::Remove { .. } => JobStep::Remove,
            Self::Reboot { kind: RebootKind::Soft, .. } => JobStep::RebootSoft,
            Self::Reboot { .. } => JobStep::RebootHard,
            Self::Modify { .. } => JobStep::Modify,
            Self::Grow { .. } => JobStep::Grow,
            Self::AddDisk { .. } => JobStep::AddDisk,
            Self::GrowDisk { .. } => JobStep::GrowDisk,
            Self::Detach => JobStep::Detach,
            Self::Adopt { .. } => JobStep::Adopt,
            Self::Tag { .. } => JobStep::Tag,
            Self::Untag { .. } => JobStep::Untag,
            Self::SetOs { .. } => JobStep::SetOs,
            Self::Reinstall { .. } => JobStep::Reinstall,
            Self::SetBoot { .. } => JobStep::SetBoot,
        }
    }

    /// The image that it creates an instance from, or where the medium is that it has an instance boot from.
    pub(crate) fn source(&self) -> Option<&Arc<str>> {
        match self {
            Self::Create(creation) => Some(&creation.image),
            Self::SetBoot { medium, .. } => medium.as_ref(),
            _ => None,
        }
    }

    /// The shape that it brings about.
    pub(crate) fn shape(&self) -> Option<&Arc<Shape>> {
        match self {
            Self::Modify { shape, .. } => shape.as_ref(),
            Self::Grow { shape, .. } => Some(shape),
            _ => None,
        }
    }

    /// The extras that it brings about.
    pub(crate) fn due(&self) -> Option<&Arc<Due>> {
        match self {
            Self::Modify { due, .. } | Self::AddDisk { due, .. } | Self::GrowDisk { due, .. } => Some(due),
            _ => None,
        }
    }
}
