//! Resolve: the objects a machine refers to, and the backend it goes to. What is missing is waited for, which is no error.

use std::sync::Arc;

use cyclades_crds::{
    condition::Reason,
    virtual_machine::{ActionType, PowerState, Shape},
};
use cyclades_domain::{
    identity,
    naming::instance_tags,
    parameters::{closed_to, not_allowed},
    placement::{Candidate, Door, place},
    power::Power,
    reason::JobStep,
    shape::with_disks,
    vm::{Decision, Due, Extras, Presence, Record, Rescue, Step, TagChange},
};

use ganeti_rapi::RebootKind;

use super::{fitting, image::software, missing::Missing, nics, observe::ObservedMachine, shape};
use crate::{
    backend::order::{Creation, Order, Software, Work},
    runtime::context::Ctx,
    world::{Backend, Census, Machine, ObjectName, Usage, World, needs::Need},
};

/// A decision with all that its effect needs.
#[derive(Debug)]
pub(crate) struct Planned {
    /// The decision.
    pub(crate) decision: Decision,
    /// Its effect, where it has one.
    pub(crate) effect: Option<Effect>,
}

/// One outside effect, ready to be made.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Write backend and finalizer.
    Place {
        /// The backend.
        backend: Arc<str>,
        /// The shape that is counted there.
        shape: Arc<Shape>,
        /// Why this one.
        explanation: String,
    },
    /// Write the finalizer.
    Guard,
    /// Submit a job.
    Submit(Order),
    /// Take the finalizer off.
    Release,
}

/// Resolves what a decision needs. Where something is missing, the decision becomes to wait for it.
pub(crate) fn resolve(ctx: &Ctx, seen: &ObservedMachine, decision: Decision) -> Planned {
    if let Some(rival) = &seen.rival {
        return outranked(seen, rival);
    }
    ctx.world.change(|world| {
        if let (Decision::Held { reason: Reason::InsufficientCapacity, .. }, Some(backend)) =
            (&decision, &seen.backend)
        {
            world.needs.wait(Need::Room(Arc::clone(backend)), seen.key.clone());
        }
        let effect = match &decision {
            Decision::Act(Step::Place) => placed(ctx, world, seen).map(Some),
            // Whoever named its backend himself has its addresses claimed as well, before anything is written.
            Decision::Act(Step::Guard) if seen.observed.presence == Presence::Absent => {
                nics::given(ctx, world, &seen.key).map(|_| Some(Effect::Guard))
            }
            Decision::Act(Step::Guard) => Ok(Some(Effect::Guard)),
            Decision::Act(Step::Release) => Ok(Some(Effect::Release)),
            Decision::Act(Step::Submit { job, uuid }) => {
                order(ctx, world, seen, *job, uuid.as_ref()).map(Some)
            }
            // An image that cannot be installed is waited for before anything is touched.
            Decision::Act(Step::Record(Record::Take)) if is_rebuild(seen) => machine(world, seen)
                .and_then(|machine| software(world, machine, &seen.observed.image))
                .map(|_| None),
            _ => Ok(None),
        };
        match effect {
            Ok(effect) => Planned { decision, effect },
            Err(Missing { need, reason, message }) => {
                let message = message.into();
                let decision = match need {
                    Some(need) => {
                        world.needs.wait(need, seen.key.clone());
                        Decision::Wait { reason, message }
                    }
                    None => Decision::Stall { reason, message },
                };
                Planned { decision, effect: None }
            }
        }
    })
}

/// What becomes of a machine whose id another one has: nothing in Ganeti is its own, so it may go at any time.
fn outranked(seen: &ObservedMachine, rival: &ObjectName) -> Planned {
    if seen.desired.deleting {
        let (step, effect) = (Decision::Act(Step::Release), Some(Effect::Release));
        return match seen.observed.finalizer {
            true => Planned { decision: step, effect },
            false => Planned { decision: Decision::Gone, effect: None },
        };
    }
    let told = (rival.namespace() == seen.key.namespace()).then(|| rival.name());
    let message = identity::outranked(told);
    Planned {
        decision: Decision::Stall { reason: Reason::InvalidSpec, message: message.into() },
        effect: None,
    }
}

