//! GanetiBackends: the object is observed, its actor is started or stopped to match, its status tells how it stands.

mod observe;
mod report;

use std::{rc::Rc, sync::Arc};

use cyclades_crds::names;
use cyclades_domain::{backend::Health, sharing::Tenure};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::info;

use self::observe::{ObservedBackend, Wanted, observe};
use crate::{
    backend::actor,
    replica::holding,
    runtime::{
        context::Ctx,
        kube_api::{Nothing, Patch, Place, WriteError},
        pass::{Next, PassError},
        queue::Urgency,
    },
    world::{Actor, Settings},
};

/// One pass of a backend.
pub(crate) async fn reconcile(ctx: &Ctx, name: &Rc<str>) -> Result<Next, PassError> {
    let name: Arc<str> = Arc::from(&**name);
    let Some(seen) = observe(ctx, &name) else { return Ok(Next::Rest) };
    match seen.tenure {
        Tenure::Keep => {}
        Tenure::Take => {
            holding::take(ctx, &name).await?;
            return Ok(Next::Again);
        }
        Tenure::Resume => {
            holding::resume(ctx, &name);
            return Ok(Next::Again);
        }
        Tenure::Yield => {
            holding::give(ctx, &name).await?;
            return Ok(Next::Again);
        }
        Tenure::Lost => {
            info!(backend = %name, holder = ?seen.status.holder, "backend was taken by another replica");
            holding::let_go(ctx, &name);
            return Ok(Next::Again);
        }
        Tenure::Leave => {
            look_on(ctx, &seen);
            return Ok(Next::Rest);
        }
    }
    if seen.deleting && seen.machines == 0 {
        stop(ctx, &name);
        return release(ctx, &seen).await;
    }
    let paused = matches!(seen.wanted, Wanted::Stop(Health::Paused));
    if seen.machines > 0 && !seen.finalizer && !seen.deleting && !paused {
        guard(ctx, &seen).await?;
        return Ok(Next::Again);
    }
    match &seen.wanted {
        Wanted::Keep => {}
        Wanted::Stop(health) => {
            stop(ctx, &name);
            let waiting = ctx.world.change(|world| world.set_back(&name, health));
            ctx.wake_machines(waiting, Urgency::Resync);
            return report::report(ctx, &seen, health).await;
        }
        Wanted::Start(settings) => {
            stop(ctx, &name);
            start(ctx, &seen, settings.clone());
        }
    }
    let health =
        ctx.world.look(|world| world.backends.get(&name).map_or(Health::Synchronising, |b| b.health.clone()));
    report::report(ctx, &seen, &health).await
}

/// Has a backend looked at that another replica holds: who places machines must know what is there.
fn look_on(ctx: &Ctx, seen: &ObservedBackend) {
    match &seen.wanted {
        Wanted::Keep => {}
        Wanted::Stop(_) => stop(ctx, &seen.name),
        Wanted::Start(settings) => {
            stop(ctx, &seen.name);
            start(ctx, seen, settings.clone());
        }
    }
}

/// Starts the actor.
fn start(ctx: &Ctx, seen: &ObservedBackend, settings: Settings) {
    let (name, term) = (&seen.name, seen.held);
    let cancel = CancellationToken::new();
    let started = ctx.world.change(|world| {
        let backend = world.backends.get_mut(name)?;
        backend.health = Health::Synchronising;
        backend.connections = Rc::new(Semaphore::new(settings.spec.limits.connections as usize));
        backend.actor = Some(Actor { cancel: cancel.clone(), settings: settings.clone(), term });
        Some(())
    });
    if started.is_none() {
        return;
    }
    let (ctx, name) = (Rc::clone(ctx), Arc::clone(name));
    match term {
        Some(term) => tokio::task::spawn_local(actor::run(ctx, name, settings, term, cancel)),
        None => tokio::task::spawn_local(actor::look_on(ctx, name, settings, cancel)),
    };
}

/// Stops the actor. What it knew stays; nothing is submitted until another one is ready.
fn stop(ctx: &Ctx, name: &Arc<str>) {
    ctx.world.change(|world| {
        if let Some(backend) = world.backends.get_mut(name) {
            backend.stop();
        }
    });
}

/// Puts the finalizer on a backend that has machines, so that it cannot vanish under them.
async fn guard(ctx: &Ctx, seen: &ObservedBackend) -> Result<(), WriteError> {
    let mut finalizers: Vec<&str> = seen.finalizers.iter().map(|f| &**f).collect();
    finalizers.push(names::BACKEND_FINALIZER);
    write_finalizers(ctx, seen, &finalizers).await
}

/// Lets a backend go that has no machines.
async fn release(ctx: &Ctx, seen: &ObservedBackend) -> Result<Next, PassError> {
    if seen.finalizer {
        let kept: Vec<&str> =
            seen.finalizers.iter().map(|f| &**f).filter(|f| *f != names::BACKEND_FINALIZER).collect();
        write_finalizers(ctx, seen, &kept).await?;
    }
    Ok(Next::Rest)
}

async fn write_finalizers(ctx: &Ctx, seen: &ObservedBackend, finalizers: &[&str]) -> Result<(), WriteError> {
    let patch = Patch::<Nothing, Nothing>::object(seen.version, finalizers, None);
    let place = Place { plural: "ganetibackends", namespace: None, name: &seen.name };
    let written = ctx.kube.patch(place, false, &patch).await?;
    ctx.world.change(|world| {
        let backend =
            world.backends.get_mut(&seen.name).filter(|backend| backend.object.version == seen.version);
        if let Some(backend) = backend {
            backend.object.version = written.metadata.version();
            backend.object.finalizers = written.metadata.finalizers.into();
        }
    });
    Ok(())
}
