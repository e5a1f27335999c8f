//! What is done to a machine that exists: another flavor, an action, a suspension, a protection, letting it go. Each is
//! played to its end against a small Ganeti, with the operator killed between any two steps.

#![allow(clippy::unwrap_used)] // functions that only tests call

use std::sync::Arc;

use cyclades_crds::{
    condition::{ConditionType, Reason},
    virtual_machine::{
        ActionResult, ActionType, DeletionPolicy, DriftPolicy, OnMissing, PowerPolicy, PowerState,
        ResizePolicy, Shape,
    },
};
use cyclades_domain::{
    naming::JobStep,
    power::Power,
    vm::{
        BackendView, Decision, Desired, Instance, Observed, Presence, Request, Resize, Stage, Status, Step,
        TagChange, plan, report,
    },
};

/// Passes within which a machine comes to rest.
const REST_WITHIN: usize = 12;

fn shape(vcpus: u32, disk_mib: u64) -> Arc<Shape> {
    Arc::new(Shape { vcpus, memory_mib: 256 * u64::from(vcpus), disk_mib, disk_template: "file".into() })
}

/// A machine, its object and its operator.
#[derive(Clone)]
struct Story {
    desired: Desired,
    flavor: (Arc<str>, Arc<Shape>),
    action: Option<(Arc<str>, ActionType)>,
    status: Status,
    instance: Option<Instance>,
    /// Whether the instance still carries our tags.
    tagged: bool,
    has_tags: Vec<Box<str>>,
    wanted_tags: Vec<Box<str>>,
    /// What the operator remembers of the action.
    memory: Option<(Arc<str>, Stage)>,
    finalizer: bool,
    jobs: Vec<JobStep>,
}

impl Story {
    /// A machine that runs, as declared.
    fn running() -> Self {
        let shape = shape(1, 1024);
        let mut story = Self {
            desired: Desired {
                deleting: false,
                paused: false,
                observe: false,
                adopts: false,
                protected: false,
                suspended: false,
                generation: 2,
                power: PowerState::Running,
                power_policy: PowerPolicy::Follow,
                on_missing: OnMissing::Stall,
                resize_policy: ResizePolicy::WhenStopped,
                drift_policy: DriftPolicy::Report,
                deletion: DeletionPolicy::Delete,
            },
            flavor: ("small".into(), Arc::clone(&shape)),
            action: None,
            status: Status { shape: Some(shape), flavor: Some("small".into()), ..Status::default() },
            instance: Some(Instance {
                name: "cyclades-1".into(),
                uuid: "u".into(),
                node: "node1".into(),
                power: Power::Running,
                vcpus: 1,
                memory_mib: 256,
                disk_mib: 1024,
                half_made: false,
            }),
            tagged: true,
            has_tags: Vec::new(),
            wanted_tags: Vec::new(),
            memory: None,
            finalizer: true,
            jobs: Vec::new(),
        };
        story.rest();
        assert!(story.jobs.is_empty() && story.ready(), "{:?}", story.status);
        story
    }

    fn resize(&self) -> Option<Resize> {
        let (flavor, to) = &self.flavor;
        if self.status.flavor.as_ref() == Some(flavor) {
            return None;
        }
        let from = self.status.shape.as_ref()?;
        Some(match cyclades_domain::shape::refusal(from, to) {
            None => Resize::To { flavor: Arc::clone(flavor), shape: Arc::clone(to) },
            Some(why) => Resize::Refused { reason: Reason::ResizeRefused, message: why.into() },
        })
    }

    fn request(&self) -> Option<Request> {
        let (id, kind) = self.action.clone()?;
        let stage = match &self.status.last_action {
            Some((last, ActionResult::Taken)) if *last == id => self
                .memory
                .as_ref()
                .filter(|(ours, _)| *ours == id)
                .map_or(Stage::Orphaned, |(_, stage)| *stage),
            Some((last, _)) if *last == id => return None,
            _ => Stage::New,
        };
        Some(Request { id, kind, stage })
    }