fn placed(ctx: &Ctx, world: &mut World, seen: &ObservedMachine) -> Result<Effect, Missing> {
    let Some(machine) = world.machines.get(&seen.key) else { return Ok(Effect::Guard) };
    let shape = shape::for_new(world, &machine.flavor)?;
    software(world, machine, &machine.image_label)?;
    fitting::for_new(machine, &shape, None)?;
    let (extras, own_disk_mib) = (machine.extras().cloned(), machine.own_disk_mib());
    let shape = world.interner.shape(shape);
    // An instance that already carries the machine's id is followed to where it is.
    if let Some(home) = world.backends.values().find(|backend| backend.inventory.has(seen.id)) {
        let explanation = format!("Found on {}.", home.name);
        return Ok(Effect::Place { backend: Arc::clone(&home.name), shape, explanation });
    }
    nics::given(ctx, world, &seen.key)?;
    let Some(machine) = world.machines.get(&seen.key) else { return Ok(Effect::Guard) };
    let mut backends: Vec<&Backend> = world.backends.values().collect();
    backends.sort_by(|a, b| a.name.cmp(&b.name));
    let closed: Vec<Option<String>> = backends
        .iter()
        .map(|backend| closed(backend, extras.as_deref()).or_else(|| nics::closed(world, machine, backend)))
        .collect();
    let candidates: Vec<Candidate<'_>> = backends
        .iter()
        .zip(&closed)
        .map(|(backend, closed)| candidate(world, backend, closed.as_deref()))
        .collect();
    let spread = u64::from_le_bytes(seen.id.as_bytes()[..8].try_into().unwrap_or_default());
    let placement = place(&with_disks(&shape, own_disk_mib), &candidates, spread);
    match &placement.chosen {
        Some(name) => {
            Ok(Effect::Place { backend: name.as_str().into(), shape, explanation: placement.explain() })
        }
        None => {
            // A backend that is being read for the first time may be the one: that is no verdict yet.
            let synchronising = Err(Reason::Synchronising.as_str());
            let early = backends.iter().any(|backend| backend.is_open() == synchronising);
            let reason = if early { Reason::Synchronising } else { Reason::NoBackendFits };
            Err(Missing { need: Some(Need::Capacity), reason, message: placement.explain() })
        }
    }
}

/// Why a backend takes no new machine.
fn closed(backend: &Backend, extras: Option<&Extras>) -> Option<String> {
    let object = &backend.object;
    let parameters = extras.iter().flat_map(|extras| extras.parameters.keys()).map(|name| &**name);
    if let Some(name) = not_allowed(parameters, &object.spec.allowed_hypervisor_parameters) {
        return Some(closed_to(name));
    }
    let enabled = match backend.held {
        Some(_) => backend.facts.as_ref().map_or(&[][..], |facts| &facts.hypervisors),
        None => &object.status.hypervisors,
    };
    let door = Door {
        deleting: object.deleting,
        drained: object.spec.drained,
        offline: object.spec.offline,
        trouble: backend.is_open().err(),
        hypervisor: object.spec.hypervisor.as_deref(),
        enabled,
    };
    door.closed()
}

fn candidate<'a>(world: &World, backend: &'a Backend, closed: Option<&'a str>) -> Candidate<'a> {
    let used = used(world, backend);
    let ratio = u64::from(backend.object.spec.limits.vcpus_per_cpu);
    // What another replica holds is as its status tells.
    let status = &*backend.object.status;
    let told =
        status.capacity.as_ref().map(|has| (&status.disk_templates, has.memory_mib, has.disk_mib, has.cpus));
    let known =
        backend.facts.as_ref().map(|has| (&has.disk_templates, has.memory_mib, has.disk_mib, has.cpus));
    let facts = if backend.held.is_some() { known } else { told };
    let (disk_templates, memory_mib, disk_mib, cpus) = facts
        .map_or((&[][..], 0, 0, 0), |(templates, memory, disk, cpus)| (&templates[..], memory, disk, cpus));
    Candidate {
        name: &backend.name,
        closed,
        disk_templates,
        memory_mib,
        memory_used_mib: used.memory_mib,
        disk_mib,
        disk_used_mib: used.disk_mib,
        vcpus: u64::from(cpus) * ratio,
        vcpus_used: used.vcpus,
    }
}

