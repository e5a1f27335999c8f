//! The planner: from what is wanted and what is observed to at most one step.

use std::sync::Arc;

use cyclades_crds::{
    condition::Reason,
    virtual_machine::{ActionType, DeletionPolicy, OnMissing, PowerState, ResizePolicy},
};

use super::{
    BackendView, Desired, Instance, Observed, Presence, Record, Request, Resize, Setback, Stage, TagChange,
    rebuild::{broken, rebuild},
    rescue,
};
use crate::{power::Power, reason::JobStep};

/// One outside effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Choose a backend and write it, with the finalizer, into the object.
    Place,
    /// Put the finalizer on an object that was created with a backend.
    Guard,
    /// Submit a job to Ganeti. For `Remove` and `Stop`, the UUID says which instance is meant.
    Submit {
        /// What the job does.
        job: JobStep,
        /// UUID of the instance, where there is one: the job must not hit another one of that name.
        uuid: Option<Arc<str>>,
    },
    /// Write something into the status before, or instead of, a job: it must be known after a crash.
    Record(Record),
    /// Take the finalizer off: nothing of the machine is left.
    Release,
}

/// What to do about a machine now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Do this.
    Act(Step),
    /// A job of ours is under way.
    Progress {
        /// Which.
        job: JobStep,
        /// Its id, where it is known.
        id: Option<u64>,
    },
    /// Something must happen first, and we are told when it does.
    Wait {
        /// Why, as a reason.
        reason: Reason,
        /// Why, for people.
        message: Arc<str>,
    },
    /// Something went wrong; it is tried again when its time has come.
    Held {
        /// Why, as a reason.
        reason: Reason,
        /// Why, for people.
        message: Arc<str>,
    },
    /// Only a person can go on.
    Stall {
        /// Why, as a reason.
        reason: Reason,
        /// What that person must change.
        message: Arc<str>,
    },
    /// The power differs because somebody changed it elsewhere, and that is respected.
    Follow {
        /// Which way.
        reason: Reason,
    },
    /// All is as declared.
    Settled,
    /// It is there, and only looked at.
    Watch,
    /// Nothing of ours is on the object, and it is being deleted: leave it alone.
    Gone,
}

impl Decision {
    pub(super) fn wait(reason: Reason, message: impl Into<Arc<str>>) -> Self {
        Self::Wait { reason, message: message.into() }
    }

    pub(super) fn stall(reason: Reason, message: impl Into<Arc<str>>) -> Self {
        Self::Stall { reason, message: message.into() }
    }

    pub(super) fn submit(job: JobStep, instance: Option<&Instance>) -> Self {
        Self::Act(Step::Submit { job, uuid: instance.map(|instance| Arc::clone(&instance.uuid)) })
    }
}

/// The next step for a machine. Total and deterministic: the same input always gives the same decision.
#[must_use]
pub fn plan(desired: &Desired, observed: &Observed) -> Decision {
    if desired.paused {
        return Decision::wait(
            Reason::Paused,
            "Paused by annotation cyclades.io/paused; remove it to go on.",
        );
    }
    if desired.namespace_paused {
        return Decision::wait(
            Reason::Paused,
            "Its namespace is paused by label cyclades.io/paused: it goes on when an administrator takes that off.",
        );
    }
    if desired.deleting && !observed.finalizer {
        return Decision::Gone;
    }
    if desired.deleting && desired.protected {
        return Decision::wait(
            Reason::Protected,
            "The object is being deleted and spec.protected is true: set it to false to let the instance go with it.",
        );
    }
    if let Some(blocked) = blocked(desired, observed) {
        return blocked;
    }
    if desired.observe {
        return watch(desired, observed);
    }
    let decision = if desired.deleting { removal(desired, observed) } else { upkeep(desired, observed) };
    match &observed.setback {
        Some(setback) if matches!(decision, Decision::Act(Step::Submit { .. })) => {
            held_back(desired, decision, setback)
        }
        _ => decision,
    }
}

/// What keeps a machine from any step: its backend, a job under way.
fn blocked(desired: &Desired, observed: &Observed) -> Option<Decision> {
    match &observed.backend {
        BackendView::Unplaced => {
            return Some(Decision::Act(if desired.deleting { Step::Release } else { Step::Place }));
        }
        BackendView::Missing { name } => {
            return Some(Decision::wait(
                Reason::BackendNotFound,
                format!(
                    "GanetiBackend {name}, which this machine is placed on, does not exist: create it again."
                ),
            ));
        }
        BackendView::Forgotten { .. } if desired.deleting => return Some(Decision::Act(Step::Release)),
        BackendView::Forgotten { name } => {
            return Some(Decision::stall(
                Reason::BackendForgotten,
                format!(
                    "The cluster of GanetiBackend {name} is gone for good, and this machine with it: delete this object."
                ),
            ));
        }
        BackendView::NotReady { name, reason, message } => {
            let reason = match reason {
                Reason::BackendOffline | Reason::Synchronising => *reason,
                _ => Reason::BackendNotReady,
            };
            return Some(Decision::wait(reason, format!("GanetiBackend {name} is not ready: {message}")));
        }
        BackendView::Ready { .. } => {}
    }
    observed.job.map(|(job, id)| Decision::Progress { job, id })
}

