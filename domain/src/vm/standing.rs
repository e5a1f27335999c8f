//! How a machine stands, in words.

use std::sync::Arc;

use cyclades_crds::{condition::Reason, virtual_machine::PowerState};

use super::{
    Decision, Desired, Record, Step,
    apart::{Apart, differs},
    rebuild,
    report::{has_its_power, is_rebuild},
    rescue,
};
use crate::{conditions::Standing, reason::JobStep};

/// How a machine stands, and what `Ready` says of it.
pub(super) fn standing(
    desired: &Desired,
    decision: &Decision,
    apart: &Apart<'_>,
) -> (Standing, Reason, Arc<str>) {
    match decision {
        Decision::Settled => well(desired, apart),
        Decision::Watch => (
            Standing::Settled,
            Reason::Observed,
            match apart.drift {
                Some(fields) => format!("The machine is only looked at. Ganeti differs: {fields}.").into(),
                None => "The machine is only looked at, and Ganeti has what the spec says.".into(),
            },
        ),
        Decision::Follow { reason } => (Standing::Settled, *reason, followed(*reason).into()),
        Decision::Wait { reason: Reason::Paused, message } => {
            (Standing::Settled, Reason::Paused, Arc::clone(message))
        }
        Decision::Wait { reason, message } | Decision::Held { reason, message } => {
            (Standing::Reconciling, *reason, Arc::clone(message))
        }
        Decision::Stall { reason, message } => (Standing::Stalled, *reason, Arc::clone(message)),
        Decision::Progress { job, id } => {
            let id = id.map_or(String::new(), |id| format!(" (job {id})"));
            let (reason, what) = progress(*job);
            (Standing::Reconciling, reason, format!("The instance is being {what}{id}.").into())
        }
        Decision::Act(step) => acting(desired, step, apart),
        Decision::Gone => acting(desired, &Step::Release, apart),
    }
}

/// What is told of a step that is about to be made.
fn acting(desired: &Desired, step: &Step, apart: &Apart<'_>) -> (Standing, Reason, Arc<str>) {
    let observed = apart.observed;
    let busy = |reason, message: &str| (Standing::Reconciling, reason, Arc::from(message));
    match step {
        Step::Submit { job, .. } => {
            let (reason, what) = progress(*job);
            busy(reason, &format!("The instance is to be {what}."))
        }
        Step::Place | Step::Guard => busy(Reason::Creating, "A backend is being chosen."),
        Step::Record(Record::Take) if is_rebuild(observed) => {
            busy(Reason::Rebuilding, &format!("Image {} is to be installed.", observed.image))
        }
        Step::Record(Record::Failed) if is_rebuild(observed) => match rebuild::broken() {
            Decision::Stall { reason, message } => (Standing::Stalled, reason, message),
            _ => well(desired, apart),
        },
        // What its power is to be is seen to next.
        Step::Record(_) if is_rebuild(observed) && !has_its_power(desired, observed) => {
            busy(Reason::Rebuilding, "The rebuild is over; the machine is made to be as powerState says.")
        }
        Step::Record(Record::Take) => busy(Reason::Rebooting, "The instance is to be rebooted."),
        Step::Record(Record::Restart) if observed.resize.is_some() || observed.extras.wanted.is_some() => {
            busy(Reason::Resizing, "The machine is to be restarted, so that what the spec says takes effect.")
        }
        Step::Record(Record::Restart | Record::Rescue) => {
            busy(Reason::Rescuing, "The machine is to boot from something else.")
        }
        // The action is over; the machine is as it was.
        Step::Record(_) => well(desired, apart),
        Step::Release => busy(Reason::Deleting, "The instance is gone; the object follows."),
    }
}

/// A machine that needs nothing.
fn well(desired: &Desired, apart: &Apart<'_>) -> (Standing, Reason, Arc<str>) {
    if desired.suspended {
        return (
            Standing::Settled,
            Reason::Suspended,
            "The machine is suspended by an administrator; it is as powerState says again when spec.suspended is false."
                .into(),
        );
    }
    match differs(apart.drift, apart.pending, apart.unplugged) {
        Some((reason, message)) => (Standing::Settled, reason, message.into()),
        None => (
            Standing::Ready,
            Reason::Ready,
            rescue::told(apart.observed).unwrap_or_else(|| settled(desired.power).into()),
        ),
    }
}

fn settled(power: PowerState) -> &'static str {
    match power {
        PowerState::Running => "The machine runs as declared.",
        PowerState::Stopped => "The machine is stopped as declared.",
    }
}

fn followed(reason: Reason) -> &'static str {
    match reason {
        Reason::StoppedOutside => {
            "The machine was stopped in Ganeti or by its guest, and powerPolicy Follow respects that. To start it, set powerState to Stopped and then to Running, or set powerPolicy: Enforce."
        }
        _ => {
            "The machine was started in Ganeti, and powerPolicy Follow respects that. To stop it, set powerState to Running and then to Stopped, or set powerPolicy: Enforce."
        }
    }
}

fn progress(job: JobStep) -> (Reason, &'static str) {
    match job {
        JobStep::Create => (Reason::Creating, "created"),
        JobStep::Start => (Reason::Starting, "started"),
        JobStep::Stop => (Reason::Stopping, "shut down"),
        JobStep::Remove => (Reason::Deleting, "removed"),
        JobStep::RebootSoft | JobStep::RebootHard => (Reason::Rebooting, "rebooted"),
        JobStep::Modify | JobStep::Grow => (Reason::Resizing, "given the shape of its flavor"),
        JobStep::AddDisk | JobStep::GrowDisk => (Reason::Resizing, "given its disks"),
        JobStep::Detach => (Reason::Detaching, "let go"),
        JobStep::Adopt => (Reason::Adopting, "taken over"),
        JobStep::Tag | JobStep::Untag => (Reason::Tagging, "given its tags"),
        JobStep::SetOs => (Reason::Rebuilding, "prepared for another installation"),
        JobStep::Reinstall => (Reason::Rebuilding, "installed anew"),
        JobStep::SetBoot => (Reason::Rescuing, "told what to boot from"),
    }
}