/// What machines and instances without a machine use of a backend.
fn used(world: &World, backend: &Backend) -> Usage {
    let (machines, others) = (world.machines.usage(&backend.name), backend.inventory.undeclared());
    let census = |of: fn(&Census) -> Usage| backend.census.as_ref().map(of).unwrap_or_default();
    let (orphaned, looked_at) = (census(|census| census.orphaned), census(|census| census.looked_at));
    Usage {
        memory_mib: machines.memory_mib
            + others.memory_mib.saturating_sub(looked_at.memory_mib)
            + orphaned.memory_mib,
        disk_mib: machines.disk_mib,
        vcpus: machines.vcpus + others.vcpus.saturating_sub(looked_at.vcpus) + orphaned.vcpus,
    }
}

fn changed_tags(seen: &ObservedMachine) -> Vec<Box<str>> {
    match &seen.observed.tags {
        Some(TagChange::Add(tags) | TagChange::Remove(tags)) => tags.clone(),
        None => Vec::new(),
    }
}

fn tags_of(ctx: &Ctx, seen: &ObservedMachine) -> Vec<String> {
    instance_tags(&ctx.installation.cluster_id, seen.key.namespace(), seen.key.name(), seen.id)
}

/// The shape that the machine is to have, where it is not to keep the one that it has.
fn wanted_shape(seen: &ObservedMachine) -> Option<Arc<Shape>> {
    seen.observed.target(&seen.desired).map(|(_, shape)| Arc::clone(shape))
}

/// What is to be done about its extras, and whether a disk may be plugged into the running guest.
fn due(seen: &ObservedMachine) -> (Arc<Due>, bool) {
    let Presence::Present(instance) = &seen.observed.presence else { return (Arc::default(), false) };
    let plugs = instance.can_plug && instance.power == Power::Running;
    (Arc::new(seen.observed.due(&seen.desired, instance)), plugs)
}

fn order(
    ctx: &Ctx,
    world: &mut World,
    seen: &ObservedMachine,
    job: JobStep,
    uuid: Option<&Arc<str>>,
) -> Result<Effect, Missing> {
    let uuid = || uuid.cloned().unwrap_or_else(|| Arc::from(""));
    let timeout_seconds = seen.shutdown_timeout_seconds;
    let work = match job {
        JobStep::Create => Work::Create(Box::new(creation(ctx, world, seen)?)),
        JobStep::Start => Work::Start,
        JobStep::Stop => Work::Stop { uuid: uuid(), timeout_seconds },
        JobStep::Remove => Work::Remove { uuid: uuid() },
        JobStep::RebootSoft => Work::Reboot { uuid: uuid(), kind: RebootKind::Soft, timeout_seconds },
        JobStep::RebootHard => Work::Reboot { uuid: uuid(), kind: RebootKind::Hard, timeout_seconds },
        JobStep::Modify => Work::Modify { uuid: uuid(), shape: wanted_shape(seen), due: due(seen).0 },
        JobStep::Grow => Work::Grow { uuid: uuid(), shape: wanted_shape(seen).unwrap_or_default() },
        JobStep::AddDisk => {
            let (due, hotplug) = due(seen);
            let flavor = seen.observed.flavor.as_deref().unwrap_or_default();
            Work::AddDisk { uuid: uuid(), due, parameters: disk_parameters(world, flavor), hotplug }
        }
        JobStep::GrowDisk => Work::GrowDisk { uuid: uuid(), due: due(seen).0 },
        JobStep::Detach => Work::Detach,
        JobStep::Tag => Work::Tag { tags: changed_tags(seen) },
        JobStep::Untag => Work::Untag { tags: changed_tags(seen) },
        JobStep::Adopt => Work::Adopt { tags: tags_of(ctx, seen) },
        JobStep::SetOs => Work::SetOs { uuid: uuid(), software: Box::new(to_install(world, seen)?) },
        JobStep::SetBoot => {
            let (medium, own) = (wanted_medium(seen), seen.before.own_boot.clone());
            Work::SetBoot { uuid: uuid(), medium, own }
        }
        JobStep::Reinstall => Work::Reinstall { uuid: uuid(), software: Box::new(to_install(world, seen)?) },
    };
    Ok(Effect::Submit(Order {
        machine: seen.key.clone(),
        id: seen.id,
        generation: seen.desired.generation,
        backend: seen.backend.clone().unwrap_or_else(|| Arc::from("")),
        instance: Arc::clone(&seen.instance),
        work,
    }))
}

