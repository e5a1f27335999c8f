//! What a machine waits for.

use std::sync::Arc;

use cyclades_crds::condition::Reason;
use cyclades_domain::references::{Lack, Lacking};

use crate::world::{ObjectName, needs::Need};

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

impl Missing {
    /// What lacks of a flavor.
    pub(super) fn flavor(lack: Lack, flavor: &str) -> Self {
        let Lack { of, reason, message } = lack;
        let need = match of {
            Lacking::VolumeType(name) => Some(Need::VolumeType(name.into())),
            Lacking::FlavorForGood => None,
            Lacking::Flavor | Lacking::Image => Some(Need::Flavor(Arc::from(flavor))),
        };
        Self { need, reason, message }
    }

    /// What lacks of an image.
    pub(super) fn image(lack: Lack, image: &ObjectName) -> Self {
        let Lack { reason, message, .. } = lack;
        Self { need: Some(Need::Image(image.clone())), reason, message }
    }
}