/// A job that would be submitted again after something went wrong. A machine that needs no job has no setback either,
/// whatever went wrong before.
fn held_back(desired: &Desired, decision: Decision, setback: &Setback) -> Decision {
    let (reason, message) = (setback.reason, Arc::clone(&setback.message));
    // What only a change of the spec would cure does not matter on the way out: only what delays matters.
    match (setback.permanent && !desired.deleting, setback.holding) {
        (true, _) => Decision::Stall { reason, message },
        (false, true) => Decision::Held { reason, message },
        (false, false) => decision,
    }
}

/// A machine that is to be there.
fn upkeep(desired: &Desired, observed: &Observed) -> Decision {
    match &observed.presence {
        Presence::Absent if desired.adopts && !observed.was_created => not_found(),
        Presence::Absent if !observed.finalizer => Decision::Act(Step::Guard),
        Presence::Orphan(_) if !observed.finalizer => Decision::Act(Step::Guard),
        Presence::Orphan(instance) => Decision::submit(JobStep::Adopt, Some(instance)),
        Presence::Absent if observed.was_created && desired.on_missing == OnMissing::Stall => {
            Decision::stall(
                Reason::InstanceLost,
                "The instance is gone from Ganeti. Delete this object, or set onMissing: Recreate for a new, blank instance.",
            )
        }
        Presence::Absent => Decision::submit(JobStep::Create, None),
        Presence::Present(_) if !observed.finalizer => Decision::Act(Step::Guard),
        Presence::Present(instance) if instance.half_made => {
            Decision::submit(JobStep::Remove, Some(instance))
        }
        Presence::Present(instance) => tend(desired, observed, instance),
        other => undecided(other),
    }
}

/// A machine that is only looked at.
fn watch(desired: &Desired, observed: &Observed) -> Decision {
    match &observed.presence {
        _ if desired.deleting => Decision::Act(Step::Release),
        Presence::Present(_) | Presence::Orphan(_) => Decision::Watch,
        Presence::Absent => not_found(),
        other => undecided(other),
    }
}

fn not_found() -> Decision {
    Decision::wait(
        Reason::InstanceNotFound,
        "The instance that is to be looked at or taken over is not on the backend: correct spec.adopt; the machine goes on when it appears.",
    )
}

/// An instance that is there: its shape, then its operating system, then its power, then what is to be done once.
fn tend(desired: &Desired, observed: &Observed, instance: &Instance) -> Decision {
    let first = at_a_stop(desired, observed, instance).or_else(|| rebuild(desired, observed, instance));
    if let Some(decision) = first {
        return decision;
    }
    let decision = power(desired, observed, instance);
    match (&decision, &observed.request, &observed.resize) {
        (Decision::Settled | Decision::Follow { .. }, Some(wanted), _) => {
            request(desired, observed, instance, wanted).unwrap_or(decision)
        }
        (Decision::Settled | Decision::Follow { .. }, None, _) if observed.tags.is_some() => {
            let step = match &observed.tags {
                Some(TagChange::Add(_)) => JobStep::Tag,
                _ => JobStep::Untag,
            };
            Decision::submit(step, Some(instance))
        }
        (Decision::Settled, None, Some(Resize::Refused { reason, message })) => refused(*reason, message),
        (Decision::Settled, None, _) => match &observed.extras.refused {
            Some((reason, message)) => refused(*reason, message),
            None => rescue::refusal(observed, instance).unwrap_or(decision),
        },
        _ => decision,
    }
}

/// What the machine cannot have. What is missing may appear; what cannot be will not.
fn refused(reason: Reason, message: &Arc<str>) -> Decision {
    let message = Arc::clone(message);
    match reason {
        Reason::ResizeRefused | Reason::DisksRefused => Decision::Stall { reason, message },
        _ => Decision::Wait { reason, message },
    }
}

