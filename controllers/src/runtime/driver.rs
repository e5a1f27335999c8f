//! The driver: takes keys from the queue and runs a pass of each, a bounded number at a time.

use std::{rc::Rc, sync::Arc, time::Duration};

use cyclades_domain::ipam::Pool;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error};

use super::{
    context::Ctx,
    jitter,
    kube_api::WriteError,
    pass::{Next, PassError},
};
use crate::{
    backend_kind, catalog, network_kind,
    replica::holding,
    vm,
    world::{Key, ObjectName},
};

/// Passes that wait for the API server or for Ganeti at a time. Ganeti's windows and the API server's own fairness are
/// the limits that matter; this one bounds memory.
const PASSES_MAX: usize = 512;
/// Longest time a pass may take: RAPI's submit timeout (60 s) and a write to the API server.
const PASS_TIMEOUT: Duration = Duration::from_secs(90);
/// Pause before a failed pass is repeated.
const RETRY: Duration = Duration::from_secs(1);

/// Drives passes until it is cancelled; returns when those that run have ended.
pub(crate) async fn drive(ctx: Ctx, cancel: CancellationToken) {
    let permits = Arc::new(Semaphore::new(PASSES_MAX));
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
        let key = tokio::select! {
            biased;
            () = cancel.cancelled() => break,
            key = ctx.queue.next() => key,
        };
        let ctx = Rc::clone(&ctx);
        tokio::task::spawn_local(async move {
            pass(&ctx, &key).await;
            drop(permit);
        });
    }
    // All permits back means that nothing runs any more.
    let all = u32::try_from(PASSES_MAX).unwrap_or(u32::MAX);
    let _ = permits.acquire_many(all).await;
}

async fn pass(ctx: &Ctx, key: &Key) {
    let start = Instant::now();
    let outcome = timeout(PASS_TIMEOUT, reconcile(ctx, key)).await;
    let (result, next) = match outcome {
        Ok(Ok(next)) => ("success", next),
        Ok(Err(PassError(WriteError::Conflict | WriteError::Gone | WriteError::NoAnswer))) => {
            // The watch brings what the API server has; the delay is for the case that it brought it already.
            debug!(%key, "outdated, waiting for the watch");
            ("conflict", Next::After(RETRY))
        }
        Ok(Err(error)) => {
            error!(%key, %error, "a pass failed");
            ("error", Next::After(RETRY + Duration::from_millis(jitter() % 4000)))
        }
        Err(_) => {
            error!(%key, "a pass took longer than {} s and was given up", PASS_TIMEOUT.as_secs());
            ("timeout", Next::After(RETRY))
        }
    };
    ctx.metrics.pass(key.kind(), result, start.elapsed());
    match next {
        Next::Rest => {}
        Next::Again => ctx.queue.wake(key, super::queue::Urgency::User),
        Next::After(delay) => ctx.queue.wake_after(key, delay),
    }
    ctx.queue.done(key);
}

async fn reconcile(ctx: &Ctx, key: &Key) -> Result<Next, PassError> {
    if !is_ours(ctx, key) {
        return Ok(Next::Rest);
    }
    match key {
        Key::Vm(name) => vm::reconcile(ctx, name).await,
        Key::Backend(name) => backend_kind::reconcile(ctx, name).await,
        Key::Flavor(name) => catalog::flavor(ctx, name).await,
        Key::VolumeType(name) => catalog::volume_type(ctx, name).await,
        Key::Image(name) => catalog::image(ctx, name).await,
        Key::LinkPool(name) => network_kind::link_pool(ctx, name).await,
        Key::Network(name) => network_kind::network(ctx, name).await,
        Key::Subnet(name) => network_kind::subnet(ctx, name).await,
    }
}

/// Whether a pass of this is for this replica, at this moment. Whoever becomes responsible for something wakes it.
fn is_ours(ctx: &Ctx, key: &Key) -> bool {
    if let Key::Vm(name) = key {
        // What it takes of its backend counts for whoever places others.
        vm::account(ctx, name);
    }
    ctx.replica.may_act()
        && match key {
            Key::Vm(name) => holding::concerns(ctx, name),
            Key::Backend(_) => true,
            Key::Flavor(_) | Key::VolumeType(_) | Key::Image(_) => ctx.replica.leads(),
            Key::LinkPool(_) | Key::Subnet(_) => ctx.replica.leads(),
            // Whoever creates a machine claims for it.
            Key::Network(name) => ctx.replica.leads() || has_claims(ctx, name),
        }
}

fn has_claims(ctx: &Ctx, name: &ObjectName) -> bool {
    ctx.world.look(|world| {
        let pool = world.networks.get(name).and_then(|network| world.networks.pool(network.id));
        pool.is_some_and(Pool::is_dirty)
    })
}
