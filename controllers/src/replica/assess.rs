//! Who lives has changed, or may have: what follows from it.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tracing::{info, warn};

use super::{holding, state::Change};
use crate::{
    runtime::{context::Ctx, queue::Urgency},
    world::{Key, World},
};

/// Least time between two questions whether a silent replica is gone.
const ASK_AGAIN: Duration = Duration::from_millis(500);
/// When nothing is awaited.
const LONG: Duration = Duration::from_secs(3600);

/// Counts who lives. Where that has changed, backends are let go of or looked at again.
pub(crate) fn assess(ctx: &Ctx) {
    let (leases, all) = ctx.world.look(|world| (world.listed.leases, world.listed.all()));
    let change = ctx.replica.count(leases);
    match change {
        Change::None => return,
        Change::Lapsed => {
            warn!("the Lease of this replica is over: nothing is begun until it is renewed");
            holding::drop_all(ctx);
            return;
        }
        Change::Others | Change::Leads => {
            info!(live = ?ctx.replica.live(), leads = ctx.replica.leads(), "replicas");
        }
    }
    if !all {
        return;
    }
    let keys = match change {
        Change::Leads => ctx.world.look(World::all_keys),
        _ => ctx
            .world
            .look(|world| world.backends.keys().map(|name| Key::Backend(name.as_ref().into())).collect()),
    };
    for key in keys {
        let urgency = if matches!(key, Key::Backend(_)) { Urgency::User } else { Urgency::Resync };
        ctx.queue.wake(&key, urgency);
    }
}

/// Looks at the clock for as long as the program runs: whether this replica's time is over, and another's.
pub(crate) async fn watch_the_clock(ctx: Ctx) {
    let mut ask_from = Instant::now();
    loop {
        let now = Instant::now();
        let (own, other) = ctx.replica.ends();
        let own = own.filter(|end| *end > now);
        let other = other.map(|end| end.max(ask_from));
        let next = own.into_iter().chain(other).min().unwrap_or(now + LONG);
        tokio::select! {
            biased;
            () = ctx.replica.changed.notified() => {}
            () = sleep_until(next) => {}
        }
        if other.is_some_and(|end| end <= Instant::now()) {
            // It has been silent for too long, or the watch has: a renewal of our own tells which.
            ask_from = Instant::now() + ASK_AGAIN;
            ctx.replica.renew.notify_one();
        }
        assess(&ctx);
    }
}
