//! The actor of a backend: opens a session, serves it, and after trouble backs off and begins again.

use std::{rc::Rc, sync::Arc, time::Duration};

use cyclades_domain::{backend::Health, backoff::Backoff, term::Term};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::{feed, networks, poll, session::Session, trouble::health_of};
use crate::{
    runtime::{context::Ctx, jitter, jittered, queue::Urgency},
    world::{Key, Settings, needs::Need},
};

/// Backoff between attempts at a backend in trouble.
const RECONNECT: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };

/// Works on a backend until it is cancelled.
pub(crate) async fn run(
    ctx: Ctx,
    backend: Arc<str>,
    settings: Settings,
    term: Term,
    cancel: CancellationToken,
) {
    let mut failures = 0;
    loop {
        let health = tokio::select! {
            biased;
            () = cancel.cancelled() => return,
            health = work(&ctx, &backend, &settings, term, &mut failures) => health,
        };
        if cancel.is_cancelled() {
            return;
        }
        failures += 1;
        close(&ctx, &backend, health);
        tokio::select! {
            biased;
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(RECONNECT.delay(failures, jitter())) => {}
        }
    }
}

/// One session, from its opening to its end; returns what ended it.
async fn work(ctx: &Ctx, backend: &Arc<str>, settings: &Settings, term: Term, failures: &mut u32) -> Health {
    let session = match Session::establish(ctx, backend, settings, term).await {
        Ok(session) => session,
        Err(health) => return health,
    };
    if let Err(health) = poll::synchronise(&session).await {
        return health;
    }
    *failures = 0;
    open(&session);
    tokio::select! {
        biased;
        health = feed::run(&session) => health,
        health = poll::configuration(&session) => health,
        health = poll::statuses(&session) => health,
        health = poll::cluster(&session, term) => health,
        // Most clusters have no networks to be kept: it is not worth a place in everybody's future.
        health = Box::pin(networks::keep(&session)) => health,
        health = trouble(&session) => health,
    }
}

/// Looks at a backend that another replica holds, until it is cancelled: as often as that one reads the cluster itself.
pub(crate) async fn look_on(ctx: Ctx, backend: Arc<str>, settings: Settings, cancel: CancellationToken) {
    tokio::select! {
        biased;
        () = cancel.cancelled() => {}
        () = keep_looking(&ctx, &backend, &settings) => {}
    }
}

async fn keep_looking(ctx: &Ctx, backend: &Arc<str>, settings: &Settings) {
    let every = Duration::from_secs(settings.spec.polling.cluster_seconds.into());
    let mut failures = 0;
    loop {
        let looked = match Session::look_on(ctx, backend, settings).await {
            Ok(session) => look(&session).await,
            Err(health) => Err(health),
        };
        let pause = match looked {
            Ok(()) => {
                failures = 0;
                jittered(every)
            }
            Err(health) => {
                failures += 1;
                debug!(%backend, cause = %health.message(), "a backend of another replica cannot be looked at");
                RECONNECT.delay(failures, jitter())
            }
        };
        tokio::time::sleep(pause).await;
    }
}

async fn look(session: &Session) -> Result<(), Health> {
    poll::look_on(session).await?;
    networks::look_on(session).await.map_err(|failure| health_of(&failure))
}

/// Trouble that a submission met.
async fn trouble(session: &Session) -> Health {
    let troubled =
        session.ctx.world.look(|world| world.backends.get(&session.backend).map(|b| Rc::clone(&b.troubled)));
    let Some(troubled) = troubled else { return Health::Synchronising };
    loop {
        troubled.notified().await;
        let trouble = session.ctx.world.change(|world| {
            world.backends.get_mut(&session.backend).and_then(|backend| backend.trouble.take())
        });
        if let Some(trouble) = trouble {
            return trouble;
        }
    }
}

/// The session is good: machines may be worked on.
fn open(session: &Session) {
    info!(backend = %session.backend, "backend is ready");
    let machines: Vec<_> = session.ctx.world.change(|world| {
        let mut woken = world.needs.met(&Need::Capacity);
        if let Some(backend) = world.backends.get_mut(&session.backend) {
            backend.client = Some(session.client.clone());
            backend.health = Health::Ready;
            woken.extend(backend.window.offer());
        }
        world.machines.on_backend(&session.backend).cloned().chain(woken).collect()
    });
    session.ctx.queue.wake(&Key::Backend(session.backend.as_ref().into()), Urgency::User);
    session.ctx.wake_machines(machines, Urgency::Resync);
}

/// The session has ended: nothing is submitted until another one is good.
fn close(ctx: &Ctx, backend: &Arc<str>, health: Health) {
    let (changed, waiting) = ctx.world.change(|world| {
        let Some(found) = world.backends.get_mut(backend) else { return (false, Vec::new()) };
        found.client = None;
        (found.health != health, world.set_back(backend, &health))
    });
    ctx.wake_machines(waiting, Urgency::Resync);
    if changed {
        warn!(%backend, reason = health.reason().as_str(), cause = %health.message(), "backend is not ready");
        ctx.queue.wake(&Key::Backend(backend.as_ref().into()), Urgency::User);
    }
}
