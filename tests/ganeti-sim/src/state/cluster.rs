//! What is set for the cluster as a whole.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::params::{BE_DEFAULTS, Dict, FilledBe, FilledNic};
use crate::clock::Timestamp;
use crate::options::{Options, OsSpec};

/// The version that is simulated.
pub(crate) const SOFTWARE_VERSION: &str = "3.0.2";
/// First three bytes of the MAC addresses that Ganeti makes.
const MAC_PREFIX: &str = "aa:00:00";

/// What is set for the cluster as a whole.
#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    pub name: String,
    pub uuid: String,
    pub ctime: Timestamp,
    pub mtime: Timestamp,
    pub hypervisors: Vec<Arc<str>>,
    pub disk_templates: Vec<String>,
    pub os: Vec<OsSpec>,
    pub bridges: Vec<String>,
    pub vcpu_ratio: f64,
    pub user_shutdown: bool,
    pub iallocator: String,
    pub max_running_jobs: usize,
    pub mac_prefix: String,
    pub be: FilledBe,
    pub nic: FilledNic,
    pub kvm: Dict,
    pub ipolicy: Dict,
    pub ndparams: Dict,
    pub diskparams: Dict,
    pub tags: BTreeSet<String>,
}

impl Cluster {
    pub fn new(options: &Options, uuid: String, now: Timestamp) -> Self {
        let link = options.bridges.first().cloned().unwrap_or_else(|| "br0".to_owned());
        Self {
            name: options.name.clone(),
            uuid,
            ctime: now,
            mtime: now,
            hypervisors: options.hypervisors.iter().map(|name| name.as_str().into()).collect(),
            disk_templates: options.disk_templates.clone(),
            os: options.os.clone(),
            bridges: options.bridges.clone(),
            vcpu_ratio: options.vcpu_ratio,
            user_shutdown: options.user_shutdown,
            iallocator: "hail".to_owned(),
            max_running_jobs: 20,
            mac_prefix: MAC_PREFIX.to_owned(),
            be: BE_DEFAULTS,
            nic: FilledNic { mode: "bridged".to_owned(), link, vlan: String::new() },
            kvm: object(include_str!("kvm_defaults.json")),
            ipolicy: ipolicy(options.vcpu_ratio),
            ndparams: object(include_str!("node_defaults.json")),
            diskparams: object(include_str!("disk_defaults.json")),
            tags: BTreeSet::new(),
        }
    }

    /// The defaults of a hypervisor, without those that only the cluster may set.
    pub fn hv_defaults(&self, hypervisor: &str) -> Option<&Dict> {
        (hypervisor == "kvm").then_some(&self.kvm)
    }
}

fn object(text: &str) -> Dict {
    serde_json::from_str(text).unwrap_or_default()
}

/// Bounds wide enough for tiny instances, as a test cluster has them. The allocator's own limits come first.
fn ipolicy(vcpu_ratio: f64) -> Dict {
    let templates = ["blockdev", "diskless", "drbd", "ext", "file", "gluster", "plain", "rbd", "sharedfile"];
    let policy = json!({
        "disk-templates": templates,
        "minmax": [{
            "max": {"cpu-count": 64, "disk-count": 16, "disk-size": 1_048_576, "memory-size": 1_048_576,
                    "nic-count": 8, "spindle-use": 64},
            "min": {"cpu-count": 1, "disk-count": 0, "disk-size": 4, "memory-size": 4,
                    "nic-count": 0, "spindle-use": 0},
        }],
        "spindle-ratio": 32.0,
        "std": {"cpu-count": 1, "disk-count": 1, "disk-size": 1024, "memory-size": 128, "nic-count": 1,
                "spindle-use": 1},
        "vcpu-ratio": vcpu_ratio,
    });
    match policy {
        Value::Object(policy) => policy,
        _ => Dict::new(),
    }
}
