//! What is decided.

use std::collections::BTreeSet;

use cyclades_crds::virtual_machine::{OnMissing, PowerPolicy, PowerState};
use cyclades_domain::{
    power::Power,
    reason::JobStep,
    vm::{BackendView, Decision, Desired, Observed, Presence, Step, plan},
};

use crate::world::{UUID, everything, is_ready};

/// What must hold of any job, whatever it does.
fn may_submit(desired: &Desired, observed: &Observed) {
    let context = || format!("{desired:?} {observed:?}");
    assert!(observed.finalizer, "a job without our finalizer on the object: {}", context());
    assert!(is_ready(observed), "a job on a backend that is not ready: {}", context());
    assert!(observed.job.is_none(), "a second job beside one under way: {}", context());
    assert!(!desired.paused, "a job for a paused machine: {}", context());
    let setback = observed.setback.as_ref();
    assert!(!setback.is_some_and(|it| it.holding), "a job while a setback holds: {}", context());
    let refused = setback.is_some_and(|it| it.permanent) && !desired.deleting;
    assert!(!refused, "what only another spec can cure is tried again: {}", context());
}

/// What must hold of a job by what it does.
fn may_do(desired: &Desired, observed: &Observed, job: JobStep, uuid: Option<&str>) {
    let context = || format!("{job:?} {uuid:?} {desired:?} {observed:?}");
    let present = match &observed.presence {
        Presence::Present(instance) => Some(instance),
        _ => None,
    };
    match job {
        JobStep::Create => {
            assert_eq!(
                observed.presence,
                Presence::Absent,
                "a create where it is not known to be absent: {}",
                context()
            );
            assert!(!desired.deleting, "a create for what is being deleted: {}", context());
            let lost = observed.was_created && desired.on_missing == OnMissing::Stall;
            assert!(!lost, "a lost machine is made again behind its owner's back: {}", context());
        }
        JobStep::Remove => {
            let half_made = present.is_some_and(|instance| instance.half_made);
            assert!(desired.deleting || half_made, "a removal nobody asked for: {}", context());
            assert_eq!(uuid, Some(UUID), "a removal that does not say of which instance: {}", context());
        }
        JobStep::Start | JobStep::Stop => {
            assert!(!desired.deleting, "power does not matter on the way out: {}", context());
            let power = present.map(|instance| instance.power);
            assert!(power.is_some_and(|it| it != Power::Unknown), "a switch in the dark: {}", context());
            let wanted = if job == JobStep::Start { PowerState::Running } else { PowerState::Stopped };
            assert_eq!(desired.power, wanted, "the wrong way: {}", context());
            assert!(power.is_some_and(|it| !it.is(wanted)), "it is so already: {}", context());
            let changed_elsewhere = observed.applied == Some(wanted) && power != Some(Power::Crashed);
            let followed = changed_elsewhere && desired.power_policy == PowerPolicy::Follow;
            let too_soon = power == Some(Power::Crashed) && observed.crash_pause && job == JobStep::Start;
            assert!(!too_soon, "what has just died is started at once: {}", context());
            assert!(!followed, "what somebody did in Ganeti is not respected: {}", context());
            assert!(!present.is_some_and(|it| it.half_made), "what is no machine is switched: {}", context());
        }
        other => panic!("{other:?}, which nobody asked for: {}", context()),
    }
}

fn may_act(desired: &Desired, observed: &Observed, step: &Step) {
    let context = || format!("{step:?} {desired:?} {observed:?}");
    assert!(!desired.paused, "{}", context());
    match step {
        Step::Place => {
            assert!(observed.backend == BackendView::Unplaced && !desired.deleting, "{}", context());
        }
        Step::Guard => assert!(!observed.finalizer && !desired.deleting, "{}", context()),
        Step::Release => {
            let nothing_left = matches!(observed.presence, Presence::Absent | Presence::NameTaken { .. });
            let known = is_ready(observed) && observed.job.is_none() && nothing_left;
            assert!(desired.deleting && observed.finalizer, "{}", context());
            let nowhere = matches!(observed.backend, BackendView::Unplaced | BackendView::Forgotten { .. });
            assert!(known || nowhere, "let go too early: {}", context());
        }
        Step::Record(record) => panic!("{record:?}, of which nothing is known: {}", context()),
        Step::Submit { job, uuid } => {
            may_submit(desired, observed);
            may_do(desired, observed, *job, uuid.as_deref());
        }
    }
}

fn means_what_it_says(desired: &Desired, observed: &Observed, decision: &Decision) {
    let context = || format!("{decision:?} {desired:?} {observed:?}");
    match decision {
        Decision::Act(step) => may_act(desired, observed, step),
        Decision::Settled => {
            let Presence::Present(instance) = &observed.presence else { panic!("{}", context()) };
            assert!(instance.power.is(desired.power) && !instance.half_made, "{}", context());
            assert!(!desired.deleting && is_ready(observed) && observed.job.is_none(), "{}", context());
        }
        Decision::Follow { .. } => {
            assert_eq!(desired.power_policy, PowerPolicy::Follow, "{}", context());
            assert_eq!(observed.applied, Some(desired.power), "a wish is not followed away: {}", context());
        }
        Decision::Watch => panic!("looked at only, which nobody asked for: {}", context()),
        Decision::Gone => assert!(desired.deleting && !observed.finalizer, "{}", context()),
        Decision::Progress { job, id } => assert_eq!(observed.job, Some((*job, *id))),
        Decision::Held { .. } => {
            let held = observed.crash_pause || observed.setback.as_ref().is_some_and(|it| it.holding);
            assert!(held, "nothing holds it: {}", context());
        }
        Decision::Wait { message, .. } | Decision::Stall { message, .. } => {
            assert!(!message.is_empty(), "{}", context());
        }
    }
}

#[test]
fn every_decision_is_allowed_and_the_same_again() {
    let seen = everything(|desired, observed| {
        let decision = plan(desired, observed);
        means_what_it_says(desired, observed, &decision);
        assert_eq!(plan(desired, observed), decision);
    });
    assert!(seen > 400_000, "only {seen} combinations");
}

#[test]
fn every_kind_of_decision_is_met() {
    let mut met = BTreeSet::new();
    everything(|desired, observed| {
        met.insert(match plan(desired, observed) {
            Decision::Act(Step::Submit { job, .. }) => job.as_str(),
            Decision::Act(Step::Place) => "place",
            Decision::Act(Step::Guard) => "guard",
            Decision::Act(Step::Release) => "release",
            Decision::Act(Step::Record(_)) => "record",
            Decision::Progress { .. } => "progress",
            Decision::Wait { .. } => "wait",
            Decision::Held { .. } => "held",
            Decision::Stall { .. } => "stall",
            Decision::Follow { .. } => "follow",
            Decision::Settled => "settled",
            Decision::Watch => "watch",
            Decision::Gone => "gone",
        });
    });
    let all = [
        "create", "follow", "gone", "guard", "held", "place", "progress", "release", "remove", "settled",
        "stall", "start", "stop", "wait",
    ];
    assert_eq!(met.into_iter().collect::<Vec<_>>(), all);
}
