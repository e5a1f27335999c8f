//! In what a machine is not as its spec says: what waits for its moment, what was changed elsewhere, what is not in its guest.

use cyclades_crds::{
    condition::{ConditionType, Reason},
    virtual_machine::{ActionType, Shape},
};

use super::{Decision, Desired, Instance, Observed, Record, Status, Step, rescue};
use crate::{conditions::Verdict, power::Power, reason::JobStep};

/// In what the machine is not as its spec says, although nothing is to be done now.
pub(super) struct Apart<'a> {
    /// What is observed.
    pub(super) observed: &'a Observed,
    /// What was changed elsewhere.
    pub(super) drift: Option<&'a str>,
    /// What takes effect later.
    pub(super) pending: Option<&'a Pending>,
    /// A disk is not in the guest.
    pub(super) unplugged: bool,
}

/// A change of the spec that waits for its moment: why, as a reason, and what it will change.
pub(super) type Pending = (Reason, String);

/// What is told of a disk that could not be plugged in.
pub(super) const UNPLUGGED: &str = "Ganeti could not plug a disk into the running guest: the guest has it when the machine is started the next time. Stop and start it, or ask for a RebootHard by spec.action.";

/// What has not taken effect: another flavor, other extras, or another image than the installed one.
pub(super) fn pending(
    desired: &Desired,
    observed: &Observed,
    instance: Option<&Instance>,
    image: Option<&str>,
) -> Option<Pending> {
    let rebuild = image.filter(|image| *image != &*observed.image).map(|image| {
        format!(
            "Image {} takes effect at a rebuild, {image} is installed: set spec.action {{id, type: Rebuild}}; it erases the system disk.",
            observed.image
        )
    });
    let all = [
        (Reason::ResizePending, waiting(desired, observed, instance)),
        (Reason::RescuePending, instance.and_then(|instance| rescue::pending(desired, observed, instance))),
        (Reason::RebuildPending, rebuild),
    ];
    let mut all = all.into_iter().filter_map(|(reason, message)| Some((reason, message?)));
    let (reason, mut message) = all.next()?;
    for (_, more) in all {
        message.push(' ');
        message.push_str(&more);
    }
    Some((reason, message))
}

/// What waits for a stop will change.
fn waiting(desired: &Desired, observed: &Observed, instance: Option<&Instance>) -> Option<String> {
    let instance = instance?;
    let target = observed.target(desired).filter(|(_, shape)| instance.step_towards(shape).is_some());
    let mut changes = Vec::new();
    let what = match target {
        Some((flavor, shape)) => {
            if instance.vcpus != shape.vcpus {
                changes.push(format!("vcpus {} to {}", instance.vcpus, shape.vcpus));
            }
            if instance.memory_mib != shape.memory_mib {
                changes.push(format!("memory {} MiB to {} MiB", instance.memory_mib, shape.memory_mib));
            }
            if instance.disk_mib != shape.disk_mib {
                changes.push(format!("disk {} MiB to {} MiB", instance.disk_mib, shape.disk_mib));
            }
            format!("Flavor {flavor} takes effect")
        }
        None => "What the spec says takes effect".to_owned(),
    };
    changes.extend(observed.due(desired, instance).words());
    (!changes.is_empty()).then(|| {
        format!(
            "{what} the next time the machine is stopped ({}); set resizePolicy: Restart to have it restarted now.",
            changes.join(", ")
        )
    })
}

/// Whether a disk could not be plugged into the guest that runs. The status remembers it until that guest is gone.
pub(super) fn unplugged(
    observed: &Observed,
    instance: Option<&Instance>,
    decision: &Decision,
    before: &Status,
) -> bool {
    let restarts = |job: JobStep| matches!(job, JobStep::Start | JobStep::Stop | JobStep::RebootHard);
    let is_restarted = match decision {
        Decision::Progress { job, .. } | Decision::Act(Step::Submit { job, .. }) => restarts(*job),
        // A hard reboot that is over has started the guest with all its disks.
        Decision::Act(Step::Record(Record::Done)) => {
            observed.request.as_ref().is_some_and(|request| request.kind == ActionType::RebootHard)
        }
        _ => false,
    };
    let runs = instance.is_some_and(|instance| instance.power == Power::Running);
    runs && !is_restarted && observed.extras.unplugged.unwrap_or(before.restart_required)
}

/// Fields in which Ganeti differs from what the machine should have.
pub(super) fn drift(
    desired: &Desired,
    observed: &Observed,
    instance: &Instance,
    shape: Option<&Shape>,
) -> Option<String> {
    let mut fields = Vec::from_iter(rescue::drift(observed, instance));
    fields.extend(shape.into_iter().flat_map(|shape| difference(instance, shape)));
    let nothing_is_done = desired.observe || observed.extras.refused.is_some();
    fields.extend(observed.compared(desired, instance).drift(nothing_is_done));
    (!fields.is_empty()).then(|| fields.join("; "))
}

/// Fields of the shape in which Ganeti differs from it.
fn difference(instance: &Instance, shape: &Shape) -> Vec<String> {
    let mut fields = Vec::new();
    if instance.vcpus != shape.vcpus {
        fields.push(format!("vcpus: declared {}, Ganeti has {}", shape.vcpus, instance.vcpus));
    }
    if instance.memory_mib != shape.memory_mib {
        fields.push(format!(
            "memory: declared {} MiB, Ganeti has {} MiB",
            shape.memory_mib, instance.memory_mib
        ));
    }
    if instance.disk_mib != shape.disk_mib {
        fields.push(format!("disk: declared {} MiB, Ganeti has {} MiB", shape.disk_mib, instance.disk_mib));
    }
    fields
}

/// What keeps a machine from being as its spec says, as a reason and for people: first what only a restart can mend.
pub(super) fn differs(
    drift: Option<&str>,
    pending: Option<&Pending>,
    unplugged: bool,
) -> Option<(Reason, String)> {
    let rest = match (pending, drift) {
        (Some((reason, message)), _) => Some((*reason, message.clone())),
        (None, Some(fields)) => Some((Reason::Drifted, format!("Ganeti differs: {fields}."))),
        (None, None) => None,
    };
    match (unplugged, rest) {
        (true, Some((_, message))) => Some((Reason::HotplugFailed, format!("{UNPLUGGED} {message}"))),
        (true, None) => Some((Reason::HotplugFailed, UNPLUGGED.to_owned())),
        (false, rest) => rest,
    }
}

pub(super) fn in_sync(
    instance: Option<&Instance>,
    drift: Option<String>,
    pending: Option<Pending>,
    unplugged: bool,
) -> Verdict {
    let kind = ConditionType::InSync;
    match (instance, pending, drift) {
        (Some(_), None, Some(fields)) if !unplugged => Verdict::new(kind, false, Reason::Drifted, fields),
        (Some(_), pending, drift) => match differs(drift.as_deref(), pending.as_ref(), unplugged) {
            Some((reason, message)) => Verdict::new(kind, false, reason, message),
            None => Verdict::new(kind, true, Reason::InSync, "Ganeti has what the spec says."),
        },
        (None, ..) => Verdict {
            kind,
            status: None,
            reason: Reason::Creating,
            message: "There is no instance to compare with.".into(),
        },
    }
}