    fn observed(&self) -> Observed {
        let presence = match (&self.instance, self.tagged) {
            (Some(instance), true) => Presence::Present(instance.clone()),
            (Some(instance), false) if self.desired.adopts => Presence::Orphan(instance.clone()),
            (Some(instance), false) => Presence::NameTaken { name: Arc::clone(&instance.name) },
            (None, _) => Presence::Absent,
        };
        Observed {
            finalizer: self.finalizer,
            backend: BackendView::Ready { name: "a".into() },
            presence,
            was_created: self.status.instance_uuid.is_some(),
            applied: self.status.applied,
            job: None,
            setback: None,
            crash_pause: false,
            shape: self.status.shape.clone(),
            flavor: self.status.flavor.clone(),
            resize: self.resize(),
            request: self.request(),
            tags: TagChange::between(&self.has_tags, &self.wanted_tags),
        }
    }

    /// One pass; whether anything happened.
    fn pass(&mut self) -> bool {
        let observed = self.observed();
        let decision = plan(&self.desired, &observed);
        match &decision {
            Decision::Act(Step::Submit { job, uuid }) => {
                assert_eq!(uuid.as_deref(), Some("u"), "every job says which instance is meant");
                self.succeed(*job);
                return true;
            }
            Decision::Act(Step::Release) => {
                self.finalizer = false;
                return false;
            }
            Decision::Act(Step::Guard) => {
                self.finalizer = true;
                return true;
            }
            _ => {}
        }
        let status = report(&self.desired, &observed, &decision, &self.status, None);
        let changed = status != self.status;
        self.status = status;
        if let (Decision::Act(Step::Record(_)), Some((id, ActionResult::Taken))) =
            (&decision, &self.status.last_action)
        {
            self.memory = Some((Arc::clone(id), Stage::Taken));
        }
        assert!(
            changed || !matches!(decision, Decision::Act(_)),
            "a step that changes nothing: {decision:?}"
        );
        changed
    }

    fn succeed(&mut self, job: JobStep) {
        self.jobs.push(job);
        let tags = TagChange::between(&self.has_tags, &self.wanted_tags);
        let (_, shape) = &self.flavor;
        let instance = self.instance.as_mut().unwrap();
        match job {
            JobStep::Start => instance.power = Power::Running,
            JobStep::Stop => instance.power = Power::Stopped,
            JobStep::Modify => {
                assert_eq!(instance.power, Power::Stopped, "a running guest is left alone");
                (instance.vcpus, instance.memory_mib) = (shape.vcpus, shape.memory_mib);
            }
            JobStep::Grow => {
                assert_eq!(instance.power, Power::Stopped, "a running guest is left alone");
                assert!(shape.disk_mib > instance.disk_mib, "disks never shrink");
                instance.disk_mib = shape.disk_mib;
            }
            JobStep::RebootSoft | JobStep::RebootHard => {
                let (id, _) = self.action.clone().unwrap();
                self.memory = Some((id, Stage::Done));
            }
            JobStep::Detach => self.tagged = false,
            JobStep::Adopt => self.tagged = true,
            JobStep::Tag | JobStep::Untag => match tags.unwrap() {
                TagChange::Add(more) => self.has_tags.extend(more),
                TagChange::Remove(less) => self.has_tags.retain(|tag| !less.contains(tag)),
            },
            JobStep::Remove => self.instance = None,
            JobStep::Create => panic!("nobody asked for another machine"),
        }
    }

    fn rest(&mut self) {
        for _ in 0..REST_WITHIN {
            if !self.pass() {
                return;
            }
        }
        panic!("it does not come to rest: {:?} {:?}", self.jobs, self.status);
    }

    /// The operator is killed after so many passes and another one begins.
    fn rest_after_a_crash(&mut self, passes: usize) {
        for _ in 0..passes {
            if !self.pass() {
                return;
            }
        }
        self.memory = None;
        self.rest();
    }

