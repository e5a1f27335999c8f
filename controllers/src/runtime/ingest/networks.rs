//! Networks, Subnets, LinkPools and IPBlocks into the world.

use std::rc::Rc;

use cyclades_crds::{
    IPBlockSpec, LinkPoolSpec, LinkPoolStatus, NetworkSpec, NetworkStatus, SubnetSpec, SubnetStatus,
};
use cyclades_domain::ipam::{Block, block_of};
use serde::de::DeserializeOwned;
use tracing::warn;
use uuid::Uuid;

use super::Intake;
use crate::{
    runtime::{context::Ctx, queue::Urgency, watch::Unparsed},
    world::{
        Key, ObjectName, World,
        catalog::Entry,
        needs::Need,
        networks::{LinkPoolObject, NetworkObject, SubnetObject},
        wire::{MetaWire, WholeWire},
    },
};

/// Reads an object; one that does not parse is left as it was.
fn read<'a, Spec, Status>(ctx: &Ctx, object: &Unparsed<'a>) -> Option<WholeWire<'a, Spec, Status>>
where
    Spec: DeserializeOwned,
    Status: Default + DeserializeOwned,
{
    match serde_json::from_str(object.json()) {
        Ok(wire) => Some(wire),
        Err(error) => {
            refuse(ctx, object, &error);
            None
        }
    }
}

fn refuse(ctx: &Ctx, object: &Unparsed<'_>, error: &dyn std::fmt::Display) {
    ctx.metrics.unparsed();
    warn!(object = %object.object_name(), %error, "the object does not parse, it is left as it was");
}

fn entry<Spec>(
    meta: &MetaWire<'_>,
    spec: Spec,
    observed_generation: Option<i64>,
    conditions: Vec<k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition>,
) -> Entry<Spec> {
    Entry {
        version: meta.version(),
        generation: meta.generation,
        deleting: meta.deletion_timestamp.is_some(),
        spec: Rc::new(spec),
        observed_generation,
        conditions,
    }
}

fn wake(ctx: &Ctx, keys: impl IntoIterator<Item = Key>, urgency: Urgency) {
    if ctx.world.look(|world| world.listed.all()) {
        keys.into_iter().for_each(|key| ctx.queue.wake(&key, urgency));
    }
}

/// The intake of Networks.
#[derive(Debug)]
pub(crate) struct Networks;

impl Intake for Networks {
    type Name = ObjectName;
    const PLURAL: &'static str = "networks";

    fn name(object: &Unparsed<'_>) -> ObjectName {
        object.object_name()
    }

    fn names(world: &World) -> Vec<ObjectName> {
        world.networks.keys().cloned().collect()
    }

    fn put(ctx: &Ctx, object: &Unparsed<'_>, urgency: Urgency) {
        let name = Self::name(object);
        let Some(wire) = read::<NetworkSpec, NetworkStatus>(ctx, object) else { return };
        let meta = &wire.metadata;
        let Ok(id) = Uuid::try_parse(wire.spec.id.as_deref().unwrap_or(&meta.uid)) else {
            return refuse(ctx, object, &"its uid or id is no UUID");
        };
        let network = NetworkObject {
            id,
            paused: meta.marks.paused,
            finalizers: meta.finalizers.iter().map(|text| Box::from(text.as_ref())).collect(),
            // One that is none is taken anew.
            prefix: wire.status.mac_prefix.as_deref().and_then(|prefix| prefix.parse().ok()),
            entry: entry(meta, wire.spec, wire.status.observed_generation, wire.status.conditions),
        };
        let waiting = ctx.world.change(|world| {
            world.networks.put(&name, network).then(|| world.needs.met(&Need::Network(name.clone())))
        });
        if let Some(waiting) = waiting {
            wake(ctx, waiting.into_iter().map(Key::Vm).chain([Key::Network(name)]), urgency);
        }
    }

    fn remove(ctx: &Ctx, name: &ObjectName) {
        let subnets = ctx.world.change(|world| {
            world.networks.forget(name);
            world.networks.subnets_of(name)
        });
        wake(ctx, subnets.into_iter().map(Key::Subnet), Urgency::User);
    }

    fn listed(ctx: &Ctx) {
        ctx.world.change(|world| world.listed.networks = true);
    }
}

/// The intake of Subnets.
#[derive(Debug)]
pub(crate) struct Subnets;

impl Intake for Subnets {
    type Name = ObjectName;
    const PLURAL: &'static str = "subnets";

    fn name(object: &Unparsed<'_>) -> ObjectName {
        object.object_name()
    }

    fn names(world: &World) -> Vec<ObjectName> {
        world.networks.subnet_keys().cloned().collect()
    }

