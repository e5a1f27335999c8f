//! The planner and the report over everything a machine can be: all combinations, not samples of them.

use std::{collections::BTreeSet, sync::Arc};

use cyclades_crds::{
    condition::{ConditionType, Reason},
    virtual_machine::{
        DeletionPolicy, DriftPolicy, ObservedPower, OnMissing, PowerPolicy, PowerState, RescuePolicy,
        ResizePolicy, Shape,
    },
};
use cyclades_domain::{
    power::Power,
    reason::JobStep,
    vm::{
        BackendView, Boot, Decision, Desired, Fitting, Instance, Observed, Presence, Setback, Status, Step,
        plan, report,
    },
};

const UUID: &str = "4d2f0e4c-0000-4000-8000-000000000001";
const STEPS: [JobStep; 4] = [JobStep::Create, JobStep::Start, JobStep::Stop, JobStep::Remove];
const POWERS: [Power; 4] = [Power::Running, Power::Stopped, Power::Crashed, Power::Unknown];
const WISHES: [PowerState; 2] = [PowerState::Running, PowerState::Stopped];
const BOTH: [bool; 2] = [false, true];

fn shape(vcpus: u32) -> Arc<Shape> {
    Arc::new(Shape { vcpus, memory_mib: 256, disk_mib: 0, disk_template: "diskless".into() })
}

fn instance(power: Power, half_made: bool) -> Instance {
    Instance {
        name: "cyclades-1".into(),
        uuid: UUID.into(),
        node: "node1".into(),
        power,
        vcpus: 1,
        memory_mib: 256,
        disk_mib: 0,
        boot: Boot::Own,
        extras: None,
        can_plug: false,
        half_made,
    }
}

fn desires() -> Vec<Desired> {
    let mut all = Vec::new();
    for (deleting, paused) in BOTH.into_iter().flat_map(|d| BOTH.map(|p| (d, p))) {
        for power in WISHES {
            for power_policy in [PowerPolicy::Follow, PowerPolicy::Enforce] {
                for on_missing in [OnMissing::Stall, OnMissing::Recreate] {
                    all.push(Desired {
                        deleting,
                        paused,
                        namespace_paused: false,
                        observe: false,
                        adopts: false,
                        protected: false,
                        suspended: false,
                        generation: 3,
                        power,
                        power_policy,
                        on_missing,
                        rescue_policy: RescuePolicy::WhenStopped,
                        resize_policy: ResizePolicy::WhenStopped,
                        drift_policy: DriftPolicy::Report,
                        deletion: DeletionPolicy::Delete,
                    });
                }
            }
        }
    }
    all
}

fn presences() -> Vec<Presence> {
    let mut all = vec![
        Presence::Unknown,
        Presence::Absent,
        Presence::NameTaken { name: "cyclades-1".into() },
        Presence::Duplicate { elsewhere: "b".into() },
    ];
    all.extend(POWERS.into_iter().flat_map(|p| BOTH.map(|half| Presence::Present(instance(p, half)))));
    all
}

fn backends() -> [BackendView; 5] {
    let name = || Arc::from("a");
    [
        BackendView::Unplaced,
        BackendView::Missing { name: name() },
        BackendView::Forgotten { name: name() },
        BackendView::NotReady {
            name: name(),
            reason: Reason::Unreachable,
            message: "No endpoint answers.".into(),
        },
        BackendView::Ready { name: name() },
    ]
}

fn setbacks() -> Vec<Option<Setback>> {
    let setback = |permanent, holding| Setback {
        reason: if permanent { Reason::JobRefused } else { Reason::JobFailed },
        message: "Ganeti said no.".into(),
        permanent,
        holding,
    };
    let some = BOTH.into_iter().flat_map(|p| BOTH.map(|h| Some(setback(p, h))));
    [None].into_iter().chain(some).collect()
}