    fn told(&self, kind: ConditionType) -> (Option<bool>, Reason) {
        let verdict = self.status.verdict(kind).unwrap();
        (verdict.status, verdict.reason)
    }

    fn ready(&self) -> bool {
        self.told(ConditionType::Ready).0 == Some(true)
    }

    fn power(&self) -> Power {
        self.instance.as_ref().unwrap().power
    }

    fn last(&self) -> Option<ActionResult> {
        self.status.last_action.as_ref().map(|(_, result)| *result)
    }
}

#[test]
fn another_flavor_waits_for_a_stop() {
    let mut story = Story::running();
    story.flavor = ("big".into(), shape(2, 2048));
    story.rest();
    assert_eq!(story.jobs, [], "the running guest is left alone");
    assert_eq!(story.told(ConditionType::InSync), (Some(false), Reason::ResizePending));
    assert!(!story.ready());
    story.desired.power = PowerState::Stopped;
    story.rest();
    assert_eq!(story.jobs, [JobStep::Stop, JobStep::Modify, JobStep::Grow]);
    assert!(story.ready());
    assert_eq!(story.status.flavor.as_deref(), Some("big"));
    assert_eq!(story.status.shape, Some(shape(2, 2048)));
}

#[test]
fn a_restart_for_another_flavor_survives_every_crash() {
    for passes in 0..REST_WITHIN {
        let mut story = Story::running();
        story.flavor = ("big".into(), shape(2, 2048));
        story.desired.resize_policy = ResizePolicy::Restart;
        story.rest_after_a_crash(passes);
        assert_eq!(story.jobs, [JobStep::Stop, JobStep::Modify, JobStep::Grow, JobStep::Start], "{passes}");
        assert!(story.ready() && story.power() == Power::Running, "{passes}: {:?}", story.status);
    }
}

#[test]
fn the_old_flavor_again_means_nothing_is_done() {
    let mut story = Story::running();
    story.flavor = ("big".into(), shape(2, 2048));
    story.rest();
    story.flavor = ("small".into(), shape(1, 1024));
    story.rest();
    assert_eq!(story.jobs, []);
    assert!(story.ready());
}

#[test]
fn a_disk_never_shrinks() {
    let mut story = Story::running();
    story.flavor = ("tiny".into(), shape(1, 512));
    story.desired.resize_policy = ResizePolicy::Restart;
    story.rest();
    assert_eq!(story.told(ConditionType::Stalled), (Some(true), Reason::ResizeRefused));
    story.desired.power = PowerState::Stopped;
    story.rest();
    assert_eq!(story.jobs, [JobStep::Stop], "its power is looked after all the same");
}

#[test]
fn an_action_is_done_at_most_once_through_any_crash() {
    for passes in 0..REST_WITHIN {
        let mut story = Story::running();
        story.action = Some(("1".into(), ActionType::RebootHard));
        story.rest_after_a_crash(passes);
        assert!(story.jobs.len() <= 1, "{passes}: {:?}", story.jobs);
        match story.last() {
            Some(ActionResult::Done) => assert_eq!(story.jobs, [JobStep::RebootHard]),
            Some(ActionResult::Unknown) => {}
            other => panic!("{passes}: {other:?}"),
        }
        let before = story.jobs.len();
        story.rest();
        assert_eq!(story.jobs.len(), before, "the same id is not done again");
        assert!(story.ready(), "{passes}");
        story.action = Some(("2".into(), ActionType::RebootSoft));
        story.rest();
        assert_eq!(story.jobs.last(), Some(&JobStep::RebootSoft), "another id is another action");
        assert_eq!(story.last(), Some(ActionResult::Done));
    }
}

