//! A machine, its object and its operator, beside a small Ganeti.

use std::sync::Arc;

use cyclades_crds::{
    condition::{ConditionType, Reason},
    virtual_machine::{
        ActionResult, ActionType, DeletionPolicy, DriftPolicy, OnMissing, PowerPolicy, PowerState,
        RescuePolicy, ResizePolicy, Shape,
    },
};
use cyclades_domain::{
    power::Power,
    reason::JobStep,
    vm::{
        BackendView, Boot, Decision, Desired, Extras, Fitting, Instance, Observed, OwnBoot, Presence,
        Request, Rescue, Resize, Stage, Status, Step, TagChange, plan, report,
    },
};

/// Passes within which a machine comes to rest.
pub const REST_WITHIN: usize = 12;

/// A shape of so many CPUs.
pub fn shape(vcpus: u32, disk_mib: u64) -> Arc<Shape> {
    Arc::new(Shape { vcpus, memory_mib: 256 * u64::from(vcpus), disk_mib, disk_template: "file".into() })
}

/// A machine, its object and its operator.
#[derive(Clone)]
pub struct Story {
    pub desired: Desired,
    pub flavor: (Arc<str>, Arc<Shape>),
    pub action: Option<(Arc<str>, ActionType)>,
    /// The image of the rescue that the spec asks for; its medium is at `/iso/` and its name.
    pub rescue: Option<Arc<str>>,
    /// What the guest booted from when it was started.
    pub booted: Boot,
    /// The image that the spec names.
    pub image: Arc<str>,
    /// The image that is on the system disk; `None` for what a failed installation has left.
    pub disk: Option<Arc<str>>,
    /// The next job of this kind fails: before it changes anything, or half-way.
    pub fails: Option<(JobStep, Stage)>,
    pub status: Status,
    pub instance: Option<Instance>,
    /// Whether the instance still carries our tags.
    pub tagged: bool,
    pub has_tags: Vec<Box<str>>,
    pub wanted_tags: Vec<Box<str>>,
    /// What it declares beside its flavor, and what Ganeti said of the last disk that was plugged in.
    pub extras: Fitting,
    /// What the operator remembers of the action.
    pub memory: Option<(Arc<str>, Stage)>,
    pub finalizer: bool,
    pub jobs: Vec<JobStep>,
}

impl Story {
    /// A machine that runs, as declared.
    pub fn running() -> Self {
        let shape = shape(1, 1024);
        let mut story = Self {
            desired: Desired {
                deleting: false,
                paused: false,
                namespace_paused: false,
                observe: false,
                adopts: false,
                protected: false,
                suspended: false,
                generation: 2,
                power: PowerState::Running,
                power_policy: PowerPolicy::Follow,
                on_missing: OnMissing::Stall,
                resize_policy: ResizePolicy::WhenStopped,
                rescue_policy: RescuePolicy::WhenStopped,
                drift_policy: DriftPolicy::Report,
                deletion: DeletionPolicy::Delete,
            },
            flavor: ("small".into(), Arc::clone(&shape)),
            action: None,
            rescue: None,
            booted: Boot::Own,
            image: "debian".into(),
            disk: Some("debian".into()),
            fails: None,
            status: Status { shape: Some(shape), flavor: Some("small".into()), ..Status::default() },
            instance: Some(Instance {
                name: "cyclades-1".into(),
                uuid: "u".into(),
                node: "node1".into(),
                power: Power::Running,
                vcpus: 1,
                memory_mib: 256,
                disk_mib: 1024,
                boot: Boot::Own,
                extras: None,
                can_plug: false,
                half_made: false,
            }),
            tagged: true,
            has_tags: Vec::new(),
            wanted_tags: Vec::new(),
            extras: Fitting::default(),
            memory: None,
            finalizer: true,
            jobs: Vec::new(),
        };
        story.rest();
        assert!(story.jobs.is_empty() && story.ready(), "{:?}", story.status);
        story
    }

    pub fn resize(&self) -> Option<Resize> {
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

    pub fn rescue(&self) -> Option<Rescue> {
        match (&self.rescue, &self.status.rescue) {
            (Some(image), before) => Some(Rescue::From {
                image: Arc::clone(image),
                location: format!("/iso/{image}").into(),
                noted: before.as_ref() == Some(image),
            }),
            (None, Some(_)) => Some(Rescue::Over),
            (None, None) => None,
        }
    }

    pub fn request(&self) -> Option<Request> {
        let ours = |id: &Arc<str>| {
            self.memory.as_ref().filter(|(ours, _)| ours == id).map_or(Stage::Orphaned, |(_, stage)| *stage)
        };
        let request =
            |id: &Arc<str>, kind, stage| Some(Request { id: Arc::clone(id), kind, stage, last_job: 7 });
        if let Some(last) = self.status.last_action.as_deref().filter(|last| last.is_unfinished_rebuild()) {
            let asked = self.action.as_ref().is_some_and(|(id, _)| *id == last.id);
            let stage = match ours(&last.id) {
                Stage::Taken | Stage::Prepared if !asked => Stage::Withdrawn,
                stage => stage,
            };
            return request(&last.id, ActionType::Rebuild, stage);
        }
        let (id, kind) = self.action.as_ref()?;
        let stage = match self.status.last_action.as_deref().filter(|last| last.id == *id) {
            Some(last) if last.result == ActionResult::Taken => ours(id),
            Some(_) => return None,
            None => Stage::New,
        };
        request(id, *kind, stage)
    }

    pub fn observed(&self) -> Observed {
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
            rescue: self.rescue(),
            image: Arc::clone(&self.image),
            made_from: None,
            broken: self.status.is_broken(),
            tags: TagChange::between(&self.has_tags, &self.wanted_tags),
            extras: Fitting { applied: self.status.extras.clone(), ..self.extras.clone() },
            nics: None,
        }
    }

