//! The cluster's configuration, its queue, and what its nodes know.

mod cluster;
mod instance;
mod instances;
mod network;
mod node;
mod params;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

pub(crate) use cluster::{Cluster, SOFTWARE_VERSION};
pub(crate) use instance::{AdminState, Disk, Footprint, Instance, Live, Nic, StateSource};
pub(crate) use instances::{Instances, Slot};
pub(crate) use network::{Network, Pool, Subnet};
pub(crate) use node::{Group, Node, Usage};
pub(crate) use params::{Dict, FilledBe, FilledNic, PartialBe, PartialNic};

use crate::Latency;
use crate::clock::{Clock, Timestamp};
use crate::fault::JobFaults;
use crate::options::{NodeSpec, Options};
use crate::queue::{Queue, Rules};
use crate::random::Random;

/// First port for graphical consoles, as in Ganeti.
const FIRST_PORT: u16 = 11000;

/// Everything. One lock guards it; nothing waits while holding it.
#[derive(Debug)]
pub(crate) struct State {
    pub cluster: Arc<Cluster>,
    pub nodes: Vec<Arc<Node>>,
    pub groups: Vec<Arc<Group>>,
    /// By name.
    pub networks: BTreeMap<String, Arc<Network>>,
    pub instances: Instances,
    pub queue: Queue,
    pub rules: Rules,
    pub job_faults: JobFaults,
    pub random: Random,
    pub clock: Clock,
    pub latency: Latency,
    ports: u16,
}

/// What queries read without holding the lock.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub cluster: Arc<Cluster>,
    pub nodes: Vec<Arc<Node>>,
    pub groups: Vec<Arc<Group>>,
    /// By name.
    pub networks: Vec<Arc<Network>>,
}

impl World {
    /// The network with this uuid.
    pub fn network(&self, uuid: &str) -> Option<&Network> {
        self.networks.iter().find(|network| network.uuid == uuid).map(AsRef::as_ref)
    }
}

impl State {
    pub fn new(options: &Options) -> Self {
        let mut random = Random::new(options.seed);
        let clock = Clock::new(options.epoch);
        let now = clock.now();
        let cluster = Arc::new(Cluster::new(options, random.uuid(), now));
        let group = Group {
            name: "default".to_owned(),
            uuid: random.uuid(),
            serial_no: 1,
            ctime: now,
            mtime: now,
            alloc_policy: "preferred".to_owned(),
            ndparams: Dict::new(),
            ipolicy: Dict::new(),
            diskparams: Dict::new(),
            tags: BTreeSet::new(),
            networks: BTreeMap::new(),
        };
        let mut nodes: Vec<_> =
            (0..).zip(&options.nodes).map(|(i, spec)| new_node(spec, i, &mut random, now)).collect();
        nodes.sort_by(|one, other| crate::names::natural(&one.name, &other.name));
        Self {
            cluster,
            nodes: nodes.into_iter().map(Arc::new).collect(),
            groups: vec![Arc::new(group)],
            networks: BTreeMap::new(),
            instances: Instances::default(),
            queue: Queue::new(options.keep_jobs),
            rules: Rules::default(),
            job_faults: JobFaults::default(),
            random,
            clock,
            latency: options.latency,
            ports: FIRST_PORT,
        }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn world(&self) -> World {
        World {
            cluster: Arc::clone(&self.cluster),
            nodes: self.nodes.clone(),
            groups: self.groups.clone(),
            networks: self.networks.values().cloned().collect(),
        }
    }

    pub fn master(&self) -> &str {
        self.nodes.iter().find(|node| node.master).map_or("", |node| &node.name)
    }

    /// Adds an instance and books what it takes.
    pub fn add_instance(&mut self, instance: Instance) -> Slot {
        let footprint = Footprint::of(&instance, &self.cluster.be);
        let slot = self.instances.insert(instance);
        self.book(|usage| usage.add(&footprint), footprint.node);
        self.book(|usage| usage.primaries += 1, footprint.node);
        slot
    }

    /// Removes an instance and frees what it took, its addresses included.
    pub fn remove_instance(&mut self, slot: Slot) -> Option<Arc<Instance>> {
        let instance = self.instances.remove(slot)?;
        let footprint = Footprint::of(&instance, &self.cluster.be);
        self.book(|usage| usage.subtract(&footprint), footprint.node);
        self.book(|usage| usage.primaries -= 1, footprint.node);
        for nic in &instance.nics {
            self.release_ip(nic);
        }
        Some(instance)
    }

    /// Changes an instance and rebooks what it takes.
    pub fn edit(&mut self, slot: Slot, change: impl FnOnce(&mut Instance)) {
        let cluster = Arc::clone(&self.cluster);
        let Some(instance) = self.instances.get_mut(slot) else { return };
        let before = Footprint::of(instance, &cluster.be);
        change(instance);
        let after = Footprint::of(instance, &cluster.be);
        if before != after {
            self.book(|usage| usage.subtract(&before), before.node);
            self.book(|usage| usage.add(&after), after.node);
        }
        if before.node != after.node {
            self.book(|usage| usage.primaries -= 1, before.node);
            self.book(|usage| usage.primaries += 1, after.node);
        }
    }

    fn book(&mut self, entry: impl FnOnce(&mut Usage), node: usize) {
        if let Some(node) = self.nodes.get_mut(node) {
            entry(&mut Arc::make_mut(node).usage);
        }
    }

    /// Gives back the address of a NIC to its network's pool.
    pub fn release_ip(&mut self, nic: &Nic) {
        let (Some(uuid), Some(ip)) = (&nic.network, &nic.ip) else { return };
        let Some(network) = self.networks.values_mut().find(|network| network.uuid == *uuid) else { return };
        if let Ok(index) = network.pool.index(ip) {
            Arc::make_mut(network).pool.set_used(index, false);
        }
    }

    /// A port for a graphical console.
    pub fn allocate_port(&mut self) -> u16 {
        let port = self.ports;
        self.ports = self.ports.checked_add(1).unwrap_or(FIRST_PORT);
        port
    }

    /// A MAC address nobody has.
    pub fn generate_mac(&mut self, prefix: &str) -> String {
        loop {
            let mac = format!("{prefix}:{}", self.random.mac_suffix());
            if !self.instances.has_mac(&mac) {
                return mac;
            }
        }
    }

    /// Forgets all instances, networks, tags and filter rules; jobs stay.
    pub fn wipe(&mut self) {
        for slot in self.instances.slots() {
            self.remove_instance(slot);
        }
        self.networks.clear();
        for group in &mut self.groups {
            Arc::make_mut(group).networks.clear();
        }
        Arc::make_mut(&mut self.cluster).tags.clear();
        self.rules.clear();
    }
}

fn new_node(spec: &NodeSpec, index: u32, random: &mut Random, now: Timestamp) -> Node {
    Node {
        name: spec.name.clone(),
        uuid: random.uuid(),
        bootid: random.uuid(),
        serial_no: 1,
        ctime: now,
        mtime: now,
        // TEST-NET-1 up to its end, then the next ones: the address is only shown.
        address: Ipv4Addr::from(0xc000_0201 + index).to_string(),
        group: 0,
        master: index == 0,
        offline: false,
        drained: false,
        master_candidate: true,
        master_capable: true,
        vm_capable: true,
        unreachable: false,
        memory_mib: spec.memory_mib,
        disk_mib: spec.disk_mib,
        cpus: spec.cpus,
        ndparams: Dict::new(),
        tags: BTreeSet::new(),
        usage: Usage::default(),
    }
}
