//! Observe: what the stores and the backend's last inventory say of a machine. Memory only.

use std::{rc::Rc, sync::Arc};

use cyclades_crds::{
    condition::Reason,
    virtual_machine::{ManagementPolicy, Shape},
};
use cyclades_domain::{
    naming::instance_name,
    power::Power,
    reason::JobStep,
    vm::{BackendView, Desired, Observed, Presence, Resize, Status, TagChange},
};
use tokio::time::Instant;
use uuid::Uuid;

use super::{fitting::fitting, missing::Missing, nics, rescue::rescue_of, shape};
use crate::{
    runtime::context::Ctx,
    world::{Backend, Machine, ObjectName, World, needs::Need},
};

/// A machine as a pass sees it.
#[derive(Debug)]
pub(crate) struct ObservedMachine {
    /// Its object.
    pub(crate) key: ObjectName,
    /// uid of the object.
    pub(crate) uid: Uuid,
    /// Its id.
    pub(crate) id: Uuid,
    /// Version of the object that was looked at.
    pub(crate) version: u64,
    /// Finalizers of the object.
    pub(crate) finalizers: Rc<[Box<str>]>,
    /// Its backend.
    pub(crate) backend: Option<Arc<str>>,
    /// What the spec asks for.
    pub(crate) desired: Desired,
    /// What is observed.
    pub(crate) observed: Observed,
    /// Another object that has the same id.
    pub(crate) rival: Option<ObjectName>,
    /// Seconds a guest has to shut down.
    pub(crate) shutdown_timeout_seconds: u32,
    /// Name of its instance, or the name it will get.
    pub(crate) instance: Arc<str>,
    /// Its status as the object has it.
    pub(crate) before: Status,
    /// Transition times of that status.
    pub(crate) times: Rc<[jiff::Timestamp]>,
    /// When the last setback ends.
    pub(crate) held_until: Option<Instant>,
}

/// Looks at a machine; `None` where there is none.
pub(crate) fn observe(ctx: &Ctx, key: &ObjectName) -> Option<ObservedMachine> {
    ctx.world.change(|world| {
        let machine = world.machines.get(key)?;
        let now = Instant::now();
        let rival = world.machines.by_id(machine.id).filter(|other| *other != key).cloned();
        let (instance, presence) = match &rival {
            None => find(world, machine),
            // Whatever has that id in Ganeti is the other's.
            Some(_) => (Arc::from(""), Presence::Absent),
        };
        let backend = machine.backend.as_ref().and_then(|name| world.backends.get(name));
        let (resize, need) = resize_of(world, machine);
        let (rescue, medium) = rescue_of(world, machine, backend);
        let (extras, extras_need) = fitting(world, machine);
        let observed = Observed {
            finalizer: machine.has_finalizer(),
            backend: view(machine, backend),
            presence,
            was_created: machine.status.instance_uuid.is_some(),
            applied: machine.applied(),
            job: backend.filter(|_| rival.is_none()).and_then(|backend| job_on(backend, machine)),
            setback: machine.setback(now),
            crash_pause: machine.memory.crash_pause_until.is_some_and(|until| now < until),
            shape: shape_of(world, machine),
            flavor: Some(machine.status.flavor.clone().unwrap_or_else(|| Arc::clone(&machine.flavor))),
            resize,
            request: machine.request(backend.map_or(0, |backend| backend.last_job)),
            rescue,
            image: Arc::clone(&machine.image_label),
            made_from: machine.memory.made_from.clone(),
            broken: machine.status.is_broken(),
            tags: tag_change(backend, machine),
            extras,
            nics: nics::told(world, machine),
        };
        let seen = ObservedMachine {
            key: key.clone(),
            uid: machine.uid,
            id: machine.id,
            version: machine.version,
            finalizers: Rc::clone(&machine.finalizers),
            backend: machine.backend.clone(),
            desired: desired(world, machine),
            rival,
            shutdown_timeout_seconds: machine.shutdown_timeout_seconds,
            instance,
            before: machine.status.clone(),
            times: Rc::clone(&machine.times),
            held_until: machine.held_until(),
            observed,
        };
        have_it_looked_for(world, &seen);
        forget_the_guest(world, &seen);
        have_it_watched(world, &seen);
        let needs = [need, medium, extras_need].into_iter().flatten();
        needs.for_each(|need| world.needs.wait(need, key.clone()));
        Some(seen)
    })
}

/// Counts what a machine takes of its backend, if that is not counted.
pub(crate) fn account(ctx: &Ctx, key: &ObjectName) {
    ctx.world.change(|world| {
        if world.machines.is_accounted(key) {
            return;
        }
        let Some(machine) = world.machines.get(key).filter(|machine| machine.backend.is_some()) else {
            return;
        };
        let shape = shape_of(world, machine);
        world.machines.account(key, shape.as_ref());
    });
}

/// What is asked for: by the spec, and by the label of its namespace.
fn desired(world: &World, machine: &Machine) -> Desired {
    let namespace_paused = world.paused_namespaces.contains(machine.key.namespace());
    Desired { namespace_paused, ..machine.desired() }
}

/// The job of ours on the machine that is not known to have ended.
fn job_on(backend: &Backend, machine: &Machine) -> Option<(JobStep, Option<u64>)> {
    let job = backend.window.job(machine.id)?;
    Some((job.step, job.id.map(|id| id.0)))
}

