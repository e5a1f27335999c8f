//! Everything that a machine can be.

use std::sync::Arc;

use cyclades_crds::{
    condition::Reason,
    virtual_machine::{
        DeletionPolicy, DriftPolicy, OnMissing, PowerPolicy, PowerState, RescuePolicy, ResizePolicy, Shape,
    },
};
use cyclades_domain::{
    power::Power,
    reason::JobStep,
    vm::{BackendView, Boot, Desired, Fitting, Instance, Observed, Presence, Setback},
};

pub const UUID: &str = "4d2f0e4c-0000-4000-8000-000000000001";
pub const STEPS: [JobStep; 4] = [JobStep::Create, JobStep::Start, JobStep::Stop, JobStep::Remove];
pub const POWERS: [Power; 4] = [Power::Running, Power::Stopped, Power::Crashed, Power::Unknown];
pub const WISHES: [PowerState; 2] = [PowerState::Running, PowerState::Stopped];
pub const BOTH: [bool; 2] = [false, true];

pub fn shape(vcpus: u32) -> Arc<Shape> {
    Arc::new(Shape { vcpus, memory_mib: 256, disk_mib: 0, disk_template: "diskless".into() })
}

pub fn instance(power: Power, half_made: bool) -> Instance {
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

pub fn desires() -> Vec<Desired> {
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

pub fn presences() -> Vec<Presence> {
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

pub fn setbacks() -> Vec<Option<Setback>> {
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
pub fn everything(mut check: impl FnMut(&Desired, &Observed)) -> usize {
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
                        ..well()
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

pub fn is_ready(observed: &Observed) -> bool {
    matches!(observed.backend, BackendView::Ready { .. })
}

/// A machine that runs as declared.
pub fn well() -> Observed {
    Observed {
        finalizer: true,
        backend: BackendView::Ready { name: "a".into() },
        presence: Presence::Present(instance(Power::Running, false)),
        was_created: true,
        applied: Some(PowerState::Running),
        job: None,
        setback: None,
        crash_pause: false,
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
        nics: None,
    }
}
