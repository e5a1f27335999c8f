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
    world::{ObjectName, World, needs::Need, sweeps::Claimant},
};

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
        if let Some(wait) = world.networks.sweeps.wait(network, now) {
            return Some(wait);
        }
        let unowned = unowned(world, name, world.networks.pool(network)?);
        let World { networks, backends, .. } = world;
        let in_use = |machine| backends.values().any(|backend| backend.inventory.has(machine));
        let (over, next) = networks.sweeps.over(network, unowned, in_use, now);
        let pool = world.networks.pool_mut(network)?;
        over.iter().for_each(|(owner, nic)| pool.release(*owner, nic));
        Some(next)
    })
}

/// What is claimed for nobody who is known.
fn unowned(world: &World, name: &ObjectName, pool: &Pool) -> BTreeSet<Claimant> {
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
