//! The store of machines, with its indexes.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use cyclades_crds::virtual_machine::{ObservedPower, Shape};
use uuid::Uuid;

use super::{Machine, ObjectName, ids::Ids, usage::Usage};

/// All machines, by object, by id and by backend.
#[derive(Debug, Default)]
pub(crate) struct Machines {
    by_key: HashMap<ObjectName, Machine>,
    ids: Ids,
    on_backend: HashMap<Arc<str>, BTreeSet<ObjectName>>,
    in_network: HashMap<ObjectName, BTreeSet<ObjectName>>,
    accounts: HashMap<ObjectName, Account>,
    usage: HashMap<Arc<str>, Usage>,
    verified: usize,
}

/// What is counted of a machine on its backend.
#[derive(Debug, PartialEq, Eq)]
struct Account {
    backend: Arc<str>,
    shape: Arc<Shape>,
    /// What its own disks need, in MiB.
    own_disk_mib: u64,
}

/// What a write to the store changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    /// The store already had this version, or a newer one.
    Known,
    /// It is new, or differs.
    Changed,
}

impl Machines {
    pub(crate) fn get(&self, key: &ObjectName) -> Option<&Machine> {
        self.by_key.get(key)
    }

    /// Changes what is remembered or known of a machine. Identity and backend change through [`Machines::put`] and
    /// [`Machines::place`].
    pub(crate) fn get_mut(&mut self, key: &ObjectName) -> Option<&mut Machine> {
        self.by_key.get_mut(key)
    }

    /// The machine that has an id.
    pub(crate) fn by_id(&self, id: Uuid) -> Option<&ObjectName> {
        self.ids.owner(id)
    }

    /// Whether the status of the machine with this id says that it has crashed.
    pub(crate) fn is_told_crashed(&self, id: Uuid) -> bool {
        let machine = self.by_id(id).and_then(|key| self.get(key));
        machine.is_some_and(|machine| machine.status.power == Some(ObservedPower::Crashed))
    }

