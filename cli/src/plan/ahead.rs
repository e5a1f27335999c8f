//! The course of a machine: what the operator's planner decides now, and after each step if that step succeeds.

use std::sync::Arc;

use cyclades_crds::{
    VirtualMachine,
    condition::{ConditionType, Reason},
    virtual_machine::{ActionType, PowerState, Shape},
};
use cyclades_domain::{
    placement::Placement,
    power::Power,
    reason::JobStep,
    vm::{
        BackendView, Boot, Decision, Desired, Due, Instance, Observed, Presence, Record, Rescue, Stage,
        Status, Step, plan, report,
    },
};

use super::room::Room;
use super::view::View;
use super::why::why;
use crate::references::{Obstacle, allows_new, extras, shape_of, software, wanted_extras};
use crate::scene::Scene;

/// Most steps that are looked ahead: more than any machine has before it.
const STEPS_MAX: usize = 16;

/// All that a course depends on.
#[derive(Clone, Copy)]
pub(crate) struct World<'a> {
    /// The machine's object.
    pub(crate) machine: &'a VirtualMachine,
    /// What it refers to.
    pub(crate) scene: &'a Scene,
    /// Where there is room.
    pub(crate) room: &'a Room,
    /// The machine as it is.
    pub(crate) view: &'a View,
    /// What the operator says of another machine that has its id.
    pub(crate) rival: Option<&'a str>,
}

/// A step of a course.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stride {
    /// What is done.
    pub(crate) step: Step,
    /// Whether it is a job that runs already, with its number.
    pub(crate) running: Option<Option<u64>>,
    /// The backend that is chosen.
    pub(crate) backend: Option<String>,
    /// Why.
    pub(crate) why: String,
}

/// What becomes of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Course {
    /// The steps, the first of which is next.
    pub(crate) strides: Vec<Stride>,
    /// Where it comes to rest: what `Ready` says then, as its reason and message; `None` where the object is gone.
    pub(crate) rest: Option<(Reason, Arc<str>)>,
    /// Whether that is well: Ready, or gone as it should be.
    pub(crate) well: bool,
}

/// Looks ahead, with the operator's own planner, until there is nothing more to do.
pub(crate) fn ahead(world: &World<'_>) -> Course {
    let desired = &world.view.desired;
    let mut observed = world.view.observed.clone();
    let mut strides = Vec::new();
    // Nothing in Ganeti is its own: it may go at any time.
    if let Some(words) = world.rival.filter(|_| !desired.deleting) {
        let stall = Decision::Stall { reason: Reason::InvalidSpec, message: words.into() };
        return rest(strides, desired, &observed, &stall);
    }
    loop {
        let decision = plan(desired, &observed);
        let (step, running) = match &decision {
            Decision::Act(step) if strides.len() < STEPS_MAX => (step.clone(), None),
            Decision::Progress { job, id } if strides.len() < STEPS_MAX => {
                (Step::Submit { job: *job, uuid: None }, Some(*id))
            }
            _ => return rest(strides, desired, &observed, &decision),
        };
        let prepared = if running.is_some() { Ok(Prepared::default()) } else { prepare(world, &step) };
        let prepared = match prepared {
            Ok(prepared) => prepared,
            // What the operator makes of something missing: it waits, or only a person can go on.
            Err(Obstacle { reason: reason @ Reason::InvalidSpec, message, .. }) => {
                let stall = Decision::Stall { reason, message: message.into() };
                return rest(strides, desired, &observed, &stall);
            }
            Err(Obstacle { reason, message, .. }) => {
                let wait = Decision::Wait { reason, message: message.into() };
                return rest(strides, desired, &observed, &wait);
            }
        };
        let why = prepared.why.clone().unwrap_or_else(|| why(desired, &observed, &step));
        strides.push(Stride { step: step.clone(), running, backend: prepared.backend.clone(), why });
        if step == Step::Release {
            return Course { strides, rest: None, well: true };
        }
        take(&mut observed, desired, &step, &prepared);
    }
}

