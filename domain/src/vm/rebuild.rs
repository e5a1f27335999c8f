//! A rebuild: an image is installed on the system disk of a machine, at most once for each request.

use cyclades_crds::{condition::Reason, virtual_machine::ActionType};

use super::{Decision, Desired, Instance, Observed, Record, Request, Stage, Step};
use crate::{power::Power, reason::JobStep};

/// The next step of a rebuild, where one is asked for or under way. It is noted before it is begun. Ganeti is told of
/// the OS while the guest still runs, so that a mistake shows before anything is lost; then the guest is shut down; then
/// the disk is erased, once. What power it is to have is seen to afterwards.
pub(super) fn rebuild(desired: &Desired, observed: &Observed, instance: &Instance) -> Option<Decision> {
    let wanted = observed.request.as_ref().filter(|request| request.kind == ActionType::Rebuild)?;
    let refused = refusal(desired, instance, wanted).is_some();
    let record = match (wanted.stage, instance.power) {
        (Stage::New, _) if !observed.was_created => return None,
        (Stage::New | Stage::Taken | Stage::Prepared | Stage::Withdrawn, _) if refused => Record::Decline,
        (Stage::New | Stage::Taken | Stage::Prepared, Power::Unknown) => return None,
        (Stage::New, _) => Record::Take,
        (Stage::Taken, _) => return Some(Decision::submit(JobStep::SetOs, Some(instance))),
        (Stage::Prepared, Power::Stopped) => {
            return Some(Decision::submit(JobStep::Reinstall, Some(instance)));
        }
        (Stage::Prepared, _) => return Some(Decision::submit(JobStep::Stop, Some(instance))),
        (Stage::Withdrawn, _) => Record::Decline,
        (Stage::Done, _) => Record::Done,
        (Stage::Failed, _) => Record::Failed,
        (Stage::Refused, _) => Record::Refused,
        (Stage::Orphaned, _) => Record::Forget,
    };
    Some(Decision::Act(Step::Record(record)))
}

/// Why a rebuild is not done; `None` where it may be.
pub(super) fn refusal(desired: &Desired, instance: &Instance, wanted: &Request) -> Option<&'static str> {
    if wanted.stage == Stage::Withdrawn {
        return Some("it was taken back before anything was erased");
    }
    if desired.suspended {
        return Some("the machine is suspended");
    }
    if desired.protected {
        return Some(
            "spec.protected is true, and a rebuild erases the system disk: set it to false, and give another id",
        );
    }
    (instance.disk_mib == 0).then_some("the machine has no disk to install an image on")
}

/// A machine whose last rebuild failed half-way is not started: what it would boot is neither the old nor the new.
pub(super) fn broken() -> Decision {
    Decision::stall(
        Reason::RebuildFailed,
        "The last rebuild failed, and what is on the system disk is neither the old nor the new; status.lastAction says why. Give spec.action another id, and another image if need be; or set powerState to Stopped and then to Running to start the machine as it is.",
    )
}
