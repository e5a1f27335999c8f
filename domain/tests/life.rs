//! A machine's life as a small model: the planner decides, Ganeti answers well or badly, the operator is killed between
//! any two steps, people interfere. Every state that can be reached is visited.

use std::collections::{HashSet, VecDeque};

use cyclades_crds::{
    condition::Reason,
    virtual_machine::{
        DeletionPolicy, DriftPolicy, OnMissing, PowerPolicy, PowerState, RescuePolicy, ResizePolicy,
    },
};
use cyclades_domain::{
    power::Power,
    reason::JobStep,
    vm::{BackendView, Boot, Decision, Desired, Fitting, Instance, Observed, Presence, Setback, Step, plan},
};

/// Steps within which a machine that nobody disturbs any more comes to rest.
const REST_WITHIN: usize = 16;
/// Failures and deeds of others in one life.
const TROUBLES: u8 = 3;

/// An instance as it really is in Ganeti.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Real {
    number: u8,
    power: Power,
    half_made: bool,
}

/// A setback that the operator remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Trouble {
    Passing,
    Permanent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct World {
    // The object.
    exists: bool,
    finalizer: bool,
    placed: bool,
    deleting: bool,
    wish: PowerState,
    policy: PowerPolicy,
    on_missing: OnMissing,
    /// Number of the instance in its status.
    created: Option<u8>,
    applied: Option<PowerState>,
    // Ganeti.
    real: Option<Real>,
    job: Option<JobStep>,
    made: u8,
    // What the operator remembers.
    synced: bool,
    trouble: Option<Trouble>,
    // What may still go wrong.
    left: u8,
}

impl World {
    fn new(policy: PowerPolicy, on_missing: OnMissing) -> Self {
        Self {
            exists: true,
            finalizer: false,
            placed: false,
            deleting: false,
            wish: PowerState::Running,
            policy,
            on_missing,
            created: None,
            applied: None,
            real: None,
            job: None,
            made: 0,
            synced: true,
            trouble: None,
            left: TROUBLES,
        }
    }

    fn desired(&self) -> Desired {
        Desired {
            deleting: self.deleting,
            paused: false,
            namespace_paused: false,
            observe: false,
            adopts: false,
            protected: false,
            suspended: false,
            generation: 1,
            power: self.wish,
            power_policy: self.policy,
            on_missing: self.on_missing,
            rescue_policy: RescuePolicy::WhenStopped,
            resize_policy: ResizePolicy::WhenStopped,
            drift_policy: DriftPolicy::Report,
            deletion: DeletionPolicy::Delete,
        }
    }