/// Where a course ends.
fn rest(strides: Vec<Stride>, desired: &Desired, observed: &Observed, decision: &Decision) -> Course {
    if *decision == Decision::Gone {
        return Course { strides, rest: None, well: true };
    }
    let status = report(desired, observed, decision, &Status::default(), None);
    let ready = status.verdict(ConditionType::Ready);
    Course {
        strides,
        well: ready.is_some_and(|verdict| verdict.status == Some(true)),
        rest: ready.map(|verdict| (verdict.reason, Arc::clone(&verdict.message))),
    }
}

/// What a step needs and leads to.
#[derive(Clone, Debug, Default)]
struct Prepared {
    /// The backend that is chosen.
    backend: Option<String>,
    /// An instance that is found there.
    found: Option<Instance>,
    /// Its shape.
    shape: Option<Shape>,
    /// Why, where the choice itself has to say it.
    why: Option<String>,
}

/// Resolves what a step needs, as the operator does before it acts.
fn prepare(world: &World<'_>, step: &Step) -> Result<Prepared, Obstacle> {
    let World { machine, scene, room, .. } = *world;
    if *step == Step::Place {
        let shape = shape_of(machine, scene)?;
        allows_new(machine, scene)?;
        software(machine, scene)?;
        extras(machine, scene)?;
        let Some(shape) = shape else {
            let message = format!(
                "Flavor {}, or its volume type, may not be read by you: where there is room cannot be said.",
                machine.spec.flavor_ref.name
            );
            return Err(Obstacle { way: Vec::new(), reason: Reason::NoBackendFits, message });
        };
        let placement = room.place(&shape, wanted_extras(machine).as_ref());
        let Some(name) = placement.chosen.clone() else {
            let message = placement.explain();
            return Err(Obstacle { way: Vec::new(), reason: Reason::NoBackendFits, message });
        };
        let found = room.instance().cloned();
        let why = match &found {
            Some(instance) => format!("instance {} there has the machine's id", instance.name),
            None => why_there(&placement),
        };
        return Ok(Prepared { backend: Some(name), found, shape: Some(shape), why: Some(why) });
    }
    if *step == Step::Record(Record::Take) && is_rebuild(&world.view.observed) {
        return software(machine, scene).map(|()| Prepared::default());
    }
    if matches!(step, Step::Submit { job: JobStep::Create, .. }) {
        software(machine, scene)?;
        extras(machine, scene)?;
        return Ok(Prepared { shape: shape_of(machine, scene)?, ..Prepared::default() });
    }
    Ok(Prepared::default())
}

fn is_rebuild(observed: &Observed) -> bool {
    observed.request.as_ref().is_some_and(|request| request.kind == ActionType::Rebuild)
}

/// Why a backend was chosen.
fn why_there(placement: &Placement) -> String {
    let rejected = placement.rejected.iter().map(|(name, why)| format!("{name}: {why}"));
    match rejected.collect::<Vec<_>>().as_slice() {
        [] => "of the backends that fit it is the least loaded".to_owned(),
        some => format!("of the backends that fit it is the least loaded; rejected {}", some.join("; ")),
    }
}

/// Takes a step that succeeds.
fn take(observed: &mut Observed, desired: &Desired, step: &Step, prepared: &Prepared) {
    match step {
        Step::Place => {
            observed.finalizer = true;
            observed.backend =
                BackendView::Ready { name: prepared.backend.as_deref().unwrap_or_default().into() };
            if let Some(instance) = &prepared.found {
                observed.presence = Presence::Present(instance.clone());
            }
        }
        Step::Guard => observed.finalizer = true,
        Step::Submit { job, .. } => {
            observed.job = None;
            observed.setback = None;
            if matches!(job, JobStep::Stop | JobStep::RebootHard) {
                // The next guest has all disks.
                observed.extras.unplugged = Some(false);
            }
            done(observed, desired, *job, prepared);
        }
        Step::Record(record) => recorded(observed, *record),
        Step::Release => observed.finalizer = false,
    }
}

