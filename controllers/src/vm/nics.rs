//! The NICs of a machine: what each has, how what it lacks is claimed, and what its cluster has to have for them.

use std::sync::Arc;

use cyclades_crds::{condition::Reason, network::NetworkType, nic::NicStatus};
use cyclades_domain::{
    ipam::Ask,
    network::{
        Flaw,
        ganeti::ganeti_name,
        nics::{Found, Given, Outcome, refused, resolve},
    },
};
use ganeti_rapi::NicSpec;
use uuid::Uuid;

use super::missing::Missing;
use crate::{
    runtime::{context::Ctx, queue::Urgency},
    world::{Backend, Key, Machine, ObjectName, World, needs::Need},
};

fn look(world: &World, machine: &Machine) -> Outcome {
    let find = |name: &str| {
        let name = ObjectName::new(machine.key.namespace(), name);
        let network = world.networks.get(&name)?;
        let ready = world.networks.pool(network.id).is_some() && !network.entry.deleting;
        let ranges = world.networks.ranges(&name);
        let addressed = ranges.v4.is_some() || ranges.v6.is_some();
        Some(Found { id: network.id, ready, addressed, v6: ranges.v6 })
    };
    let held = |network: Uuid, nic: &str| world.networks.pool(network)?.held(machine.id, nic);
    resolve(machine.id, machine.nics(), find, held)
}

/// What the NICs of a machine have, as its status tells it; `None` before all have something, and for none.
pub(super) fn told(world: &World, machine: &Machine) -> Option<Arc<[NicStatus]>> {
    if machine.nics().is_empty() {
        return None;
    }
    let Outcome::Given(given) = look(world, machine) else { return None };
    let told = machine.nics().iter().zip(given).map(|(nic, given)| NicStatus {
        name: nic.name.clone(),
        network: nic.network_ref.name.clone(),
        address: given.grant.address.map(|address| address.to_string()),
        address6: given.address6.map(|address| address.to_string()),
        mac_address: given.grant.mac.to_string(),
    });
    Some(told.collect())
}

/// What the NICs of a machine have for certain. What they lack is claimed, and waited for.
pub(super) fn given(ctx: &Ctx, world: &mut World, machine: &ObjectName) -> Result<Vec<Given>, Missing> {
    let Some(machine) = world.machines.get(machine).filter(|machine| !machine.nics().is_empty()) else {
        return Ok(Vec::new());
    };
    match look(world, machine) {
        Outcome::Given(given) => Ok(given),
        Outcome::Claim(claims) => Err(claim(ctx, world, claims)),
        Outcome::Wait(at, flaw) => {
            let nic = machine.nics().get(at);
            let network = nic.map(|nic| ObjectName::new(machine.key.namespace(), &nic.network_ref.name));
            Err(missing(network.map(Need::Network), flaw))
        }
    }
}

fn missing(need: Option<Need>, Flaw { reason, message }: Flaw) -> Missing {
    Missing { need, reason, message }
}

/// Claims, for the network to be written with all that others claim meanwhile.
fn claim(ctx: &Ctx, world: &mut World, claims: Vec<(Uuid, Ask)>) -> Missing {
    let mut need = None;
    for (network, ask) in claims {
        let Some(name) = world.networks.by_id(network).cloned() else { continue };
        let Some(pool) = world.networks.pool_mut(network) else { continue };
        if let Err(refusal) = pool.claim(&ask) {
            let flaw = refused(name.name(), &ask.nic, &refusal);
            return missing(Some(Need::Network(name)), flaw);
        }
        ctx.queue.wake(&Key::Network(name.clone()), Urgency::User);
        need = Some(Need::Network(name));
    }
    let message = "Its addresses are being claimed.".to_owned();
    Missing { need, reason: Reason::Creating, message }
}

/// Why a backend cannot have the networks of a machine.
pub(super) fn closed(world: &World, machine: &Machine, backend: &Backend) -> Option<String> {
    if backend.object.spec.mac_filtered_bridge.is_some() {
        return None;
    }
    let is_filtered = |name: &ObjectName| {
        let network = world.networks.get(name);
        network.is_some_and(|network| network.entry.spec.kind == NetworkType::MacFiltered)
    };
    let needs = machine.networks().find(is_filtered)?;
    Some(format!("it names no macFilteredBridge, which Network {} needs", needs.name()))
}

/// The NICs that an instance is created with, once its cluster has their networks.
pub(super) fn on_cluster(backend: &Backend, given: &[Given]) -> Result<Vec<NicSpec>, Missing> {
    let prefix = &backend.object.spec.instance_name_prefix;
    let mut nics = Vec::with_capacity(given.len());
    for nic in given {
        let need = || Some(Need::NetworksOn(Arc::clone(&backend.name)));
        match backend.networks.standing.get(&nic.network) {
            Some(Ok(())) => nics.push(NicSpec {
                name: Some(nic.name.to_string()),
                mac: Some(nic.grant.mac.to_string()),
                ip: nic.grant.address.map(|address| address.to_string()),
                network: Some(ganeti_name(prefix, nic.network)),
                ..NicSpec::default()
            }),
            Some(Err(flaw)) => return Err(missing(need(), flaw.clone())),
            None => {
                backend.networks.wanted.notify_one();
                let message = format!("Its networks are being made on {}.", backend.name);
                return Err(Missing { need: need(), reason: Reason::Creating, message });
            }
        }
    }
    Ok(nics)
}