    fn observed(&self) -> Observed {
        let name = || "a".into();
        Observed {
            finalizer: self.finalizer,
            backend: if self.placed { BackendView::Ready { name: name() } } else { BackendView::Unplaced },
            presence: self.presence(),
            was_created: self.created.is_some(),
            applied: self.applied,
            // An operator that begins anew finds the unfinished jobs of the one before.
            job: self.job.map(|step| (step, Some(1))),
            setback: self.trouble.map(|trouble| Setback {
                reason: Reason::JobFailed,
                message: "Ganeti said no.".into(),
                permanent: trouble == Trouble::Permanent,
                holding: true,
            }),
            crash_pause: false,
            shape: None,
            flavor: None,
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

    fn presence(&self) -> Presence {
        if !self.synced {
            return Presence::Unknown;
        }
        let Some(real) = self.real else { return Presence::Absent };
        Presence::Present(Instance {
            name: "cyclades-1".into(),
            uuid: real.number.to_string().into(),
            node: "node1".into(),
            power: real.power,
            vcpus: 1,
            memory_mib: 256,
            disk_mib: 0,
            boot: Boot::Own,
            extras: None,
            can_plug: false,
            half_made: real.half_made && self.created != Some(real.number),
        })
    }

    fn decide(&self) -> Decision {
        plan(&self.desired(), &self.observed())
    }

    /// One pass of the operator, with its effect and what its status then says.
    fn pass(mut self) -> Self {
        let decision = self.decide();
        if let Some(real) = self.real.filter(|real| self.synced && !real.half_made) {
            self.created = Some(real.number);
        }
        match decision {
            Decision::Act(Step::Place) => (self.placed, self.finalizer) = (true, true),
            Decision::Act(Step::Guard) => self.finalizer = true,
            Decision::Act(Step::Release) => {
                assert_eq!(self.real, None, "let go while an instance is left: {self:?}");
                (self.finalizer, self.exists) = (false, false);
            }
            Decision::Act(Step::Submit { job, uuid }) => self.submit(job, uuid.as_deref()),
            Decision::Settled => self.applied = Some(self.wish),
            Decision::Gone => self.exists = false,
            _ => {}
        }
        self
    }

    fn submit(&mut self, job: JobStep, uuid: Option<&str>) {
        assert_eq!(self.job, None, "two jobs at once: {self:?}");
        assert!(self.finalizer && self.exists, "a job for an object that may vanish: {self:?}");
        if job == JobStep::Create {
            assert_eq!(self.real, None, "a second instance: {self:?}");
        }
        if job == JobStep::Remove {
            let real = self.real.unwrap_or_else(|| panic!("nothing to remove: {self:?}"));
            assert_eq!(uuid, Some(real.number.to_string().as_str()), "another instance is meant: {self:?}");
            assert!(self.deleting || real.half_made, "a machine is removed that nobody deleted: {self:?}");
        }
        self.job = Some(job);
    }

    /// The job ends well.
    fn succeed(mut self) -> Self {
        let running = self.wish == PowerState::Running;
        match self.job.take() {
            Some(JobStep::Create) => self.make(if running { Power::Running } else { Power::Stopped }, false),
            Some(JobStep::Start) => self.switch(Power::Running),
            Some(JobStep::Stop) => self.switch(Power::Stopped),
            Some(JobStep::Remove) => self.real = None,
            Some(other) => panic!("{other:?}, which nobody asked for: {self:?}"),
            None => {}
        }
        self.trouble = None;
        self
    }

    fn make(&mut self, power: Power, half_made: bool) {
        self.made += 1;
        self.real = Some(Real { number: self.made, power, half_made });
    }

    fn switch(&mut self, power: Power) {
        if let Some(real) = &mut self.real {
            real.power = power;
        }
    }

    /// The ways in which its job can end badly.
    fn failures(self) -> Vec<Self> {
        let Some(job) = self.job else { return Vec::new() };
        let ended = Self { job: None, left: self.left - 1, ..self };
        let mut ends = vec![
            Self { trouble: Some(Trouble::Passing), ..ended },
            Self { trouble: Some(Trouble::Permanent), ..ended },
        ];
        if job == JobStep::Create {
            let mut half_made = Self { trouble: Some(Trouble::Passing), ..ended };
            half_made.make(Power::Stopped, true);
            ends.push(half_made);
        }
        ends
    }

    /// What others may do, to the object or in Ganeti.
    fn deeds(self) -> Vec<Self> {
        let after = Self { left: self.left - 1, ..self };
        let mut deeds = vec![Self { deleting: true, trouble: None, ..after }];
        let other = if self.wish == PowerState::Running { PowerState::Stopped } else { PowerState::Running };
        // Another spec is another try.
        deeds.push(Self { wish: other, trouble: None, ..after });
        if let Some(real) = self.real.filter(|_| self.job.is_none()) {
            deeds.push(Self { real: None, ..after });
            let powers = [Power::Running, Power::Stopped, Power::Crashed];
            deeds.extend(powers.map(|power| Self { real: Some(Real { power, ..real }), ..after }));
        }
        deeds
    }

    /// The operator is killed: what it knew of Ganeti and of failures is gone. Which instances are no machines is told
    /// by Ganeti's own record of jobs.
    fn crash(self) -> Self {
        Self { synced: false, trouble: None, ..self }
    }

    /// What happens by itself, if nobody disturbs: the inventory is read, a job ends well, a setback has had its time, or
    /// the operator makes a pass.
    fn undisturbed(self) -> Self {
        if !self.synced {
            return Self { synced: true, ..self };
        }
        if self.job.is_some() {
            return self.succeed();
        }
        match (self.decide(), self.trouble) {
            (Decision::Held { .. }, _) => Self { trouble: None, ..self },
            _ => self.pass(),
        }
    }

    fn next(self) -> Vec<Self> {
        if !self.exists {
            return Vec::new();
        }
        let mut next = vec![self.pass(), self.undisturbed(), self.crash(), self.crash().undisturbed()];
        if self.job.is_some() {
            next.push(self.succeed());
        }
        if self.left > 0 {
            next.extend(self.failures());
            next.extend(self.deeds());
        }
        next
    }
}

fn lives() -> impl Iterator<Item = World> {
    [PowerPolicy::Follow, PowerPolicy::Enforce].into_iter().flat_map(|policy| {
        [OnMissing::Stall, OnMissing::Recreate].map(|on_missing| World::new(policy, on_missing))
    })
}

/// Every state that can be reached.
fn reachable() -> HashSet<World> {
    let mut seen: HashSet<World> = lives().collect();
    let mut queue: VecDeque<World> = seen.iter().copied().collect();
    while let Some(world) = queue.pop_front() {
        for next in world.next() {
            if seen.insert(next) {
                queue.push_back(next);
            }
        }
    }
    seen
}

/// Where a machine comes to rest that nobody disturbs.
fn rest(world: World) -> World {
    let mut now = world;
    for _ in 0..REST_WITHIN {
        let next = now.undisturbed();
        if next == now || !next.exists {
            return next;
        }
        now = next;
    }
    panic!("no rest within {REST_WITHIN} steps of {world:?}, at last {now:?}");
}

fn is_rest(world: World) {
    if world.deleting {
        assert!(!world.exists && world.real.is_none(), "a deleted machine stays: {world:?}");
        return;
    }
    match world.decide() {
        Decision::Settled => assert!(world.real.is_some_and(|real| real.power.is(world.wish))),
        Decision::Follow { .. } => assert_eq!(world.policy, PowerPolicy::Follow),
        Decision::Stall { reason: Reason::InstanceLost, .. } => {
            assert!(world.real.is_none() && world.created.is_some() && world.on_missing == OnMissing::Stall);
        }
        Decision::Stall { .. } => assert_eq!(world.trouble, Some(Trouble::Permanent), "{world:?}"),
        other => panic!("{other:?} is no rest: {world:?}"),
    }
}

#[test]
fn whatever_happens_the_machine_comes_to_rest_and_nothing_is_made_twice_or_left() {
    let states = reachable();
    assert!(states.len() > 5_000, "only {} states", states.len());
    // The assertions of each step were made on the way.
    for state in states {
        is_rest(rest(state));
    }
}

#[test]
fn an_operator_killed_before_every_step_gets_there_all_the_same() {
    for life in lives() {
        let mut world = life;
        let mut steps = 0;
        while !matches!(world.decide(), Decision::Settled) {
            world = world.crash().undisturbed();
            world = world.undisturbed();
            steps += 1;
            assert!(steps < REST_WITHIN, "{world:?}");
        }
        assert_eq!(world.made, 1);
    }
}

#[test]
fn a_machine_whose_owner_changes_his_mind_while_it_is_made_ends_as_wished() {
    let mut world = World::new(PowerPolicy::Follow, OnMissing::Stall);
    world = world.pass().pass();
    assert_eq!(world.job, Some(JobStep::Create));
    world.wish = PowerState::Stopped;
    // The job in flight was asked to start it.
    world.job = None;
    world.make(Power::Running, false);
    let end = rest(world);
    assert_eq!(
        (end.applied, end.real.map(|real| real.power)),
        (Some(PowerState::Stopped), Some(Power::Stopped))
    );
}
