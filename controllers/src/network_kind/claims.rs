//! Claims: what was drafted in memory is written block by block, and what nobody has any more is let go of.

use std::{collections::BTreeSet, time::Duration};

use cyclades_domain::ipam::{Block, Dirty, Pool, block_name};
use serde_json::json;
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    runtime::{
        context::Ctx,
        kube_api::{Place, WriteError},
        queue::Urgency,
    },
    world::{ObjectName, World, needs::Need},
};

/// How long nobody may be known for whom something is claimed: a machine may be younger here than its claim.
const GRACE: Duration = Duration::from_secs(60);
/// How often all claims of a network are gone through.
const SWEEP_EVERY: Duration = Duration::from_secs(300);

/// Writes each block that somebody has claimed or released something in, and wakes who waits for it.
///
/// # Errors
/// The first that the API server gives. Who has claimed in a block that somebody else has changed claims again.
pub(super) async fn write(ctx: &Ctx, name: &ObjectName) -> Result<(), WriteError> {
    let found = ctx.world.look(|world| {
        let id = world.networks.get(name)?.id;
        Some((id, world.networks.pool(id)?.dirty()))
    });
    let Some((network, dirty)) = found else { return Ok(()) };
    for Dirty { index, version, block } in dirty {
        match store(ctx, network, index, version, &block).await {
            Ok(version) => {
                ctx.world.change(|world| world.networks.put_block(network, index, version, block));
            }
            Err(error) => {
                ctx.world.change(|world| {
                    if let Some(pool) = world.networks.pool_mut(network) {
                        pool.discard(index);
                    }
                });
                return Err(error);
            }
        }
    }
    Ok(())
}

/// Wakes the machines that wait for something of the network.
pub(super) fn wake(ctx: &Ctx, name: &ObjectName) {
    let waiting = ctx.world.change(|world| world.needs.met(&Need::Network(name.clone())));
    ctx.wake_machines(waiting, Urgency::User);
}

async fn store(
    ctx: &Ctx,
    network: Uuid,
    index: u32,
    version: Option<u64>,
    block: &Block,
) -> Result<u64, WriteError> {
    let name = block_name(network, index);
    let place = Place { plural: "ipblocks", namespace: None, name: &name };
    let claims = block.stored();
    let written = match version {
        Some(version) => {
            let patch = json!({
                "metadata": { "resourceVersion": version.to_string() }, "spec": { "claims": claims },
            });
            ctx.kube.patch(place, false, &patch).await?
        }
        None => {
            let spec =
                json!({ "network": network.hyphenated().to_string(), "index": index, "claims": claims });
            ctx.kube.create(place, "IPBlock", &spec).await?
        }
    };
    Ok(written.metadata.version())
}

/// Lets go of what is claimed for machines that are gone, or that name no such NIC in this network. Returns when to look
/// again.
pub(super) fn sweep(ctx: &Ctx, name: &ObjectName) -> Option<Duration> {
    let now = Instant::now();
    ctx.world.change(|world| {
        let network = world.networks.get(name)?.id;
        let due = *world.networks.sweeps.entry(network).or_insert(now);
        if now < due {
            return Some(due - now);
        }
        let unowned = unowned(world, name, world.networks.pool(network)?);
        let since = &mut world.networks.unowned;
        since.retain(|(of, owner), _| *of != network || unowned.iter().any(|(unowned, _)| unowned == owner));
        let (mut over, mut next) = (Vec::new(), SWEEP_EVERY);
        for (owner, nic) in unowned {
            let waited = now - *since.entry((network, owner)).or_insert(now);
            match GRACE.checked_sub(waited) {
                Some(left) if !left.is_zero() => next = next.min(left),
                _ => over.push((owner, nic)),
            }
        }
        world.networks.sweeps.insert(network, now + next);
        let pool = world.networks.pool_mut(network)?;
        over.iter().for_each(|(owner, nic)| pool.release(*owner, nic));
        Some(next)
    })
}

/// What is claimed for nobody who is known.
fn unowned(world: &World, name: &ObjectName, pool: &Pool) -> BTreeSet<(Uuid, Box<str>)> {
    let is_owned = |owner: Uuid, nic: &str| {
        let machine = world.machines.by_id(owner).and_then(|key| world.machines.get(key));
        machine.is_some_and(|machine| {
            machine.key.namespace() == name.namespace()
                && machine.nics().iter().any(|own| own.name == nic && own.network_ref.name == name.name())
        })
    };
    let claims = pool.claims().filter(|(_, claim)| !is_owned(claim.owner, &claim.nic));
    claims.map(|(_, claim)| (claim.owner, Box::from(&*claim.nic))).collect()
}

/// A machine is gone for good: what its NICs had is free at the next look.
pub(crate) fn depart(
    world: &mut World,
    networks: impl Iterator<Item = ObjectName>,
    owner: Uuid,
) -> Vec<ObjectName> {
    let now = Instant::now();
    let long_ago = now.checked_sub(GRACE).unwrap_or(now);
    let known = networks.filter(|name| {
        let Some(id) = world.networks.get(name).map(|network| network.id) else { return false };
        world.networks.unowned.insert((id, owner), long_ago);
        world.networks.sweeps.insert(id, now);
        true
    });
    known.collect()
}
