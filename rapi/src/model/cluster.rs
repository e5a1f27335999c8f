//! The cluster and its node groups.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::instance::BeParams;

/// What a cluster is and allows (`/2/info`). Answered from memory: a cheap probe of the whole path from
/// RAPI to the master daemon.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Info {
    /// The cluster's name, which resolves to its master address.
    pub name: String,
    /// Its identity; a cluster initialised anew has another one.
    pub uuid: String,
    /// The present master node.
    pub master: String,
    /// Ganeti's version, such as `3.0.2` or `3.1.0~rc1`.
    pub software_version: String,
    /// Hypervisor of instances that name none.
    pub default_hypervisor: Option<String>,
    /// Hypervisors that may be used.
    pub enabled_hypervisors: Vec<String>,
    /// Disk templates that may be used.
    pub enabled_disk_templates: Vec<String>,
    /// Whether guests may shut themselves down for good.
    #[serde(default)]
    pub enabled_user_shutdown: bool,
    /// The allocator for instances that name neither node nor allocator.
    #[serde(default)]
    pub default_iallocator: Option<String>,
    /// Backend parameters of instances that set none, by profile (`default`).
    #[serde(default)]
    pub beparams: BTreeMap<String, BeParams>,
    /// What an instance may look like.
    #[serde(default)]
    pub ipolicy: Option<Ipolicy>,
    /// How many jobs run at once.
    #[serde(default)]
    pub max_running_jobs: Option<u64>,
    /// How many jobs are looked at at once.
    #[serde(default)]
    pub max_tracked_jobs: Option<u64>,
    /// First three bytes of the MAC addresses the cluster makes.
    #[serde(default)]
    pub mac_prefix: Option<String>,
    /// OS definitions that are not shown.
    #[serde(default)]
    pub hidden_os: Vec<String>,
    /// OS definitions that must not be used.
    #[serde(default)]
    pub blacklisted_os: Vec<String>,
    /// The cluster's tags.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// An instance policy: bounds that a new or changed instance has to keep.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Ipolicy {
    /// An instance has to fit into one of these.
    pub minmax: Vec<IpolicyRange>,
    /// Disk templates allowed here.
    #[serde(rename = "disk-templates")]
    pub disk_templates: Vec<String>,
    /// Virtual per physical processors at most.
    #[serde(rename = "vcpu-ratio")]
    pub vcpu_ratio: Option<f64>,
    /// Instances per spindle at most.
    #[serde(rename = "spindle-ratio")]
    pub spindle_ratio: Option<f64>,
}

/// One range of an [`Ipolicy`]. Keys: `memory-size` and `disk-size` (MiB), `disk-count`, `cpu-count`,
/// `nic-count`, `spindle-use`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct IpolicyRange {
    /// At least.
    pub min: BTreeMap<String, u64>,
    /// At most.
    pub max: BTreeMap<String, u64>,
}

/// A node group (`/2/groups`).
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its identity.
    pub uuid: String,
    /// `preferred`, `last_resort` or `unallocable`.
    pub alloc_policy: String,
    /// How many nodes it has.
    #[serde(default)]
    pub node_cnt: u64,
    /// Their names.
    #[serde(default)]
    pub node_list: Vec<String>,
    /// The policy that is enforced: the cluster's with the group's own on top.
    #[serde(default)]
    pub ipolicy: Option<Ipolicy>,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<String>,
}