fn jobs() -> Vec<Option<(JobStep, Option<u64>)>> {
    let some = STEPS.into_iter().flat_map(|step| [Some((step, None)), Some((step, Some(7)))]);
    [None].into_iter().chain(some).collect()
}

fn has_died(presence: &Presence) -> bool {
    matches!(presence, Presence::Present(instance) if instance.power == Power::Crashed)
}

/// Calls `check` with every combination; returns how many there were.
fn everything(mut check: impl FnMut(&Desired, &Observed)) -> usize {
    let (desires, presences, setbacks, jobs) = (desires(), presences(), setbacks(), jobs());
    let mut seen = 0;
    for (backend, pause) in backends().into_iter().flat_map(|b| BOTH.map(|p| (b.clone(), p))) {
        // A pause matters only to what has died.
        let presences: Vec<_> = presences.iter().filter(|it| !pause || has_died(it)).collect();
        for (presence, job) in presences.iter().flat_map(|p| jobs.iter().map(move |j| (*p, j))) {
            for (finalizer, was_created) in BOTH.into_iter().flat_map(|f| BOTH.map(|w| (f, w))) {
                for (applied, setback) in [None, Some(WISHES[0]), Some(WISHES[1])]
                    .iter()
                    .flat_map(|a| setbacks.iter().map(move |s| (a, s)))
                {
                    let observed = Observed {
                        finalizer,
                        backend: backend.clone(),
                        presence: presence.clone(),
                        was_created,
                        applied: *applied,
                        job: *job,
                        setback: setback.clone(),
                        crash_pause: pause,
                        shape: Some(shape(1)),
                        flavor: Some("small".into()),
                        resize: None,
                        request: None,
                        rescue: None,
                        image: "debian".into(),
                        made_from: None,
                        broken: false,
                        tags: None,
                        extras: Fitting::default(),
                    };
                    for desired in &desires {
                        check(desired, &observed);
                        seen += 1;
                    }
                }
            }
        }
    }
    seen
}

fn is_ready(observed: &Observed) -> bool {
    matches!(observed.backend, BackendView::Ready { .. })
}

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

/// Statuses an object may have had before, with and without an identity.
fn statuses() -> [Status; 2] {
    let known = Status {
        observed_generation: 2,
        instance_name: Some("cyclades-0".into()),
        instance_uuid: Some("an older instance".into()),
        node: Some("node0".into()),
        power: Some(ObservedPower::Running),
        applied: Some(PowerState::Running),
        shape: Some(shape(1)),
        flavor: Some("small".into()),
        image: None,
        rescue: None,
        own_boot: None,
        restart_required: false,
        extras: None,
        last_action: None,
        verdicts: Vec::new(),
    };
    [Status::default(), known]
}

fn status_of(status: &Status, kind: ConditionType) -> Option<bool> {
    status.verdict(kind).and_then(|verdict| verdict.status)
}

/// kstatus: at most one of the three holds, and Stalled exactly where nobody but a person goes on.
fn stands_for_one_thing(decision: &Decision, status: &Status) {
    let kinds = [ConditionType::Ready, ConditionType::Reconciling, ConditionType::Stalled];
    let holding: Vec<_> = kinds.into_iter().filter(|kind| status_of(status, *kind) == Some(true)).collect();
    assert!(holding.len() <= 1, "{holding:?} for {decision:?}");
    let stalled = matches!(decision, Decision::Stall { .. });
    assert_eq!(status_of(status, ConditionType::Stalled), Some(stalled), "{decision:?}");
    let comes_back = matches!(
        decision,
        Decision::Act(_) | Decision::Progress { .. } | Decision::Held { .. } | Decision::Gone
    );
    assert!(!comes_back || status_of(status, ConditionType::Reconciling) == Some(true), "{decision:?}");
}

