//! Act: the one outside effect of a Network's pass.

use std::rc::Rc;

use cyclades_crds::names;
use cyclades_domain::ipam::{LinkPool, MacPrefix, MacPrefixes, block_name};
use serde_json::json;

use super::observe::{ObservedNetwork, held, prefixes};
use crate::runtime::{
    context::Ctx,
    kube_api::{Nothing, Patch, Place, WriteError},
    pass::Next,
};

/// Writes our finalizer, before anything is taken.
pub(super) async fn guard(ctx: &Ctx, seen: &ObservedNetwork) -> Result<(), WriteError> {
    let mut finalizers: Vec<&str> = seen.finalizers.iter().map(|f| &**f).collect();
    finalizers.push(names::NETWORK_FINALIZER);
    write_finalizers(ctx, seen, &finalizers).await
}

/// Takes our finalizer off.
pub(super) async fn release(ctx: &Ctx, seen: &ObservedNetwork) -> Result<(), WriteError> {
    let ours = names::NETWORK_FINALIZER;
    let kept: Vec<&str> = seen.finalizers.iter().map(|f| &**f).filter(|f| *f != ours).collect();
    write_finalizers(ctx, seen, &kept).await
}

async fn write_finalizers(ctx: &Ctx, seen: &ObservedNetwork, finalizers: &[&str]) -> Result<(), WriteError> {
    let patch = Patch::<Nothing, Nothing>::object(seen.seen.version, finalizers, None);
    let place = Place { plural: "networks", namespace: Some(seen.name.namespace()), name: seen.name.name() };
    let written = ctx.kube.patch(place, false, &patch).await?;
    ctx.world.change(|world| {
        let known = world.networks.get_mut(&seen.name);
        if let Some(network) = known.filter(|network| network.entry.version == seen.seen.version) {
            network.entry.version = written.metadata.version();
            network.finalizers = written.metadata.finalizers.into();
        }
    });
    Ok(())
}

/// Takes a prefix from the first pool that has one or, where the network was told one before, from the pool with that.
pub(super) async fn take(
    ctx: &Ctx,
    seen: &ObservedNetwork,
    told: Option<MacPrefix>,
) -> Result<(), WriteError> {
    let id = seen.id;
    let chosen = ctx.world.look(|world| {
        world.networks.link_pools.iter().find_map(|(name, object)| {
            let mut pool = prefixes(object).ok()?;
            let taken = match told {
                Some(told) => pool.take_again(&told.to_string(), id),
                None => pool.take(id).is_some(),
            };
            taken.then(|| (Rc::clone(name), object.entry.version, pool))
        })
    });
    match chosen {
        Some((name, version, pool)) => write_pool(ctx, &name, version, &pool).await,
        // It was somebody else's in the meantime; the next pass sees how it stands.
        None => Ok(()),
    }
}

/// Gives the prefix back.
pub(super) async fn give_back(ctx: &Ctx, seen: &ObservedNetwork) -> Result<(), WriteError> {
    let chosen = ctx.world.look(|world| {
        let (name, _) = held(world, seen.id)?;
        let object = world.networks.link_pools.get(&name)?;
        let mut pool = prefixes(object).ok()?;
        pool.release(seen.id);
        Some((name, object.entry.version, pool))
    });
    match chosen {
        Some((name, version, pool)) => write_pool(ctx, &name, version, &pool).await,
        None => Ok(()),
    }
}

/// Writes who has which value of a pool, if nobody else has since it was read.
async fn write_pool(
    ctx: &Ctx,
    name: &Rc<str>,
    version: u64,
    pool: &LinkPool<MacPrefixes>,
) -> Result<(), WriteError> {
    let taken: Vec<_> = pool.taken().collect();
    let out: Vec<_> = taken
        .iter()
        .map(|(value, network)| json!({ "value": value, "network": network.hyphenated().to_string() }))
        .collect();
    let patch = json!({ "metadata": { "resourceVersion": version.to_string() }, "status": { "taken": out } });
    let written = ctx.kube.patch(Place { plural: "linkpools", namespace: None, name }, true, &patch).await?;
    ctx.world.change(|world| {
        let known = world.networks.link_pools.get_mut(name);
        if let Some(object) = known.filter(|object| object.entry.version == version) {
            object.entry.version = written.metadata.version();
            object.taken = taken;
        }
    });
    Ok(())
}

/// Deletes the blocks of a network that no machine uses; the watch tells when they are gone.
pub(super) async fn drop_blocks(ctx: &Ctx, seen: &ObservedNetwork) -> Result<Next, WriteError> {
    for index in ctx.world.look(|world| world.networks.blocks_of(seen.id)) {
        let name = block_name(seen.id, index);
        ctx.kube.delete(Place { plural: "ipblocks", namespace: None, name: &name }).await?;
        ctx.world.change(|world| world.networks.forget_block(seen.id, index));
    }
    Ok(Next::Again)
}
