//! Instances.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::params::{Dict, FilledBe, PartialBe, PartialNic};
use crate::clock::Timestamp;

/// The desired state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AdminState {
    Up,
    Down,
    Offline,
}

impl AdminState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Offline => "offline",
        }
    }
}

/// Who changed the desired state last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StateSource {
    Admin,
    User,
}

impl StateSource {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::User => "user",
        }
    }
}

/// What the hypervisor of a node knows of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Live {
    /// Nothing.
    Absent,
    /// It runs.
    Running { memory_mib: u64, vcpus: u64, node: usize },
    /// It was shut down from inside.
    ShutDown { memory_mib: u64, vcpus: u64 },
}

/// A disk.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    pub uuid: String,
    pub name: Option<String>,
    pub size_mib: u64,
    pub mode: String,
    pub spindles: Option<u64>,
}

/// A network interface.
#[derive(Debug, Clone)]
pub(crate) struct Nic {
    pub uuid: String,
    pub name: Option<String>,
    pub mac: String,
    pub ip: Option<String>,
    /// The uuid of its network.
    pub network: Option<String>,
    pub params: PartialNic,
}

/// An instance.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub name: Arc<str>,
    pub uuid: String,
    pub serial_no: u64,
    pub ctime: Timestamp,
    pub mtime: Timestamp,
    pub admin_state: AdminState,
    pub admin_state_source: StateSource,
    pub disks_active: bool,
    pub hypervisor: Arc<str>,
    pub os: String,
    /// Index of its primary node.
    pub pnode: usize,
    /// Indexes of its secondary nodes.
    pub snodes: Vec<usize>,
    /// The template it was made with; without disks it shows as `diskless`.
    pub disk_template: String,
    pub disks: Vec<Disk>,
    pub nics: Vec<Nic>,
    pub beparams: PartialBe,
    pub hvparams: Dict,
    pub osparams: Dict,
    pub network_port: Option<u16>,
    pub tags: BTreeSet<String>,
    pub live: Live,
}

impl Instance {
    /// Notes a change of the configuration.
    pub fn touch(&mut self, now: Timestamp) {
        self.serial_no += 1;
        self.mtime = now;
    }

    /// Sets the desired state, and counts it only if something changed (`SetInstanceStatus`).
    pub fn mark(
        &mut self,
        state: Option<AdminState>,
        disks_active: Option<bool>,
        source: Option<StateSource>,
        now: Timestamp,
    ) {
        let before = (self.admin_state, self.disks_active, self.admin_state_source);
        let after = (
            state.unwrap_or(self.admin_state),
            disks_active.unwrap_or(self.disks_active),
            source.unwrap_or(self.admin_state_source),
        );
        if before != after {
            (self.admin_state, self.disks_active, self.admin_state_source) = after;
            self.touch(now);
        }
    }

    pub fn is_running(&self) -> bool {
        matches!(self.live, Live::Running { .. })
    }

    /// Starts it on its primary node with so much memory and so many processors.
    pub fn run(&mut self, (memory_mib, vcpus): (u64, u64)) {
        self.live = Live::Running { memory_mib, vcpus, node: self.pnode };
    }

    /// The template as Ganeti shows it.
    pub fn shown_template(&self) -> &str {
        if self.disks.is_empty() { "diskless" } else { &self.disk_template }
    }

    /// Disk space it uses on each of its nodes, MiB. DRBD adds 128 for its metadata.
    pub fn disk_usage_mib(&self) -> u64 {
        let extra = if self.disk_template == "drbd" { 128 } else { 0 };
        match self.disk_template.as_str() {
            "diskless" | "blockdev" => 0,
            _ => self.disks.iter().map(|disk| disk.size_mib + extra).sum(),
        }
    }
}

/// What an instance takes of its primary node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Footprint {
    pub node: usize,
    /// Configured memory at most, MiB: what the allocator counts.
    pub memory_mib: u64,
    /// Memory of the running guest, MiB.
    pub running_mib: u64,
    pub vcpus: u64,
    pub disk_mib: u64,
}

impl Footprint {
    pub fn of(instance: &Instance, default: &FilledBe) -> Self {
        let be = instance.beparams.fill(default);
        let offline = instance.admin_state == AdminState::Offline;
        let running_mib = match instance.live {
            Live::Running { memory_mib, .. } => memory_mib,
            Live::Absent | Live::ShutDown { .. } => 0,
        };
        Self {
            node: instance.pnode,
            memory_mib: if offline { 0 } else { be.maxmem },
            running_mib,
            vcpus: if offline { 0 } else { be.vcpus },
            disk_mib: instance.disk_usage_mib(),
        }
    }
}
