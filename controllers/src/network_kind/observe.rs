//! Observe: what the stores say of a Network. Memory only.

use std::rc::Rc;

use cyclades_domain::{
    ipam::{InvalidMac, InvalidPool, LinkPool, MacPrefix, MacPrefixes},
    network::plan::Observed,
};
use uuid::Uuid;

use super::seen::Seen;
use crate::{
    runtime::context::Ctx,
    world::{Backend, ObjectName, World, networks::LinkPoolObject},
};

/// A Network as a pass sees it.
#[derive(Debug)]
pub(super) struct ObservedNetwork {
    /// Its object.
    pub(super) name: ObjectName,
    /// Its id.
    pub(super) id: Uuid,
    /// Finalizers of the object.
    pub(super) finalizers: Rc<[Box<str>]>,
    /// Its version and status.
    pub(super) seen: Seen,
    /// What is observed.
    pub(super) observed: Observed,
}

/// Why a LinkPool gives nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadPool {
    /// Its first value is none.
    #[error(transparent)]
    First(#[from] InvalidMac),
    /// Its values cannot be.
    #[error(transparent)]
    Values(#[from] InvalidPool),
}

/// A LinkPool with who has which of its values.
pub(super) fn prefixes(object: &LinkPoolObject) -> Result<LinkPool<MacPrefixes>, BadPool> {
    let spec = &object.entry.spec;
    let values = MacPrefixes::new(spec.mac_prefixes.first.parse()?, spec.mac_prefixes.count)?;
    let mut pool = LinkPool::new(values, spec.reserved.iter().map(String::as_str));
    // What it has not is told by the network that has it.
    pool.read(object.taken.iter().map(|(value, network)| (value.as_str(), *network)));
    Ok(pool)
}

/// The prefix that the pools say a network has: that of the first pool by name.
pub(super) fn held(world: &World, network: Uuid) -> Option<(Rc<str>, MacPrefix)> {
    let pools = world.networks.link_pools.iter();
    pools
        .filter_map(|(name, object)| Some((name, prefixes(object).ok()?)))
        .find_map(|(name, pool)| Some((Rc::clone(name), pool.held(network)?.parse().ok()?)))
}

/// Looks at a Network; `None` where there is none.
pub(super) fn observe(ctx: &Ctx, name: &ObjectName) -> Option<ObservedNetwork> {
    ctx.world.look(|world| {
        let network = world.networks.get(name)?;
        let (id, told) = (network.id, network.prefix);
        let held = held(world, id).map(|(_, prefix)| prefix);
        let mut pools: Vec<_> =
            world.networks.link_pools.values().filter_map(|object| prefixes(object).ok()).collect();
        let can_again =
            |prefix: MacPrefix| pools.iter_mut().any(|pool| pool.take_again(&prefix.to_string(), id));
        let lost = held.is_none() && !told.is_none_or(can_again);
        let finalizer = network.finalizers.iter().any(|f| **f == *cyclades_crds::names::NETWORK_FINALIZER);
        let observed = Observed {
            deleting: network.entry.deleting,
            paused: network.paused,
            finalizer,
            told,
            held,
            lost,
            room: pools.iter().any(|pool| pool.free() > 0),
            users: world.machines.in_network(name).map(|machine| machine.name().to_owned()).collect(),
            clusters: clusters(world, id),
            blocks: world.networks.blocks_of(id).len(),
        };
        Some(ObservedNetwork {
            name: name.clone(),
            id,
            finalizers: Rc::clone(&network.finalizers),
            seen: Seen::any(&network.entry),
            observed,
        })
    })
}

/// Backends whose cluster is known to have a network. What is left on one that cannot be asked goes when it can: no machine
/// of ours is in it.
fn clusters(world: &World, network: Uuid) -> Vec<String> {
    let has = |backend: &&Backend| {
        let has = backend.networks.has.as_ref().is_some_and(|has| has.contains(&network));
        has && !backend.object.forgotten
    };
    world.backends.values().filter(has).map(|backend| backend.name.to_string()).collect()
}