/// What is changed while a machine is stopped: its shape and its extras, then what it boots from; also what was changed
/// elsewhere and is to be undone. A machine that runs is stopped for it where the spec says so, which its status tells
/// first: after a crash in between, nobody must take that stop for somebody else's. What its guest takes as it runs needs
/// no stop.
fn at_a_stop(desired: &Desired, observed: &Observed, instance: &Instance) -> Option<Decision> {
    let shape = observed.target(desired).and_then(|(_, shape)| instance.step_towards(shape));
    let due = observed.due(desired, instance);
    let wanted = desired.wanted_power();
    let takes_disks = instance.can_plug && !observed.extras.unpluggable;
    let is_left_running = wanted == PowerState::Running || observed.applied == Some(wanted);
    if let Some(live) = due.live_step().filter(|_| takes_disks && is_left_running)
        && instance.power == Power::Running
    {
        return Some(Decision::submit(live, Some(instance)));
    }
    let reshape = shape
        .or_else(|| due.step())
        .map(|step| (Decision::submit(step, Some(instance)), desired.resize_policy == ResizePolicy::Restart));
    let rescue = rescue::step(desired, observed, instance);
    let restart = [&reshape, &rescue].into_iter().flatten().any(|(_, restart)| *restart);
    let (first, _) = reshape.or(rescue)?;
    match (instance.power, observed.applied) {
        (Power::Stopped, _) => Some(first),
        (Power::Running, _) if !restart || wanted != PowerState::Running => None,
        (Power::Running, Some(_)) => Some(Decision::Act(Step::Record(Record::Restart))),
        (Power::Running, None) => Some(Decision::submit(JobStep::Stop, Some(instance))),
        _ => None,
    }
}

/// What an action asks of a machine whose power needs nothing. It is noted before it is done, so that it is done at most
/// once. One that came with the machine is only noted, together with the rest.
fn request(
    desired: &Desired,
    observed: &Observed,
    instance: &Instance,
    wanted: &Request,
) -> Option<Decision> {
    let step = match wanted.kind {
        ActionType::RebootSoft => JobStep::RebootSoft,
        ActionType::RebootHard => JobStep::RebootHard,
        // Its steps come before what power needs.
        ActionType::Rebuild => return None,
    };
    let can_be_done = instance.power == Power::Running && !desired.suspended;
    let record = match wanted.stage {
        Stage::New if !observed.was_created => return None,
        Stage::New if can_be_done => Record::Take,
        Stage::Taken | Stage::Prepared if can_be_done => {
            return Some(Decision::submit(step, Some(instance)));
        }
        Stage::New | Stage::Taken | Stage::Prepared | Stage::Withdrawn => Record::Decline,
        Stage::Done => Record::Done,
        Stage::Failed | Stage::Refused => Record::Failed,
        Stage::Orphaned => Record::Forget,
    };
    Some(Decision::Act(Step::Record(record)))
}

/// The way out of the object: the instance first, the finalizer last.
fn removal(desired: &Desired, observed: &Observed) -> Decision {
    match &observed.presence {
        Presence::Absent | Presence::NameTaken { .. } | Presence::Orphan(_) => Decision::Act(Step::Release),
        Presence::Present(instance) if desired.deletion == DeletionPolicy::Detach && !instance.half_made => {
            Decision::submit(JobStep::Detach, Some(instance))
        }
        Presence::Present(instance) => Decision::submit(JobStep::Remove, Some(instance)),
        other => undecided(other),
    }
}

fn undecided(presence: &Presence) -> Decision {
    match presence {
        Presence::NameTaken { name } => Decision::stall(
            Reason::InstanceNameTaken,
            format!(
                "An instance named {name} exists in Ganeti and is not this machine's; it is not touched. Rename or remove it there, or delete this object."
            ),
        ),
        Presence::Duplicate { elsewhere } => Decision::stall(
            Reason::DuplicateInstance,
            format!(
                "Another instance with this machine's id is on {elsewhere}; neither is touched. Remove the tag cyclades:id or the instance that is wrong."
            ),
        ),
        _ => Decision::wait(Reason::Synchronising, "Whether the instance exists is being checked."),
    }
}

/// Power of an instance that exists.
fn power(desired: &Desired, observed: &Observed, instance: &Instance) -> Decision {
    let wanted = desired.wanted_power();
    if instance.power.is(wanted) {
        return Decision::Settled;
    }
    let change = || match wanted {
        PowerState::Running => Decision::submit(JobStep::Start, Some(instance)),
        PowerState::Stopped => Decision::submit(JobStep::Stop, Some(instance)),
    };
    let is_a_wish = observed.applied != Some(wanted);
    match instance.power {
        Power::Unknown => Decision::wait(
            Reason::NodeUnknown,
            format!("Node {} does not answer, so the power state is not known.", instance.node),
        ),
        // Ganeti means it to run: nobody stopped it, it died. Both policies bring it back.
        Power::Crashed if observed.crash_pause && wanted == PowerState::Running => Decision::Held {
            reason: Reason::Crashed,
            message: "The instance died soon after it was started; it is started again after a pause.".into(),
        },
        Power::Crashed => change(),
        Power::Stopped if observed.broken && !is_a_wish => broken(),
        _ if is_a_wish || desired.enforces_power() => change(),
        Power::Stopped => Decision::Follow { reason: Reason::StoppedOutside },
        Power::Running => Decision::Follow { reason: Reason::StartedOutside },
    }
}