#[test]
fn an_action_that_came_with_the_machine_is_not_done() {
    let mut story = Story::running();
    story.status = Status { instance_uuid: None, ..Status::default() };
    story.status.flavor = Some("small".into());
    story.action = Some(("from-git".into(), ActionType::RebootHard));
    story.rest();
    assert_eq!((story.jobs.len(), story.last()), (0, Some(ActionResult::Baseline)));
}

#[test]
fn what_does_not_run_is_not_rebooted() {
    let mut story = Story::running();
    story.desired.power = PowerState::Stopped;
    story.rest();
    story.action = Some(("1".into(), ActionType::RebootHard));
    story.rest();
    assert_eq!(story.last(), Some(ActionResult::Declined));
    story.desired.power = PowerState::Running;
    story.rest();
    assert_eq!(story.jobs, [JobStep::Stop, JobStep::Start], "it is not made up for");
}

#[test]
fn a_suspended_machine_is_stopped_until_it_is_released() {
    let mut story = Story::running();
    story.desired.suspended = true;
    story.rest();
    assert_eq!((story.power(), story.ready()), (Power::Stopped, false));
    assert_eq!(story.told(ConditionType::Ready).1, Reason::Suspended);
    story.instance.as_mut().unwrap().power = Power::Running;
    story.rest();
    assert_eq!(story.power(), Power::Stopped, "whoever starts it in Ganeti");
    story.action = Some(("1".into(), ActionType::RebootHard));
    story.rest();
    assert_eq!(story.last(), Some(ActionResult::Declined));
    story.desired.suspended = false;
    story.rest();
    assert!(story.ready() && story.power() == Power::Running);
}

#[test]
fn a_machine_that_was_stopped_stays_so_after_a_suspension() {
    let mut story = Story::running();
    story.desired.power = PowerState::Stopped;
    story.rest();
    story.desired.suspended = true;
    story.rest();
    story.desired.suspended = false;
    story.rest();
    assert_eq!((story.power(), story.ready()), (Power::Stopped, true));
}

#[test]
fn a_protected_machine_outlives_the_deletion_of_its_object() {
    let mut story = Story::running();
    (story.desired.deleting, story.desired.protected) = (true, true);
    story.rest();
    assert_eq!((story.jobs.len(), story.finalizer), (0, true));
    assert_eq!(story.told(ConditionType::Ready).1, Reason::Protected);
    story.desired.protected = false;
    story.rest();
    assert_eq!((story.jobs.as_slice(), story.finalizer), (&[JobStep::Remove][..], false));
}

#[test]
fn a_detached_instance_stays() {
    for passes in 0..REST_WITHIN {
        let mut story = Story::running();
        (story.desired.deleting, story.desired.deletion) = (true, DeletionPolicy::Detach);
        story.rest_after_a_crash(passes);
        assert_eq!((story.jobs.as_slice(), story.finalizer), (&[JobStep::Detach][..], false), "{passes}");
        assert!(story.instance.is_some() && story.power() == Power::Running);
    }
}

/// An object that names an instance which runs and is nobody's.
fn newcomer() -> Story {
    let mut story = Story::running();
    story.status = Status { flavor: Some("small".into()), ..Status::default() };
    story.status.shape = Some(shape(1, 1024));
    (story.tagged, story.finalizer, story.desired.adopts) = (false, false, true);
    story
}

#[test]
fn an_instance_is_taken_over_with_its_tags_alone() {
    for passes in 0..REST_WITHIN {
        let mut story = newcomer();
        story.action = Some(("from-git".into(), ActionType::RebootHard));
        story.rest_after_a_crash(passes);
        assert_eq!(story.jobs, [JobStep::Adopt], "{passes}");
        assert!(story.ready() && story.finalizer && story.power() == Power::Running);
        assert_eq!(story.last(), Some(ActionResult::Baseline));
    }
}

#[test]
fn what_is_to_be_taken_over_is_never_created() {
    let mut story = newcomer();
    story.instance = None;
    story.rest();
    assert_eq!(story.told(ConditionType::Ready), (Some(false), Reason::InstanceNotFound));
    assert_eq!((story.jobs.len(), story.finalizer), (0, false));
}

