//! A rescue: a machine boots from a medium instead of its disk.

use std::sync::Arc;

use cyclades_crds::{
    condition::Reason,
    virtual_machine::{DriftPolicy, RescuePolicy},
};

use super::{Decision, Desired, Instance, Observed, Presence, Record, Step};
use crate::{power::Power, reason::JobStep};

/// What an instance boots from, by its configuration; a guest that runs booted from what it was when it was started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Boot {
    /// Its hypervisor knows no such thing.
    #[default]
    Fixed,
    /// A kernel of its node, which comes before all media.
    Kernel,
    /// Its disk, or the network.
    Own,
    /// The medium at this place.
    Medium(Arc<str>),
}

impl Boot {
    /// Reads Ganeti's hypervisor parameters `boot_order`, `cdrom_image_path` and `kernel_path`.
    #[must_use]
    pub fn read(order: Option<&str>, medium: Option<&str>, kernel: Option<&str>) -> Self {
        let given = |text: Option<&str>| text.filter(|text| !text.is_empty()).is_some();
        match (order, medium) {
            // The words of kvm; those of other hypervisors are different ones.
            (Some("cdrom" | "disk" | "network" | "floppy"), _) if given(kernel) => Self::Kernel,
            (Some("cdrom"), Some(medium)) if !medium.is_empty() => Self::Medium(medium.into()),
            (Some("cdrom" | "disk" | "network" | "floppy"), _) => Self::Own,
            _ => Self::Fixed,
        }
    }

    /// Where its medium is.
    #[must_use]
    pub fn medium(&self) -> Option<&Arc<str>> {
        match self {
            Self::Medium(location) => Some(location),
            _ => None,
        }
    }
}

/// What an instance itself is set to boot from, as Ganeti's hypervisor parameters; what is `None` is as the cluster says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnBoot {
    /// `boot_order`.
    pub boot_order: Option<Arc<str>>,
    /// `cdrom_image_path`.
    pub cdrom_image_path: Option<Arc<str>>,
}

impl OwnBoot {
    /// What the instance has; `None` for nothing.
    fn of(instance: &Instance) -> Option<Self> {
        let parameter = |name: &str| instance.extras.as_ref()?.parameter(name).map(Arc::from);
        let own =
            Self { boot_order: parameter("boot_order"), cdrom_image_path: parameter("cdrom_image_path") };
        (own != Self::default()).then_some(own)
    }
}

/// A rescue that is asked for, or to be ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rescue {
    /// The machine is to boot from a medium.
    From {
        /// The image with the medium.
        image: Arc<str>,
        /// Where the medium is.
        location: Arc<str>,
        /// The status says so already: whoever comes after us knows that the medium is ours to take away.
        noted: bool,
    },
    /// It was rescued by us, and is to boot from its disk again.
    Over,
    /// It cannot be; the message says why and what to do.
    Refused {
        /// Why, as a reason.
        reason: Reason,
        /// Why, for people.
        message: Arc<str>,
    },
}

/// What changes an instance's boot medium is to be brought about the next time that it is stopped.
pub(super) fn change<'a>(
    desired: &Desired,
    observed: &'a Observed,
    instance: &Instance,
) -> Option<Option<&'a Arc<str>>> {
    match (&observed.rescue, &instance.boot) {
        (Some(Rescue::From { location, .. }), Boot::Own) => Some(Some(location)),
        (Some(Rescue::From { location, .. }), Boot::Medium(at)) if at != location => Some(Some(location)),
        (Some(Rescue::Over), Boot::Medium(_)) => Some(None),
        // An administrator did it.
        (None, Boot::Medium(_)) if desired.drift_policy == DriftPolicy::Correct => Some(None),
        _ => None,
    }
}

/// The next step of a rescue, for a machine that is stopped, and whether one that runs is to be restarted for it.
pub(super) fn step(desired: &Desired, observed: &Observed, instance: &Instance) -> Option<(Decision, bool)> {
    let _ = change(desired, observed, instance)?;
    let step = match &observed.rescue {
        Some(Rescue::From { noted: false, .. }) => Decision::Act(Step::Record(Record::Rescue)),
        _ => Decision::submit(JobStep::SetBoot, Some(instance)),
    };
    Some((step, desired.rescue_policy == RescuePolicy::Restart))
}

