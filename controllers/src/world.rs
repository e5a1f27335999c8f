//! What the operator knows: its stores and their indexes, in memory, fed by watches and by backends.
//!
//! Nothing here scans: what depends on what is found through indexes that are kept up to date as objects change.

pub(crate) mod backend;
pub(crate) mod catalog;
pub(crate) mod census;
pub(crate) mod cluster_networks;
pub(crate) mod ids;
pub(crate) mod intern;
pub(crate) mod inventory;
pub(crate) mod key;
pub(crate) mod machine;
pub(crate) mod machines;
mod memory;
pub(crate) mod needs;
pub(crate) mod networks;
pub(crate) mod rows;
pub(crate) mod sweeps;
pub(crate) mod usage;
pub(crate) mod window;
pub(crate) mod wire;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap},
    rc::Rc,
    sync::Arc,
};

use cyclades_crds::condition::Reason;
use cyclades_domain::backend::Health;
use secrecy::SecretString;

pub(crate) use self::{
    backend::{Actor, Backend, BackendObject, Facts, Settings},
    census::Census,
    inventory::Inventory,
    key::{Key, ObjectName},
    machine::Machine,
    memory::{Held, Memory},
    usage::Usage,
    window::Window,
};
use self::{
    catalog::Catalog,
    intern::Interner,
    machines::Machines,
    needs::{Need, Needs},
    networks::Networks,
};

/// The stores. One thread owns them; see [`Shared`].
#[derive(Debug, Default)]
pub(crate) struct World {
    /// Shared texts.
    pub(crate) interner: Interner,
    /// VirtualMachines.
    pub(crate) machines: Machines,
    /// Flavors, VolumeTypes and Images.
    pub(crate) catalog: Catalog,
    /// Networks, subnets, pools and who has which address.
    pub(crate) networks: Networks,
    /// GanetiBackends with what is known of their clusters.
    pub(crate) backends: BTreeMap<Arc<str>, Backend>,
    /// Which machines wait for what.
    pub(crate) needs: Needs,
    /// RAPI credentials, by the name of their Secret.
    pub(crate) credentials: HashMap<Box<str>, RapiCredentials>,
    /// Names of the Leases beside ours.
    pub(crate) leases: BTreeSet<Box<str>>,
    /// Namespaces whose machines are left alone.
    pub(crate) paused_namespaces: BTreeSet<Box<str>>,
    /// Which first lists are complete.
    pub(crate) listed: Listed,
}

impl World {
    /// A machine has left a backend: others there for which Ganeti had no room may try again at once. Returns them.
    pub(crate) fn room_on(&mut self, backend: &Arc<str>) -> Vec<ObjectName> {
        let waiting = self.needs.met(&Need::Room(Arc::clone(backend)));
        for machine in &waiting {
            let Some(machine) = self.machines.get_mut(machine) else { continue };
            let memory = &mut machine.memory;
            memory.setback.take_if(|held| held.setback.reason == Reason::InsufficientCapacity);
        }
        waiting
    }

    /// Notes how a backend stands that cannot be worked with. Where that is for another reason than before, gives those who
    /// tell the reason: machines there that wait for it, and those that fit nowhere. Machines that were well keep what they said.
    pub(crate) fn set_back(&mut self, backend: &str, health: &Health) -> Vec<ObjectName> {
        let Some(found) = self.backends.get_mut(backend) else { return Vec::new() };
        let was = std::mem::replace(&mut found.health, health.clone());
        if was.reason() == health.reason() {
            return Vec::new();
        }
        let waits = |key: &&ObjectName| self.machines.get(key).is_some_and(Machine::waits_for_backend);
        let here = self.machines.on_backend(backend).filter(waits).cloned();
        here.chain(self.needs.met(&Need::Capacity)).collect()
    }

    /// Keys of all objects, kind by kind and in order.
    pub(crate) fn all_keys(&self) -> Vec<Key> {
        let catalog = &self.catalog;
        let backends = self.backends.keys().map(|name| Key::Backend(name.as_ref().into()));
        let volume_types = catalog.volume_types.keys().cloned().map(Key::VolumeType);
        let flavors = catalog.flavors.keys().cloned().map(Key::Flavor);
        let images = catalog.images.keys().cloned().map(Key::Image);
        let pools = self.networks.link_pools.keys().cloned().map(Key::LinkPool);
        let networks = self.networks.keys().cloned().map(Key::Network);
        let subnets = self.networks.subnet_keys().cloned().map(Key::Subnet);
        let networks = pools.chain(networks).chain(subnets);
        let machines = self.machines.keys().cloned().map(Key::Vm);
        let catalog = volume_types.chain(flavors).chain(images);
        let mut keys: Vec<Key> = backends.chain(catalog).chain(networks).chain(machines).collect();
        keys.sort_unstable();
        keys
    }
}

/// User and password of a RAPI user.
#[derive(Clone, Debug)]
pub(crate) struct RapiCredentials {
    /// User name.
    pub(crate) username: String,
    /// Password.
    pub(crate) password: SecretString,
}

/// Which first lists are complete: before that, an object that is not there is not missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) machines: bool,
    pub(crate) backends: bool,
    pub(crate) flavors: bool,
    pub(crate) volume_types: bool,
    pub(crate) images: bool,
    pub(crate) networks: bool,
    pub(crate) subnets: bool,
    pub(crate) link_pools: bool,
    pub(crate) ip_blocks: bool,
    pub(crate) secrets: bool,
    pub(crate) leases: bool,
    pub(crate) namespaces: bool,
}

impl Listed {
    /// Whether everything has been listed once.
    pub(crate) fn all(self) -> bool {
        let catalog = self.flavors && self.volume_types && self.images;
        let networks = self.networks && self.subnets && self.link_pools && self.ip_blocks;
        catalog
            && networks
            && self.machines
            && self.backends
            && self.secrets
            && self.leases
            && self.namespaces
    }
}

/// The world, shared by all tasks of the one thread that the operator runs on. Access is by closure, so no reference
/// into it can be held across an await.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shared(Rc<RefCell<World>>);

impl Shared {
    /// Looks.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.0.borrow())
    }

    /// Changes.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut self.0.borrow_mut())
    }
}