#[test]
fn what_is_only_looked_at_is_left_alone() {
    let mut story = newcomer();
    story.desired.observe = true;
    story.desired.power = PowerState::Stopped;
    story.action = Some(("1".into(), ActionType::RebootHard));
    story.flavor = ("big".into(), shape(2, 2048));
    story.rest();
    assert_eq!((story.jobs.len(), story.finalizer), (0, false));
    assert_eq!(story.told(ConditionType::Ready), (Some(false), Reason::Observed));
    assert_eq!(story.status.power, Some(cyclades_crds::virtual_machine::ObservedPower::Running));
    story.desired.deleting = true;
    story.rest();
    assert!(story.jobs.is_empty() && story.instance.is_some(), "nor is it removed");
    (story.desired.deleting, story.desired.observe) = (false, false);
    story.desired.power = PowerState::Running;
    story.flavor = ("small".into(), shape(1, 1024));
    story.rest();
    assert_eq!(story.jobs, [JobStep::Adopt], "until it is managed");
    assert!(story.ready());
}

#[test]
fn a_machine_that_was_managed_is_left_alone_when_it_is_only_looked_at() {
    let mut story = Story::running();
    story.desired.observe = true;
    story.instance.as_mut().unwrap().power = Power::Stopped;
    story.desired.power_policy = PowerPolicy::Enforce;
    story.rest();
    story.desired.deleting = true;
    story.rest();
    assert_eq!((story.jobs.len(), story.finalizer), (0, false));
    assert!(story.instance.is_some());
}

/// An administrator gives the machine more memory.
fn enlarged(policy: DriftPolicy) -> Story {
    let mut story = Story::running();
    story.desired.drift_policy = policy;
    story.instance.as_mut().unwrap().memory_mib = 512;
    story.rest();
    story
}

#[test]
fn what_an_administrator_changes_is_reported_accepted_or_corrected() {
    let story = enlarged(DriftPolicy::Report);
    assert_eq!((story.jobs.len(), story.told(ConditionType::Ready)), (0, (Some(false), Reason::Drifted)));

    let story = enlarged(DriftPolicy::Accept);
    assert_eq!((story.jobs.len(), story.ready()), (0, true));
    assert_eq!(story.told(ConditionType::InSync), (Some(false), Reason::Drifted));

    let mut story = enlarged(DriftPolicy::Correct);
    assert_eq!((story.jobs.len(), story.told(ConditionType::Ready).1), (0, Reason::ResizePending));
    story.desired.power = PowerState::Stopped;
    story.rest();
    assert_eq!(story.jobs, [JobStep::Stop, JobStep::Modify]);
    assert!(story.ready() && story.instance.as_ref().unwrap().memory_mib == 256);
}

#[test]
fn a_correction_restarts_the_guest_where_that_is_wanted() {
    for passes in 0..REST_WITHIN {
        let mut story = Story::running();
        (story.desired.drift_policy, story.desired.resize_policy) =
            (DriftPolicy::Correct, ResizePolicy::Restart);
        story.instance.as_mut().unwrap().vcpus = 4;
        story.rest_after_a_crash(passes);
        assert_eq!(story.jobs, [JobStep::Stop, JobStep::Modify, JobStep::Start], "{passes}");
        assert!(story.ready());
    }
}

#[test]
fn the_words_of_the_owner_are_put_on_and_taken_off_while_the_guest_runs() {
    let mut story = Story::running();
    story.wanted_tags = vec!["cyclades:user:a".into(), "cyclades:user:b".into()];
    story.rest();
    story.wanted_tags = vec!["cyclades:user:b".into()];
    story.rest();
    assert_eq!(story.jobs, [JobStep::Tag, JobStep::Untag]);
    assert_eq!(story.has_tags, story.wanted_tags);
    assert!(story.ready() && story.power() == Power::Running);
}
