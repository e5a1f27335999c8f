//! Nodes and their groups.

use std::collections::{BTreeMap, BTreeSet};

use super::instance::Footprint;
use super::params::{Dict, PartialNic};
use crate::clock::Timestamp;

/// What the instances on a node take of it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    pub primaries: u64,
    pub memory_mib: u64,
    pub running_mib: u64,
    pub vcpus: u64,
    pub disk_mib: u64,
}

impl Usage {
    pub fn add(&mut self, footprint: &Footprint) {
        self.memory_mib += footprint.memory_mib;
        self.running_mib += footprint.running_mib;
        self.vcpus += footprint.vcpus;
        self.disk_mib += footprint.disk_mib;
    }

    pub fn subtract(&mut self, footprint: &Footprint) {
        self.memory_mib -= footprint.memory_mib;
        self.running_mib -= footprint.running_mib;
        self.vcpus -= footprint.vcpus;
        self.disk_mib -= footprint.disk_mib;
    }
}

/// A node.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub name: String,
    pub uuid: String,
    pub bootid: String,
    pub serial_no: u64,
    pub ctime: Timestamp,
    pub mtime: Timestamp,
    pub address: String,
    /// Index of its group.
    pub group: usize,
    pub master: bool,
    pub offline: bool,
    pub drained: bool,
    pub master_candidate: bool,
    pub master_capable: bool,
    pub vm_capable: bool,
    /// Answers no RPC although it is not marked offline.
    pub unreachable: bool,
    pub memory_mib: u64,
    pub disk_mib: u64,
    pub cpus: u64,
    pub ndparams: Dict,
    pub tags: BTreeSet<String>,
    pub usage: Usage,
}

impl Node {
    /// Memory the node itself uses, MiB: a 32nd.
    pub fn own_memory_mib(&self) -> u64 {
        self.memory_mib / 32
    }

    /// Memory that no running guest uses, MiB.
    pub fn free_mib(&self) -> u64 {
        (self.memory_mib - self.own_memory_mib()).saturating_sub(self.usage.running_mib)
    }

    /// Memory that no instance is configured to use, MiB: what the allocator gives away.
    pub fn allocatable_mib(&self) -> u64 {
        (self.memory_mib - self.own_memory_mib()).saturating_sub(self.usage.memory_mib)
    }

    pub fn free_disk_mib(&self) -> u64 {
        self.disk_mib.saturating_sub(self.usage.disk_mib)
    }

    /// One letter, in Ganeti's order of precedence.
    pub fn role(&self) -> &'static str {
        match self {
            Self { master: true, .. } => "M",
            Self { master_candidate: true, .. } => "C",
            Self { drained: true, .. } => "D",
            Self { offline: true, .. } => "O",
            _ => "R",
        }
    }

    pub fn is_usable(&self) -> bool {
        self.vm_capable && !self.offline && !self.drained
    }

    pub fn answers(&self) -> bool {
        !self.offline && !self.unreachable
    }

    pub fn touch(&mut self, now: Timestamp) {
        self.serial_no += 1;
        self.mtime = now;
    }
}

/// A node group.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub name: String,
    pub uuid: String,
    pub serial_no: u64,
    pub ctime: Timestamp,
    pub mtime: Timestamp,
    pub alloc_policy: String,
    pub ndparams: Dict,
    pub ipolicy: Dict,
    pub diskparams: Dict,
    pub tags: BTreeSet<String>,
    /// Networks connected to it, by uuid.
    pub networks: BTreeMap<String, PartialNic>,
}

impl Group {
    pub fn touch(&mut self, now: Timestamp) {
        self.serial_no += 1;
        self.mtime = now;
    }
}
