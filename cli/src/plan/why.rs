//! Why a step is made.

use cyclades_crds::virtual_machine::PowerState;
use cyclades_domain::{
    power::Power,
    reason::JobStep,
    vm::{Desired, Observed, Presence, Record, Rescue, Resize, Step},
};

/// Why a step is made, in a sentence without its full stop.
pub(crate) fn why(desired: &Desired, observed: &Observed, step: &Step) -> String {
    match step {
        Step::Place => "no backend has been chosen yet".to_owned(),
        Step::Guard => {
            "it keeps the object until its instance is gone, so it comes before the first job".to_owned()
        }
        Step::Submit { job, .. } => why_job(desired, observed, *job),
        Step::Record(record) => why_record(*record).to_owned(),
        Step::Release if desired.deleting => {
            "the object is being deleted, and nothing of the machine is left in Ganeti".to_owned()
        }
        Step::Release => "nothing of the machine is left in Ganeti".to_owned(),
    }
}

fn why_job(desired: &Desired, observed: &Observed, job: JobStep) -> String {
    match job {
        JobStep::Create if observed.was_created => {
            "its instance is gone from Ganeti, and spec.onMissing is Recreate".to_owned()
        }
        JobStep::Create => "the machine has no instance yet".to_owned(),
        JobStep::Start => why_power(desired, observed, PowerState::Running),
        JobStep::Stop => why_power(desired, observed, PowerState::Stopped),
        JobStep::Remove if !desired.deleting => {
            "it is what a creation that failed has left: no machine, and in the way of one".to_owned()
        }
        JobStep::Remove => "the object is being deleted".to_owned(),
        JobStep::Detach => "the object is being deleted, and spec.deletionPolicy is Detach".to_owned(),
        JobStep::Adopt => "spec.adopt names it, and it is nobody's".to_owned(),
        JobStep::SetBoot => match &observed.rescue {
            Some(Rescue::From { image, .. }) => {
                format!("spec.rescue names image {image}, and the machine is stopped")
            }
            _ => "the machine is to boot from its own disk again, and is stopped".to_owned(),
        },
        JobStep::Modify | JobStep::Grow => match &observed.resize {
            Some(Resize::To { flavor, .. }) => {
                format!("spec.flavorRef names {flavor}, and the machine is stopped")
            }
            _ => "the machine is to have another shape, or other hypervisor parameters".to_owned(),
        },
        JobStep::AddDisk => "spec.disks names disks that the instance has not".to_owned(),
        JobStep::GrowDisk => "spec.disks names a larger size".to_owned(),
        _ => match &observed.request {
            Some(request) => format!("spec.action {} asks for it", request.id),
            None => "the spec asks for it".to_owned(),
        },
    }
}

fn why_power(desired: &Desired, observed: &Observed, to: PowerState) -> String {
    let power = match &observed.presence {
        Presence::Present(instance) => instance.power,
        _ => Power::Unknown,
    };
    if to == PowerState::Stopped && desired.suspended {
        return "spec.suspended is true".to_owned();
    }
    if to == PowerState::Stopped && observed.request.is_some() {
        return "spec.action asks for a rebuild, and the disk of a running guest is left alone".to_owned();
    }
    let reshapes = observed.target(desired).is_some();
    if to == PowerState::Stopped && desired.wanted_power() == PowerState::Running && !reshapes {
        return "what it boots from is to change, and spec.rescuePolicy is Restart".to_owned();
    }
    if to == PowerState::Stopped && desired.wanted_power() == PowerState::Running {
        return match &observed.resize {
            Some(_) => "spec.flavorRef names another flavor, and spec.resizePolicy is Restart".to_owned(),
            None => "what the spec says takes effect at a start, and spec.resizePolicy is Restart".to_owned(),
        };
    }
    if power == Power::Crashed {
        return match to {
            PowerState::Running => "Ganeti means it to run, and it does not: it died".to_owned(),
            PowerState::Stopped => "Ganeti means it to run, and spec.powerState is Stopped".to_owned(),
        };
    }
    match observed.applied {
        Some(applied) if applied == to => {
            format!("spec.powerPolicy is Enforce: that it is {power:?} was done elsewhere and is undone")
        }
        Some(applied) => format!("spec.powerState is {to:?}, and {applied:?} is what was brought about last"),
        None => format!("spec.powerState is {to:?}, and it is {power:?}"),
    }
}

fn why_record(record: Record) -> &'static str {
    match record {
        Record::Restart => {
            "after a crash in between, nobody must take the stop that follows for somebody else's"
        }
        Record::Rescue => "after a crash in between, somebody must know that the medium is ours to take away",
        Record::Take => "an action is done at most once, whatever happens in between",
        Record::Done | Record::Failed | Record::Refused => "its job has ended",
        Record::Decline => "the machine is in no state for it",
        Record::Forget => "nobody knows whether it was done",
    }
}
