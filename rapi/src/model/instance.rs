//! Instances.

use serde::Deserialize;

use super::Params;
use crate::word::words;

words! {
    /// Configured and running state in one word.
    InstanceStatus {
        /// Should run and does.
        Running = "running",
        /// Should not run and does not.
        AdminDown = "ADMIN_down",
        /// Marked offline: holds no memory or processors.
        AdminOffline = "ADMIN_offline",
        /// Should run and does not.
        ErrorDown = "ERROR_down",
        /// Should not run and does.
        ErrorUp = "ERROR_up",
        /// Runs on another node than its primary; normal during a migration.
        ErrorWrongNode = "ERROR_wrongnode",
        /// Its primary node does not answer.
        ErrorNodeDown = "ERROR_nodedown",
        /// Its primary node is marked offline.
        ErrorNodeOffline = "ERROR_nodeoffline",
        /// Shut down from inside.
        UserDown = "USER_down",
    }
}

words! {
    /// The desired state.
    AdminState {
        /// Should run.
        Up = "up",
        /// Should not run.
        Down = "down",
        /// Should not run nor hold memory or processors.
        Offline = "offline",
    }
}

/// Backend parameters, filled with the cluster's defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BeParams {
    /// Memory at most, MiB.
    pub maxmem: u64,
    /// Memory at least, MiB.
    pub minmem: u64,
    /// Virtual processors.
    pub vcpus: u64,
    /// Weight in the policy's spindle ratio.
    pub spindle_use: u64,
    /// Whether tools may move it.
    pub auto_balance: bool,
    /// Fail over instead of migrate.
    pub always_failover: bool,
}

/// An instance (`/2/instances/NAME`). Ganeti asks the primary node each time it is read.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Instance {
    /// Its name as stored.
    pub name: String,
    /// Its identity: survives a rename, changes with delete and create.
    pub uuid: String,
    /// Counts changes of the configuration, but not migrate, failover or rename.
    pub serial_no: u64,
    /// When it was created, in seconds since the epoch.
    #[serde(default)]
    pub ctime: f64,
    /// When it was last changed, in seconds since the epoch.
    #[serde(default)]
    pub mtime: f64,
    /// The desired state.
    pub admin_state: AdminState,
    /// Configured and running state in one word.
    pub status: InstanceStatus,
    /// Whether the hypervisor knows it; `None` when its node did not answer.
    #[serde(default)]
    pub oper_state: Option<bool>,
    /// Memory it has now, MiB.
    #[serde(default)]
    pub oper_ram: Option<u64>,
    /// Processors it has now.
    #[serde(default)]
    pub oper_vcpus: Option<u64>,
    /// The primary node's name.
    pub pnode: String,
    /// Secondary nodes.
    #[serde(default)]
    pub snodes: Vec<String>,
    /// The OS definition, `name+variant`; empty if none.
    #[serde(default)]
    pub os: Option<String>,
    /// The disk template.
    pub disk_template: String,
    /// Disk sizes, MiB.
    #[serde(rename = "disk.sizes", default)]
    pub disk_sizes: Vec<Option<u64>>,
    /// Name of each disk.
    #[serde(rename = "disk.names", default)]
    pub disk_names: Vec<Option<String>>,
    /// Disk identities.
    #[serde(rename = "disk.uuids", default)]
    pub disk_uuids: Vec<String>,
    /// MAC address of each NIC.
    #[serde(rename = "nic.macs", default)]
    pub nic_macs: Vec<String>,
    /// Address of each NIC.
    #[serde(rename = "nic.ips", default)]
    pub nic_ips: Vec<Option<String>>,
    /// Link of each NIC.
    #[serde(rename = "nic.links", default)]
    pub nic_links: Vec<String>,
    /// Mode of each NIC.
    #[serde(rename = "nic.modes", default)]
    pub nic_modes: Vec<String>,
    /// Name of each NIC's network.
    #[serde(rename = "nic.networks.names", default)]
    pub nic_networks: Vec<Option<String>>,
    /// Identity of each NIC.
    #[serde(rename = "nic.uuids", default)]
    pub nic_uuids: Vec<String>,
    /// Port of its graphical console on the primary node.
    #[serde(default)]
    pub network_port: Option<u16>,
    /// Backend parameters, filled.
    pub beparams: BeParams,
    /// Hypervisor parameters, filled.
    #[serde(default)]
    pub hvparams: Params,
    /// Hypervisor parameters that are set on the instance itself.
    #[serde(default)]
    pub custom_hvparams: Params,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<String>,
}