    /// Number of machines.
    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Number of machines whose last pass found everything as declared.
    pub(crate) fn verified(&self) -> usize {
        self.verified
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &ObjectName> {
        self.by_key.keys()
    }

    /// Machines placed on a backend.
    pub(crate) fn on_backend(&self, backend: &str) -> impl Iterator<Item = &ObjectName> {
        self.on_backend.get(backend).into_iter().flatten()
    }

    /// Machines that have a NIC in a network.
    pub(crate) fn in_network(&self, network: &ObjectName) -> impl Iterator<Item = &ObjectName> {
        self.in_network.get(network).into_iter().flatten()
    }

    /// Number of machines placed on a backend.
    pub(crate) fn count_on_backend(&self, backend: &str) -> usize {
        self.on_backend.get(backend).map_or(0, BTreeSet::len)
    }

    /// What the machines placed on a backend use of it.
    pub(crate) fn usage(&self, backend: &str) -> Usage {
        self.usage.get(backend).copied().unwrap_or_default()
    }

    /// The version of a machine that the store has.
    pub(crate) fn version(&self, key: &ObjectName) -> Option<u64> {
        self.by_key.get(key).map(|machine| machine.version)
    }

    /// Stores a machine. What is remembered of the same object stays.
    pub(crate) fn put(&mut self, mut machine: Machine) -> Stored {
        let key = machine.key.clone();
        let counted = self.accounts.get(&key).map(|account| Arc::clone(&account.shape));
        if let Some(before) = self.by_key.get_mut(&key) {
            if before.uid == machine.uid {
                if before.version >= machine.version {
                    return Stored::Known;
                }
                machine.memory = std::mem::take(&mut before.memory);
                if before.generation != machine.generation {
                    machine.memory.failures = 0;
                }
                if machine.memory.verified {
                    self.verified -= 1;
                    machine.memory.verified = false;
                }
            }
            self.remove(&key);
        }
        let id = machine.id;
        if let Some(backend) = &machine.backend {
            self.on_backend.entry(Arc::clone(backend)).or_default().insert(key.clone());
        }
        for network in machine.networks() {
            self.in_network.entry(network).or_default().insert(key.clone());
        }
        self.by_key.insert(key.clone(), machine);
        self.ids.claim(id, &key, &self.by_key);
        self.account(&key, counted.as_ref());
        Stored::Changed
    }

    /// Notes that a machine is now placed on a backend, as just written.
    pub(crate) fn place(&mut self, key: &ObjectName, backend: &Arc<str>, shape: &Arc<Shape>) {
        let Some(machine) = self.by_key.get_mut(key) else { return };
        machine.backend = Some(Arc::clone(backend));
        self.on_backend.entry(Arc::clone(backend)).or_default().insert(key.clone());
        self.account(key, Some(shape));
    }

    /// Counts a machine's shape on its backend: the one it was made with, else `shape`, else the one told or counted
    /// before.
    pub(crate) fn account(&mut self, key: &ObjectName, shape: Option<&Arc<Shape>>) {
        let Some(machine) = self.by_key.get(key) else { return };
        let before = self.accounts.get(key).map(|account| Arc::clone(&account.shape));
        let told = machine.status.shape.clone();
        let made = told.clone().filter(|_| machine.status.instance_uuid.is_some());
        let shape = made.or_else(|| shape.cloned()).or(told).or(before);
        let own_disk_mib = machine.own_disk_mib();
        let wanted = machine.backend.clone().zip(shape);
        let wanted = wanted.map(|(backend, shape)| Account { backend, shape, own_disk_mib });
        if self.accounts.get(key) == wanted.as_ref() {
            return;
        }
        self.close_account(key);
        if let Some(account) = wanted {
            self.open_account(key, account);
        }
    }

    /// Counts a shape on a backend before the machine is written to be there.
    pub(crate) fn reserve(&mut self, key: &ObjectName, backend: &Arc<str>, shape: &Arc<Shape>) {
        self.close_account(key);
        let own_disk_mib = self.by_key.get(key).map_or(0, Machine::own_disk_mib);
        let (backend, shape) = (Arc::clone(backend), Arc::clone(shape));
        self.open_account(key, Account { backend, shape, own_disk_mib });
    }

    /// The machine could not be written to be there.
    pub(crate) fn unreserve(&mut self, key: &ObjectName) {
        self.close_account(key);
        self.account(key, None);
    }

    /// Whether a machine's shape is counted.
    pub(crate) fn is_accounted(&self, key: &ObjectName) -> bool {
        self.accounts.contains_key(key)
    }

    fn open_account(&mut self, key: &ObjectName, account: Account) {
        let usage = self.usage.entry(Arc::clone(&account.backend)).or_default();
        usage.add(&account.shape, account.own_disk_mib);
        self.accounts.insert(key.clone(), account);
    }

    fn close_account(&mut self, key: &ObjectName) {
        if let Some(account) = self.accounts.remove(key)
            && let Some(usage) = self.usage.get_mut(&account.backend)
        {
            usage.subtract(&account.shape, account.own_disk_mib);
        }
    }

    /// Remembers whether a pass found a machine as declared.
    pub(crate) fn set_verified(&mut self, key: &ObjectName, verified: bool) {
        let Some(machine) = self.by_key.get_mut(key) else { return };
        if machine.memory.verified != verified {
            machine.memory.verified = verified;
            if verified { self.verified += 1 } else { self.verified -= 1 }
        }
    }

    /// Forgets a machine.
    pub(crate) fn remove(&mut self, key: &ObjectName) -> Option<Machine> {
        let machine = self.by_key.remove(key)?;
        if machine.memory.verified {
            self.verified -= 1;
        }
        self.ids.give_up(machine.id, key, &self.by_key);
        if let Some(machines) = machine.backend.as_ref().and_then(|backend| self.on_backend.get_mut(backend))
        {
            machines.remove(key);
        }
        for network in machine.networks() {
            if let Some(machines) = self.in_network.get_mut(&network) {
                machines.remove(key);
                if machines.is_empty() {
                    self.in_network.remove(&network);
                }
            }
        }
        self.close_account(key);
        Some(machine)
    }
}