    /// One pass; whether anything happened.
    pub fn pass(&mut self) -> bool {
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
        if let (Decision::Act(Step::Record(_)), Some(last)) = (&decision, &self.status.last_action)
            && last.result == ActionResult::Taken
        {
            self.memory = Some((Arc::clone(&last.id), Stage::Taken));
        }
        assert!(
            changed || !matches!(decision, Decision::Act(_)),
            "a step that changes nothing: {decision:?}"
        );
        changed
    }

    pub fn succeed(&mut self, job: JobStep) {
        self.jobs.push(job);
        self.refit(job);
        if self.failed(job) {
            return;
        }
        let tags = TagChange::between(&self.has_tags, &self.wanted_tags);
        let (_, shape) = &self.flavor;
        let (rescue, own) = (self.rescue.clone(), self.status.own_boot.clone());
        let instance = self.instance.as_mut().unwrap();
        match job {
            JobStep::SetOs => {
                let (id, _) = self.memory.take().unwrap();
                self.memory = Some((id, Stage::Prepared));
            }
            JobStep::Reinstall => {
                assert_eq!(instance.power, Power::Stopped, "a running guest is left alone");
                let last = self.status.last_action.clone().unwrap();
                self.disk.clone_from(&last.image);
                self.memory = Some((Arc::clone(&last.id), Stage::Done));
            }
            JobStep::Start => {
                instance.power = Power::Running;
                self.booted = instance.boot.clone();
            }
            JobStep::SetBoot => {
                assert_eq!(instance.power, Power::Stopped, "a running guest is left alone");
                let medium = rescue.map(|image| format!("/iso/{image}"));
                instance.extras = boots(instance.extras.as_deref(), medium.as_deref(), own.as_deref());
                instance.boot = medium.map_or(Boot::Own, |medium| Boot::Medium(medium.into()));
            }
            JobStep::Stop => instance.power = Power::Stopped,
            JobStep::Modify => {
                assert_eq!(instance.power, Power::Stopped, "a running guest is left alone");
                (instance.vcpus, instance.memory_mib) = (shape.vcpus, shape.memory_mib);
            }
            JobStep::AddDisk | JobStep::GrowDisk => {
                assert!(
                    instance.can_plug || instance.power == Power::Stopped,
                    "the guest takes none as it runs"
                );
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

    /// Whether the job is one that fails, and what comes of that.
    fn failed(&mut self, job: JobStep) -> bool {
        let Some((_, stage)) = self.fails.take_if(|(step, _)| *step == job) else { return false };
        let (id, _) = self.memory.take().unwrap();
        self.memory = Some((id, stage));
        if stage == Stage::Failed {
            self.disk = None;
        }
        true
    }

    /// What a job makes of the instance's extras.
    fn refit(&mut self, job: JobStep) {
        let observed = self.observed();
        let instance = self.instance.as_mut().unwrap();
        if matches!(job, JobStep::Modify | JobStep::AddDisk | JobStep::GrowDisk) {
            let due = observed.due(&self.desired, instance);
            instance.extras = due.after(job, instance.extras.as_deref());
        }
    }

    pub fn rest(&mut self) {
        for _ in 0..REST_WITHIN {
            if !self.pass() {
                return;
            }
        }
        panic!("it does not come to rest: {:?} {:?}", self.jobs, self.status);
    }

    /// The operator is killed after so many passes and another one begins.
    pub fn rest_after_a_crash(&mut self, passes: usize) {
        for _ in 0..passes {
            if !self.pass() {
                return;
            }
        }
        self.memory = None;
        self.rest();
    }

    pub fn told(&self, kind: ConditionType) -> (Option<bool>, Reason) {
        let verdict = self.status.verdict(kind).unwrap();
        (verdict.status, verdict.reason)
    }

    pub fn ready(&self) -> bool {
        self.told(ConditionType::Ready).0 == Some(true)
    }

    pub fn power(&self) -> Power {
        self.instance.as_ref().unwrap().power
    }

    pub fn last(&self) -> Option<ActionResult> {
        self.status.last_action.as_ref().map(|last| last.result)
    }
}

/// What an instance has after it was told what to boot from: a medium, or what it had of its own before.
fn boots(has: Option<&Extras>, medium: Option<&str>, own: Option<&OwnBoot>) -> Option<Arc<Extras>> {
    let mut extras = has.cloned().unwrap_or_default();
    let (order, path) = match medium {
        Some(medium) => (Some("cdrom"), Some(medium)),
        None => (
            own.and_then(|own| own.boot_order.as_deref()),
            own.and_then(|own| own.cdrom_image_path.as_deref()),
        ),
    };
    for (name, value) in [("boot_order", order), ("cdrom_image_path", path)] {
        match value {
            Some(value) => extras.parameters.insert(name.into(), value.into()),
            None => extras.parameters.remove(name),
        };
    }
    (!extras.is_empty()).then(|| Arc::new(extras))
}