    fn put(ctx: &Ctx, object: &Unparsed<'_>, urgency: Urgency) {
        let name = Self::name(object);
        let Some(wire) = read::<SubnetSpec, SubnetStatus>(ctx, object) else { return };
        let network = ObjectName::new(name.namespace(), &wire.spec.network_ref.name);
        let subnet = SubnetObject {
            created: wire.metadata.creation_timestamp.unwrap_or_default().as_second(),
            entry: entry(&wire.metadata, wire.spec, wire.status.observed_generation, wire.status.conditions),
        };
        let news = ctx.world.change(|world| {
            let news = world.networks.put_subnet(&name, subnet);
            news.then(|| world.networks.subnets_of(&network))
        });
        // Whether one counts depends on the others.
        if let Some(subnets) = news {
            wake(ctx, subnets.into_iter().map(Key::Subnet).chain([Key::Network(network)]), urgency);
        }
    }

    fn remove(ctx: &Ctx, name: &ObjectName) {
        let concerned = ctx.world.change(|world| {
            let network = world.networks.forget_subnet(name)?;
            Some((world.networks.subnets_of(&network), network))
        });
        if let Some((subnets, network)) = concerned {
            wake(ctx, subnets.into_iter().map(Key::Subnet).chain([Key::Network(network)]), Urgency::User);
        }
    }

    fn listed(ctx: &Ctx) {
        ctx.world.change(|world| world.listed.subnets = true);
    }
}

/// The intake of LinkPools.
#[derive(Debug)]
pub(crate) struct LinkPools;

impl Intake for LinkPools {
    type Name = Rc<str>;
    const PLURAL: &'static str = "linkpools";

    fn name(object: &Unparsed<'_>) -> Rc<str> {
        object.plain_name().into()
    }

    fn names(world: &World) -> Vec<Rc<str>> {
        world.networks.link_pools.keys().cloned().collect()
    }

    fn put(ctx: &Ctx, object: &Unparsed<'_>, urgency: Urgency) {
        let name = Self::name(object);
        let Some(wire) = read::<LinkPoolSpec, LinkPoolStatus>(ctx, object) else { return };
        let taken = wire.status.taken.into_iter().filter_map(|taken| {
            let network = Uuid::try_parse(&taken.network).ok()?;
            Some((taken.value, network))
        });
        let pool = LinkPoolObject {
            taken: taken.collect(),
            entry: entry(&wire.metadata, wire.spec, wire.status.observed_generation, wire.status.conditions),
        };
        let woken = ctx.world.change(|world| {
            let pools = &mut world.networks.link_pools;
            if pools.get(&name).is_some_and(|known| known.entry.version >= pool.entry.version) {
                return None;
            }
            pools.insert(Rc::clone(&name), pool);
            Some(world.networks.without_prefix())
        });
        if let Some(networks) = woken {
            wake(ctx, networks.into_iter().map(Key::Network).chain([Key::LinkPool(name)]), urgency);
        }
    }

    fn remove(ctx: &Ctx, name: &Rc<str>) {
        let networks = ctx.world.change(|world| {
            world.networks.link_pools.remove(name);
            // Those that had a prefix of it tell so.
            world.networks.keys().cloned().collect::<Vec<_>>()
        });
        wake(ctx, networks.into_iter().map(Key::Network), Urgency::User);
    }

    fn listed(ctx: &Ctx) {
        ctx.world.change(|world| world.listed.link_pools = true);
    }
}

/// The intake of IPBlocks.
#[derive(Debug)]
pub(crate) struct IpBlocks;

impl Intake for IpBlocks {
    type Name = Box<str>;
    const PLURAL: &'static str = "ipblocks";

    fn name(object: &Unparsed<'_>) -> Box<str> {
        object.plain_name().into()
    }

    fn names(world: &World) -> Vec<Box<str>> {
        let blocks = world.networks.blocks().into_iter();
        blocks.map(|(network, index)| cyclades_domain::ipam::block_name(network, index).into()).collect()
    }

    fn put(ctx: &Ctx, object: &Unparsed<'_>, urgency: Urgency) {
        let Some((network, index)) = block_of(object.plain_name()) else {
            return refuse(ctx, object, &"its name is that of no block; it counts for nothing");
        };
        let Some(wire) = read::<IPBlockSpec, serde_json::Value>(ctx, object) else { return };
        match Block::of(&wire.spec) {
            Ok(block) => {
                let version = wire.metadata.version();
                let waiting = ctx.world.change(|world| {
                    let news = world.networks.put_block(network, index, version, block);
                    let name = world.networks.by_id(network).filter(|_| news).cloned()?;
                    Some(world.needs.met(&Need::Network(name)))
                });
                wake(ctx, waiting.into_iter().flatten().map(Key::Vm), urgency);
            }
            Err(error) => refuse(ctx, object, &error),
        }
    }

    fn remove(ctx: &Ctx, name: &Box<str>) {
        let Some((network, index)) = block_of(name) else { return };
        let concerned = ctx.world.change(|world| {
            world.networks.forget_block(network, index);
            world.networks.by_id(network).cloned()
        });
        wake(ctx, concerned.map(Key::Network), Urgency::User);
    }

    fn listed(ctx: &Ctx) {
        ctx.world.change(|world| world.listed.ip_blocks = true);
    }
}