/// Why a rescue that is asked for cannot be.
pub(super) fn refusal(observed: &Observed, instance: &Instance) -> Option<Decision> {
    let refused = |why: &str| {
        Decision::stall(
            Reason::RescueRefused,
            format!("The machine cannot be rescued: {why}. Take spec.rescue out, or have that changed."),
        )
    };
    match (&observed.rescue, &instance.boot) {
        // What is missing may appear; what is not allowed may be.
        (Some(Rescue::Refused { reason, message }), _) if *reason == Reason::RescueRefused => {
            Some(refused(message))
        }
        (Some(Rescue::Refused { reason, message }), _) => Some(Decision::wait(*reason, Arc::clone(message))),
        (Some(Rescue::From { .. }), Boot::Fixed) => {
            Some(refused("its hypervisor boots from no medium, only kvm does"))
        }
        (Some(Rescue::From { .. }), Boot::Kernel) => Some(refused(
            "it boots a kernel of its node, which comes before all media (hypervisor parameter kernel_path)",
        )),
        _ => None,
    }
}

/// What a rescue, or its end, waits for.
pub(super) fn pending(desired: &Desired, observed: &Observed, instance: &Instance) -> Option<String> {
    let to = match (change(desired, observed, instance)?, &observed.rescue) {
        (Some(_), Some(Rescue::From { image, .. })) => format!("from the medium of image {image}"),
        _ => "from its own disk again".to_owned(),
    };
    Some(format!(
        "The machine boots {to} after the next time that it is stopped; set rescuePolicy: Restart to have it restarted now."
    ))
}

/// The image to note in the status.
pub(super) fn noted(
    observed: &Observed,
    instance: Option<&Instance>,
    before: Option<&Arc<str>>,
) -> Option<Arc<str>> {
    match (&observed.rescue, instance.map(|instance| &instance.boot)) {
        (Some(Rescue::From { image, .. }), Some(Boot::Own | Boot::Medium(_))) => Some(Arc::clone(image)),
        (Some(Rescue::Over), Some(Boot::Own | Boot::Fixed | Boot::Kernel)) => None,
        _ => before.cloned(),
    }
}

/// What the instance itself was set to boot from before the rescue: noted with the rescue, kept until it is over.
pub(super) fn own_boot(
    observed: &Observed,
    instance: Option<&Instance>,
    before: Option<&Arc<OwnBoot>>,
) -> Option<Arc<OwnBoot>> {
    match (&observed.rescue, instance) {
        (Some(Rescue::From { .. }), Some(instance)) if instance.boot == Boot::Own => {
            let now = OwnBoot::of(instance);
            match before {
                Some(before) if now.as_ref() == Some(&**before) => Some(Arc::clone(before)),
                _ => now.map(Arc::new),
            }
        }
        (Some(Rescue::Over), Some(instance)) if instance.boot.medium().is_none() => None,
        (None, _) => None,
        _ => before.cloned(),
    }
}

/// What is told of a machine that is rescued, as it should be.
pub(super) fn told(observed: &Observed) -> Option<Arc<str>> {
    match (&observed.rescue, &observed.presence) {
        (Some(Rescue::From { image, .. }), Presence::Present(instance))
            if instance.power == Power::Running =>
        {
            let words = "as declared; without spec.rescue it boots from its disk again.";
            Some(format!("The machine runs from the medium of image {image}, {words}").into())
        }
        _ => None,
    }
}

/// A medium that nobody asked for.
pub(super) fn drift(observed: &Observed, instance: &Instance) -> Option<String> {
    match (&observed.rescue, &instance.boot) {
        (None, Boot::Medium(at)) => Some(format!("boot: declared its own disk, Ganeti has the medium {at}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Boot;

    #[test]
    fn what_boots_is_read_from_ganetis_parameters() {
        let medium = Boot::Medium("/srv/a.iso".into());
        for (order, path, kernel, boot) in [
            (Some("cdrom"), Some("/srv/a.iso"), Some(""), medium.clone()),
            (Some("cdrom"), Some("/srv/a.iso"), None, medium),
            (Some("cdrom"), Some(""), Some(""), Boot::Own),
            (Some("disk"), Some("/srv/a.iso"), Some(""), Boot::Own),
            (Some("cdrom"), Some("/srv/a.iso"), Some("/boot/vmlinuz"), Boot::Kernel),
            // xen-hvm has letters.
            (Some("cd"), Some(""), None, Boot::Fixed),
            (None, None, None, Boot::Fixed),
        ] {
            assert_eq!(Boot::read(order, path, kernel), boot, "{order:?} {path:?} {kernel:?}");
        }
    }
}