/// The machine's instance, in the inventory of its backend; an instance of it elsewhere is never overlooked.
fn find(world: &World, machine: &Machine) -> (Arc<str>, Presence) {
    let id = machine.id;
    let elsewhere = world
        .backends
        .values()
        .find(|other| Some(&other.name) != machine.backend.as_ref() && other.inventory.has(id));
    let Some(backend) = machine.backend.as_ref().and_then(|name| world.backends.get(name)) else {
        return (Arc::from(""), Presence::Unknown);
    };
    let prefix = &backend.object.spec.instance_name_prefix;
    let wanted = || machine.known_instance().cloned().unwrap_or_else(|| instance_name(prefix, id).into());
    let name = backend.inventory.name_of(id).cloned().unwrap_or_else(wanted);
    if let Some(elsewhere) = elsewhere {
        return (name, Presence::Duplicate { elsewhere: Arc::clone(&elsewhere.name) });
    }
    if let Some(orphan) = orphan(backend, machine) {
        return (name, orphan);
    }
    let mut presence = backend.inventory.presence(id, &name, machine.status.instance_uuid.is_some());
    if let Presence::Present(instance) = &mut presence {
        // What the status names has been a machine, whatever failed since.
        let was_made = machine.status.instance_uuid.as_ref() == Some(&instance.uuid);
        instance.half_made = machine.memory.half_made && !was_made;
    }
    (name, presence)
}

/// The instance that the machine looks at or is to take over, as long as it is nobody's. One that was ours and is not any
/// more is not taken back.
fn orphan(backend: &Backend, machine: &Machine) -> Option<Presence> {
    let name = machine.adopt.as_ref()?;
    let observes = machine.management == ManagementPolicy::Observe;
    let is_new = machine.status.instance_uuid.is_none() || machine.status.applied.is_none();
    if backend.inventory.has(machine.id) || !(observes || is_new) {
        return None;
    }
    backend.inventory.orphan(name)
}

/// A machine that had an instance which is not shown is looked for by direct reads.
fn have_it_looked_for(world: &mut World, seen: &ObservedMachine) {
    if seen.observed.presence != Presence::Unknown || !seen.observed.was_created {
        return;
    }
    if let Some(backend) = seen.backend.as_ref().and_then(|name| world.backends.get_mut(name)) {
        backend.inventory.suspect(seen.id, Arc::clone(&seen.instance));
    }
}

/// What jobs told of a guest that does not run any more says nothing of the next one, which has all disks.
fn forget_the_guest(world: &mut World, seen: &ObservedMachine) {
    let Presence::Present(instance) = &seen.observed.presence else { return };
    if !matches!(instance.power, Power::Stopped | Power::Crashed) || seen.observed.job.is_some() {
        return;
    }
    if let Some(machine) = world.machines.get_mut(&seen.key) {
        (machine.memory.unpluggable, machine.memory.unplugged) = (false, None);
    }
}

/// A machine that looks at an instance that is nobody's, or waits for one, is told of its changes.
fn have_it_watched(world: &mut World, seen: &ObservedMachine) {
    if !seen.desired.adopts || matches!(seen.observed.presence, Presence::Present(_)) {
        return;
    }
    if let Some(backend) = seen.backend.as_ref().and_then(|name| world.backends.get_mut(name)) {
        backend.inventory.watch(&seen.instance, seen.id);
    }
}

fn view(machine: &Machine, backend: Option<&Backend>) -> BackendView {
    let Some(name) = machine.backend.clone() else { return BackendView::Unplaced };
    let Some(backend) = backend else { return BackendView::Missing { name } };
    if backend.object.forgotten {
        return BackendView::Forgotten { name };
    }
    if backend.health.is_ready() && backend.client.is_some() {
        return BackendView::Ready { name };
    }
    BackendView::NotReady { name, reason: backend.health.reason(), message: backend.health.message() }
}

/// The shape the machine was made with; before it is made, the one its flavor gives now.
fn shape_of(world: &World, machine: &Machine) -> Option<Arc<Shape>> {
    let told = machine.status.shape.clone();
    if machine.status.instance_uuid.is_some() && told.is_some() {
        return told;
    }
    shape::of_flavor(world, &machine.flavor).ok().map(Arc::new).or(told)
}

/// How the instance's tags differ from the owner's words, where it has any tags of ours.
fn tag_change(backend: Option<&Backend>, machine: &Machine) -> Option<TagChange> {
    let inventory = &backend.filter(|backend| backend.inventory.has(machine.id))?.inventory;
    TagChange::between(inventory.user_tags(machine.id), machine.tags())
}

/// Another flavor than the one whose shape the machine has, and what it waits for.
fn resize_of(world: &World, machine: &Machine) -> (Option<Resize>, Option<Need>) {
    let (Some(has), Some(from)) = (&machine.status.flavor, &machine.status.shape) else {
        return (None, None);
    };
    if *has == machine.flavor || machine.status.instance_uuid.is_none() {
        return (None, None);
    }
    match shape::for_new(world, &machine.flavor) {
        Ok(to) => match cyclades_domain::shape::refusal(from, &to) {
            None => (Some(Resize::To { flavor: Arc::clone(&machine.flavor), shape: Arc::new(to) }), None),
            Some(why) => {
                let message = format!(
                    "The machine cannot have flavor {}: {why}. Name another one, or {has} again.",
                    machine.flavor
                );
                (Some(Resize::Refused { reason: Reason::ResizeRefused, message: message.into() }), None)
            }
        },
        Err(Missing { need, reason, message }) => {
            (Some(Resize::Refused { reason, message: message.into() }), need)
        }
    }
}
