//! GanetiBackends into the world.

use std::{rc::Rc, sync::Arc};

use cyclades_crds::{GanetiBackendSpec, GanetiBackendStatus, backend::Capacity};
use tracing::warn;
use uuid::Uuid;

use super::Intake;
use crate::{
    runtime::{context::Ctx, queue::Urgency, watch::Unparsed},
    world::{Backend, BackendObject, Key, ObjectName, World, needs::Need, wire::WholeWire},
};

/// The intake.
#[derive(Debug)]
pub(crate) struct Backends;

impl Intake for Backends {
    type Name = Arc<str>;
    const PLURAL: &'static str = "ganetibackends";

    fn name(object: &Unparsed<'_>) -> Arc<str> {
        object.plain_name().into()
    }

    fn names(world: &World) -> Vec<Arc<str>> {
        world.backends.keys().cloned().collect()
    }

    fn put(ctx: &Ctx, object: &Unparsed<'_>, urgency: Urgency) {
        let name = Self::name(object);
        let read = match read(object) {
            Ok(read) => read,
            Err(error) => {
                ctx.metrics.unparsed();
                warn!(backend = %name, %error, "the object does not parse, it is left as it was");
                return;
            }
        };
        let machines = ctx.world.change(|world| store(world, &name, read));
        let Some(machines) = machines else { return };
        if ctx.world.look(|world| world.listed.all()) {
            ctx.queue.wake(&Key::Backend(name.as_ref().into()), urgency);
            ctx.wake_machines(machines, Urgency::Resync);
        }
    }

    fn remove(ctx: &Ctx, name: &Arc<str>) {
        let machines: Vec<ObjectName> = ctx.world.change(|world| {
            if let Some(actor) = world.backends.remove(name).and_then(|backend| backend.actor) {
                actor.cancel.cancel();
            }
            world.machines.on_backend(name).cloned().collect()
        });
        ctx.wake_machines(machines, Urgency::Resync);
    }

    fn listed(ctx: &Ctx) {
        ctx.world.change(|world| world.listed.backends = true);
    }
}

fn read(object: &Unparsed<'_>) -> Result<BackendObject, serde_json::Error> {
    let wire: WholeWire<'_, GanetiBackendSpec, GanetiBackendStatus> = serde_json::from_str(object.json())?;
    let meta = wire.metadata;
    Ok(BackendObject {
        uid: Uuid::try_parse(&meta.uid).unwrap_or_default(),
        version: meta.version(),
        generation: meta.generation,
        deleting: meta.deletion_timestamp.is_some(),
        paused: meta.marks.paused,
        forgotten: meta.marks.forget,
        finalizers: meta.finalizers.iter().map(|text| Box::from(text.as_ref())).collect(),
        spec: Rc::new(wire.spec),
        status: Rc::new(wire.status),
    })
}

/// What a backend's status tells whoever places machines.
fn told(backend: &Backend) -> (bool, Option<Capacity>) {
    (backend.is_open().is_ok(), backend.object.status.capacity.clone())
}

/// Stores a backend; returns the machines to wake, or `None` where the store has it already.
fn store(world: &mut World, name: &Arc<str>, read: BackendObject) -> Option<Vec<ObjectName>> {
    let Some(backend) = world.backends.get_mut(name) else {
        world.backends.insert(Arc::clone(name), Backend::new(Arc::clone(name), read));
        return Some(world.machines.on_backend(name).cloned().collect());
    };
    if backend.object.version >= read.version {
        return None;
    }
    // A backend that takes machines again, or more of them, concerns those that wait for room.
    let forgotten = read.forgotten && !backend.object.forgotten;
    let other_media = read.spec.rescue_media != backend.object.spec.rescue_media;
    let reopened = backend.object.generation != read.generation;
    let told = told(backend);
    backend.window.resize(read.spec.limits.jobs_in_flight);
    backend.object = read;
    // Of a backend that another replica holds, the status tells that there is room again.
    let reopened = reopened || backend.held.is_none() && told != self::told(backend);
    if forgotten || other_media {
        return Some(world.machines.on_backend(name).cloned().collect());
    }
    let mut woken = Vec::new();
    if reopened {
        woken = world.needs.met(&Need::Capacity);
        woken.extend(world.needs.met(&Need::Backend(Arc::clone(name))));
    }
    Some(woken)
}