/// A job that succeeded.
fn done(observed: &mut Observed, desired: &Desired, job: JobStep, prepared: &Prepared) {
    let target = observed.target(desired).map(|(_, shape)| Arc::clone(shape));
    let due = match &observed.presence {
        Presence::Present(instance) => observed.due(desired, instance),
        _ => Due::default(),
    };
    if job == JobStep::Create {
        let shape = prepared.shape.clone().map(Arc::new).or_else(|| observed.shape.clone());
        let mut instance = made(desired, shape.as_deref());
        instance.extras.clone_from(&observed.extras.wanted);
        observed.presence = Presence::Present(instance);
        observed.shape = shape;
        return;
    }
    if matches!(job, JobStep::Tag | JobStep::Untag) {
        observed.tags = None;
        return;
    }
    if let (JobStep::SetOs | JobStep::Reinstall, Some(request)) = (job, &mut observed.request) {
        request.stage = if job == JobStep::SetOs { Stage::Prepared } else { Stage::Done };
        return;
    }
    if matches!(job, JobStep::Remove | JobStep::Detach) {
        observed.presence = Presence::Absent;
        return;
    }
    if let (JobStep::Adopt, Presence::Orphan(instance)) = (job, &observed.presence) {
        observed.presence = Presence::Present(instance.clone());
        return;
    }
    let Presence::Present(instance) = &mut observed.presence else { return };
    match (job, target) {
        (JobStep::Start, _) => instance.power = Power::Running,
        (JobStep::Stop, _) => instance.power = Power::Stopped,
        (JobStep::Modify, target) => {
            if let Some(shape) = target {
                (instance.vcpus, instance.memory_mib) = (shape.vcpus, shape.memory_mib);
            }
            instance.extras = due.after(job, instance.extras.as_deref());
        }
        (JobStep::AddDisk | JobStep::GrowDisk, _) => {
            instance.extras = due.after(job, instance.extras.as_deref());
        }
        (JobStep::SetBoot, _) => {
            instance.boot = match &mut observed.rescue {
                Some(Rescue::From { location, .. }) => Boot::Medium(Arc::clone(location)),
                _ => Boot::Own,
            };
        }
        (JobStep::Grow, Some(shape)) => instance.disk_mib = shape.disk_mib,
        (JobStep::RebootSoft | JobStep::RebootHard, _) => {
            if let Some(request) = &mut observed.request {
                request.stage = Stage::Done;
            }
        }
        _ => {}
    }
}

/// The instance that a creation makes.
fn made(desired: &Desired, shape: Option<&Shape>) -> Instance {
    let shape = shape.cloned().unwrap_or_default();
    Instance {
        name: "".into(),
        uuid: "".into(),
        node: "".into(),
        power: if desired.wanted_power() == PowerState::Running { Power::Running } else { Power::Stopped },
        vcpus: shape.vcpus,
        memory_mib: shape.memory_mib,
        disk_mib: shape.disk_mib,
        boot: Boot::Own,
        extras: None,
        can_plug: false,
        half_made: false,
    }
}

/// What was written into the status.
fn recorded(observed: &mut Observed, record: Record) {
    match record {
        Record::Restart => observed.applied = None,
        Record::Rescue => {
            if let Some(Rescue::From { noted, .. }) = &mut observed.rescue {
                *noted = true;
            }
        }
        Record::Take => {
            if is_rebuild(observed) {
                observed.applied = None;
            }
            if let Some(request) = &mut observed.request {
                request.stage = Stage::Taken;
            }
        }
        Record::Done => {
            if is_rebuild(observed) {
                observed.made_from = Some(Arc::clone(&observed.image));
            }
            observed.request = None;
        }
        _ => observed.request = None,
    }
}

#[cfg(test)]
mod tests;
