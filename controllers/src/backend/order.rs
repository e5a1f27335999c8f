//! An order: all that a job for a machine needs.

use std::sync::Arc;

use cyclades_crds::virtual_machine::Shape;
use cyclades_domain::naming::JobStep;
use ganeti_rapi::RebootKind;
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
    /// Set its virtual CPUs and memory.
    Modify {
        /// UUID of the instance that is meant.
        uuid: Arc<str>,
        /// The shape that it is to have.
        shape: Arc<Shape>,
    },
    /// Grow its root disk.
    Grow {
        /// UUID of the instance that is meant.
        uuid: Arc<str>,
        /// The shape that it is to have.
        shape: Arc<Shape>,
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
    pub(crate) parameters: Vec<(String, String)>,
}

/// What an instance is created with.
#[derive(Debug)]
pub(crate) struct Creation {
    /// Its shape.
    pub(crate) shape: Arc<Shape>,
    /// Its OS.
    pub(crate) software: Software,
    /// The image that gives this OS.
    pub(crate) image: Arc<str>,
    /// ExtStorage provider and its parameters.
    pub(crate) disk_parameters: Vec<(String, String)>,
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
            Self::Modify { shape, .. } | Self::Grow { shape, .. } => Some(shape),
            _ => None,
        }
    }
}