fn tells_the_truth(desired: &Desired, observed: &Observed, before: &Status, drifted: bool) {
    let decision = plan(desired, observed);
    let status = report(desired, observed, &decision, before, None);
    let context = || format!("{decision:?} {observed:?} {status:?}");
    stands_for_one_thing(&decision, &status);
    let as_declared = decision == Decision::Settled && !drifted;
    assert_eq!(status_of(&status, ConditionType::Ready), Some(as_declared), "{}", context());
    let being_made = matches!(observed.job, Some((JobStep::Create, _)));
    let there =
        !being_made && matches!(&observed.presence, Presence::Present(instance) if !instance.half_made);
    let identity = status.instance_uuid.as_deref() == Some(UUID);
    assert_eq!(identity, there, "what is half made or being made is no machine yet: {}", context());
    assert_eq!(status_of(&status, ConditionType::InSync), there.then_some(!drifted), "{}", context());
    let placed = observed.backend != BackendView::Unplaced;
    assert_eq!(status_of(&status, ConditionType::Placed), Some(placed), "{}", context());
    assert_eq!(status.observed_generation, desired.generation);
    let kinds: BTreeSet<_> = status.verdicts.iter().map(|verdict| verdict.kind).collect();
    assert_eq!(kinds.len(), 5, "each condition once: {}", context());
    assert!(status.verdicts.iter().all(|verdict| !verdict.message.is_empty()), "{}", context());
    assert!(
        before.instance_uuid.is_none() || status.instance_uuid.is_some(),
        "an identity is lost: {}",
        context()
    );
    let again = report(desired, observed, &decision, &status, None);
    assert_eq!(again, status, "a second report of the same says something else: {}", context());
}

#[test]
fn every_report_tells_the_truth_once() {
    let statuses = statuses();
    everything(|desired, observed| {
        tells_the_truth(desired, observed, &statuses[usize::from(observed.was_created)], false)
    });
}

#[test]
fn drift_is_shown_and_is_not_ready() {
    let statuses = statuses();
    everything(|desired, observed| {
        let (none, some) = (observed.job.is_none(), observed.setback.is_none());
        // What else stands in the way is looked at above.
        if none && some && is_ready(observed) {
            let observed = Observed { shape: Some(shape(2)), ..observed.clone() };
            tells_the_truth(desired, &observed, &statuses[1], true);
        }
    });
}

#[test]
fn a_drifted_machine_says_which_fields() {
    let desired = desires().remove(0);
    let observed = Observed {
        finalizer: true,
        backend: BackendView::Ready { name: "a".into() },
        presence: Presence::Present(Instance { memory_mib: 512, ..instance(Power::Running, false) }),
        was_created: true,
        applied: Some(PowerState::Running),
        job: None,
        setback: None,
        crash_pause: false,
        shape: Some(shape(2)),
        flavor: Some("small".into()),
        resize: None,
        request: None,
        rescue: None,
        image: "debian".into(),
        made_from: None,
        broken: false,
        tags: None,
        extras: Fitting::default(),
    };
    let status = report(&desired, &observed, &plan(&desired, &observed), &Status::default(), None);
    let in_sync = status.verdict(ConditionType::InSync).unwrap();
    assert_eq!(
        &*in_sync.message,
        "vcpus: declared 2, Ganeti has 1; memory: declared 256 MiB, Ganeti has 512 MiB"
    );
    assert_eq!(in_sync.reason, Reason::Drifted);
}

#[test]
fn what_went_wrong_before_does_not_matter_to_a_machine_that_is_well() {
    let desired = desires().remove(0);
    for setback in setbacks() {
        let observed = Observed {
            finalizer: true,
            backend: BackendView::Ready { name: "a".into() },
            presence: Presence::Present(instance(Power::Running, false)),
            was_created: true,
            applied: Some(PowerState::Running),
            job: None,
            setback,
            crash_pause: true,
            shape: Some(shape(1)),
            flavor: Some("small".into()),
            resize: None,
            request: None,
            rescue: None,
            image: "debian".into(),
            made_from: None,
            broken: false,
            tags: None,
            extras: Fitting::default(),
        };
        assert_eq!(plan(&desired, &observed), Decision::Settled, "{observed:?}");
    }
}
