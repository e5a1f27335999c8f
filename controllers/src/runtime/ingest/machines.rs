//! VirtualMachines into the world.

use tokio::time::Instant;
use tracing::warn;

use super::Intake;
use crate::{
    runtime::{context::Ctx, queue::Urgency, watch::Unparsed},
    world::{Key, Machine, ObjectName, World, machines::Stored, needs::Need, wire::VmWire},
};

/// The intake.
#[derive(Debug)]
pub(crate) struct Machines;

impl Intake for Machines {
    type Name = ObjectName;
    const PLURAL: &'static str = "virtualmachines";

    fn name(object: &Unparsed<'_>) -> ObjectName {
        object.object_name()
    }

    fn names(world: &World) -> Vec<ObjectName> {
        world.machines.keys().cloned().collect()
    }

    fn put(ctx: &Ctx, object: &Unparsed<'_>, urgency: Urgency) {
        let key = object.object_name();
        if ctx.world.look(|world| world.machines.version(&key)).is_some_and(|known| known >= object.version())
        {
            return;
        }
        let left = networks(ctx, &key);
        let stored = ctx.world.change(|world| match serde_json::from_str::<VmWire<'_>>(object.json()) {
            Ok(wire) => Machine::read(&wire, &mut world.interner)
                .map(|machine| world.machines.put(machine))
                .ok_or_else(|| "its uid or id is no UUID".to_owned()),
            Err(error) => Err(error.to_string()),
        });
        match stored {
            Ok(Stored::Known) => {}
            Ok(Stored::Changed) => {
                if ctx.world.look(|world| world.listed.all()) {
                    ctx.guard_backend_of(&key);
                    ctx.queue.wake(&Key::Vm(key), urgency);
                    left.iter().for_each(|network| ctx.queue.wake(network, urgency));
                }
            }
            Err(error) => {
                ctx.metrics.unparsed();
                warn!(machine = %key, %error, "the object does not parse, it is left as it was");
            }
        }
    }

    fn remove(ctx: &Ctx, key: &ObjectName) {
        let woken = ctx.world.change(|world| {
            let Some(machine) = world.machines.remove(key) else { return Vec::new() };
            let mut woken = leave_networks(world, &machine);
            // Another one that names the same id may have it now.
            woken.extend(world.machines.by_id(machine.id).cloned().map(Key::Vm));
            let Some(name) = machine.backend else { return woken };
            woken.extend(world.needs.met(&Need::Capacity).into_iter().map(Key::Vm));
            woken.extend(world.room_on(&name).into_iter().map(Key::Vm));
            if let Some(backend) = world.backends.get_mut(&name) {
                backend.inventory.stop_suspecting(machine.id);
                if backend.window.decline(machine.id) {
                    woken.extend(backend.window.offer().into_iter().map(Key::Vm));
                }
                if backend.object.deleting {
                    woken.push(Key::Backend(name.as_ref().into()));
                }
            }
            woken
        });
        for key in woken {
            ctx.queue.wake(&key, Urgency::User);
        }
    }

    fn listed(ctx: &Ctx) {
        ctx.world.change(|world| world.listed.machines = true);
    }
}

/// Networks that a machine has NICs in and that wait for the last one to go.
fn networks(ctx: &Ctx, key: &ObjectName) -> Vec<Key> {
    ctx.world.look(|world| {
        let named = world.machines.get(key).into_iter().flat_map(Machine::networks);
        let leaving =
            |name: &ObjectName| world.networks.get(name).is_some_and(|network| network.entry.deleting);
        named.filter(leaving).map(Key::Network).collect()
    })
}

/// What a machine that is gone had in its networks is free, and its cluster may not need them any more.
fn leave_networks(world: &mut World, machine: &Machine) -> Vec<Key> {
    if machine.nics().is_empty() {
        return Vec::new();
    }
    let backend = machine.backend.as_ref().and_then(|name| world.backends.get(name));
    if let Some(backend) = backend {
        backend.networks.wanted.notify_one();
    }
    let (now, mut left) = (Instant::now(), Vec::new());
    for name in machine.networks() {
        if let Some(network) = world.networks.get(&name).map(|network| network.id) {
            world.networks.sweeps.depart(network, machine.id, now);
            left.push(Key::Network(name));
        }
    }
    left
}