/// Where the medium is that the machine is to boot from.
fn wanted_medium(seen: &ObservedMachine) -> Option<Arc<str>> {
    match &seen.observed.rescue {
        Some(Rescue::From { location, .. }) => Some(Arc::clone(location)),
        _ => None,
    }
}

fn is_rebuild(seen: &ObservedMachine) -> bool {
    seen.observed.request.as_ref().is_some_and(|request| request.kind == ActionType::Rebuild)
}

/// The image that was noted when the rebuild was taken on, whatever the spec says by now.
fn to_install(world: &World, seen: &ObservedMachine) -> Result<Software, Missing> {
    let noted = seen.before.last_action.as_ref().and_then(|last| last.image.as_ref());
    software(world, machine(world, seen)?, noted.unwrap_or(&seen.observed.image))
}

fn machine<'a>(world: &'a World, seen: &ObservedMachine) -> Result<&'a Machine, Missing> {
    world.machines.get(&seen.key).ok_or_else(|| Missing {
        need: None,
        reason: Reason::InvalidSpec,
        message: "The object is gone.".into(),
    })
}

fn creation(ctx: &Ctx, world: &mut World, seen: &ObservedMachine) -> Result<Creation, Missing> {
    let machine = machine(world, seen)?;
    let image = Arc::clone(&machine.image_label);
    let software = software(world, machine, &image)?;
    let shape = shape::of_flavor(world, &machine.flavor)?;
    let backend = seen.backend.as_ref().and_then(|name| world.backends.get(name));
    fitting::for_new(machine, &shape, backend)?;
    let extras = machine.extras().cloned();
    let mut tags = tags_of(ctx, seen);
    tags.extend(machine.tags().iter().map(|tag| tag.to_string()));
    let disk_parameters = disk_parameters(world, &machine.flavor);
    let given = nics::given(ctx, world, &seen.key)?;
    let backend = seen.backend.as_ref().and_then(|name| world.backends.get(name));
    let nics = backend.map(|backend| nics::on_cluster(backend, &given)).transpose()?.unwrap_or_default();
    let hypervisor = backend.and_then(|backend| backend.object.spec.hypervisor.clone());
    let start = seen.desired.wanted_power() == PowerState::Running;
    let shape = world.interner.shape(shape);
    world.machines.account(&seen.key, Some(&shape));
    Ok(Creation { shape, extras, software, image, disk_parameters, nics, tags, start, hypervisor })
}

/// Provider and parameters of the disks of a flavor.
fn disk_parameters(world: &World, flavor: &str) -> Vec<(String, String)> {
    let spec = world
        .catalog
        .flavors
        .get(flavor)
        .and_then(|flavor| world.catalog.volume_types.get(flavor.spec.volume_type_ref.name.as_str()))
        .map(|entry| &entry.spec);
    let Some(spec) = spec else { return Vec::new() };
    let provider = spec.provider.iter().map(|provider| ("provider".to_owned(), provider.clone()));
    provider.chain(spec.parameters.iter().map(|(key, value)| (key.clone(), value.clone()))).collect()
}
