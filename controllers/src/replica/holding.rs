//! Holding backends: taking them, letting go of them, and whose machines are whose.

use std::{rc::Rc, sync::Arc};

use cyclades_domain::{
    sharing::{Tenure, View, tenure},
    term::Term,
};
use serde::Serialize;
use tracing::info;

use crate::{
    runtime::{
        context::Ctx,
        kube_api::{Patch, Place, WriteError},
        queue::Urgency,
    },
    world::{Backend, Memory, ObjectName, World},
};

/// Holder and epoch as they are written.
#[derive(Serialize)]
struct Held<'a> {
    holder: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<u64>,
}

/// What this replica does about holding a backend; `None` while it may do nothing.
pub(crate) fn of(ctx: &Ctx, backend: &Backend) -> Option<Tenure> {
    let winner = ctx.replica.winner(&backend.name)?;
    let status = &backend.object.status;
    let holder = status.holder.as_deref();
    Some(tenure(View {
        me: &ctx.replica.identity.name,
        winner: &winner,
        holder,
        holder_lives: holder.is_some_and(|holder| ctx.replica.lives(holder)),
        epoch: status.epoch.unwrap_or(0),
        held: backend.held.map(|term| term.epoch),
        was_held: backend.was_held,
    }))
}

/// Whether a machine is this replica's to work on: it holds its backend, or it leads and there is none.
pub(crate) fn concerns(ctx: &Ctx, machine: &ObjectName) -> bool {
    let held = ctx.world.look(|world| {
        let machine = world.machines.get(machine)?;
        let backend = world.backends.get(machine.backend.as_ref()?)?;
        Some(backend.held.is_some())
    });
    held.unwrap_or_else(|| ctx.replica.leads())
}

/// Takes a backend: nobody else has changed it since it was looked at, or this fails.
pub(crate) async fn take(ctx: &Ctx, name: &Arc<str>) -> Result<(), WriteError> {
    let epoch = ctx.world.look(|world| {
        let backend = world.backends.get(name)?;
        Some(backend.object.status.epoch.unwrap_or(0).max(backend.epoch_floor) + 1)
    });
    let Some(epoch) = epoch else { return Ok(()) };
    write(ctx, name, Held { holder: Some(&ctx.replica.identity.name), epoch: Some(epoch) }).await?;
    info!(backend = %name, epoch, "backend is held");
    hold(ctx, name, epoch);
    Ok(())
}

/// Goes on with a backend that a former life of this replica held.
pub(crate) fn resume(ctx: &Ctx, name: &Arc<str>) {
    let epoch =
        ctx.world.look(|world| world.backends.get(name).and_then(|backend| backend.object.status.epoch));
    let epoch = epoch.unwrap_or(0);
    hold(ctx, name, epoch);
    info!(backend = %name, epoch, "backend is held as before");
}

fn hold(ctx: &Ctx, name: &Arc<str>, epoch: u64) {
    let_go(ctx, name);
    let term = Term { epoch, life: ctx.replica.identity.life };
    let machines: Vec<ObjectName> = ctx.world.change(|world| {
        if let Some(backend) = world.backends.get_mut(name) {
            backend.held = Some(term);
            backend.was_held = true;
        }
        world.machines.on_backend(name).cloned().collect()
    });
    // A pass that they had before was not for this replica. If the backend is never well, nobody else wakes them.
    ctx.wake_machines(machines, Urgency::Resync);
}

/// Lets go of a backend, and says so: whoever waits for it takes it.
pub(crate) async fn give(ctx: &Ctx, name: &Arc<str>) -> Result<(), WriteError> {
    let_go(ctx, name);
    write(ctx, name, Held { holder: None, epoch: None }).await?;
    info!(backend = %name, "backend is given to another replica");
    Ok(())
}

async fn write(ctx: &Ctx, name: &Arc<str>, held: Held<'_>) -> Result<(), WriteError> {
    let version = ctx.world.look(|world| world.backends.get(name).map(|backend| backend.object.version));
    let Some(version) = version else { return Err(WriteError::Gone) };
    let place = Place { plural: "ganetibackends", namespace: None, name };
    let written = ctx.kube.patch(place, true, &Patch::status(version, &held)).await?;
    ctx.world.change(|world| {
        let backend = world.backends.get_mut(name).filter(|backend| backend.object.version == version);
        let Some(backend) = backend else { return };
        backend.object.version = written.metadata.version();
        let status = Rc::make_mut(&mut backend.object.status);
        status.holder = held.holder.map(str::to_owned);
        status.epoch = held.epoch.or(status.epoch);
    });
    Ok(())
}

/// Lets go of a backend: nothing is begun there any more, and whatever was known of it is forgotten, as if the program had
/// just been started. What is under way is found again by whoever holds it next.
pub(crate) fn let_go(ctx: &Ctx, name: &Arc<str>) {
    ctx.world.change(|world| {
        if world.backends.get_mut(name).is_some_and(Backend::let_go) {
            forget_machines(world, name);
        }
    });
}

fn forget_machines(world: &mut World, backend: &Arc<str>) {
    let machines: Vec<ObjectName> = world.machines.on_backend(backend).cloned().collect();
    for machine in machines {
        world.machines.set_verified(&machine, false);
        if let Some(machine) = world.machines.get_mut(&machine) {
            machine.memory = Memory::default();
        }
    }
}

/// Lets go of all backends.
pub(crate) fn drop_all(ctx: &Ctx) {
    let names: Vec<Arc<str>> = ctx.world.look(|world| world.backends.keys().cloned().collect());
    for name in names {
        let_go(ctx, &name);
    }
}
