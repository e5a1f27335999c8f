//! What is there at one moment, as far as it matters to what must hold.

use std::collections::BTreeSet;

use cyclades_crds::names::{REASON_ROOT, TAG_ID};
use cyclades_domain::reason::JobReason;
use serde_json::Value;

/// Installs an instance anew.
const REINSTALL: &str = "OP_INSTANCE_REINSTALL";

/// A job of a Ganeti cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Job {
    /// Which cluster, counted from 0.
    pub cluster: usize,
    /// Its number there.
    pub id: u64,
    /// `queued`, `waiting`, `running`, `canceled`, `success` or `error`.
    pub status: String,
    /// Such as `OP_INSTANCE_CREATE`, what it is about where it has several: see [`opcode_of`].
    pub opcode: String,
    /// Such as `INSTANCE_CREATE(web)`.
    pub summary: String,
    /// The instance that it is about.
    pub instance: Option<String>,
    /// Reasons that users gave.
    pub reasons: Vec<String>,
}

/// What a job is about: RAPI makes one of a shutdown and a reinstall.
pub(crate) fn opcode_of<'a>(opcodes: impl Iterator<Item = &'a str> + Clone) -> String {
    let reinstalls = opcodes.clone().find(|opcode| *opcode == REINSTALL);
    reinstalls.or_else(|| opcodes.clone().next()).unwrap_or_default().to_owned()
}

impl Job {
    /// Whether it has ended.
    pub fn is_final(&self) -> bool {
        matches!(self.status.as_str(), "canceled" | "success" | "error")
    }

    /// Whether it is about an instance.
    pub fn is_of_instance(&self) -> bool {
        self.instance.is_some()
    }

    /// Whether it installs an instance anew.
    pub fn is_rebuild(&self) -> bool {
        self.opcode == REINSTALL
    }

    /// Whether the operator submitted it.
    pub fn is_ours(&self) -> bool {
        // RAPI's reinstall takes no reason; nobody else uses it here.
        self.is_rebuild() || self.reasons.iter().any(|reason| reason.starts_with(REASON_ROOT))
    }

    /// The machine that it is for, where it is ours.
    pub fn machine(&self) -> Option<String> {
        let reason = self.reasons.iter().find_map(|text| JobReason::parse(text))?;
        Some(reason.id.hyphenated().to_string())
    }

    /// In a few words.
    pub fn told(&self) -> String {
        format!("job {} {} ({})", self.id, self.summary, self.status)
    }
}

/// An instance of a Ganeti cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Instance {
    /// Which cluster, counted from 0.
    pub cluster: usize,
    /// Its name.
    pub name: String,
    /// Such as `running` or `ERROR_down`.
    pub status: String,
    /// Memory at most, MiB.
    pub memory_mib: u64,
    /// Virtual processors.
    pub vcpus: u64,
    /// Its OS.
    pub os: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// MACs of its NICs.
    pub macs: Vec<String>,
}

impl Instance {
    /// The id of the machine that its tags name.
    pub fn machine(&self) -> Option<&str> {
        self.tags.iter().find_map(|tag| tag.strip_prefix(TAG_ID))
    }
}

/// What is there at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scene {
    /// All machines, read after all else.
    pub machines: Vec<Value>,
    /// Ids of those that changed while it was looked: what they say and what there is may be of different moments.
    pub moving: BTreeSet<String>,
    /// All backends.
    pub backends: Vec<Value>,
    /// All networks.
    pub networks: Vec<Value>,
    /// All blocks of addresses.
    pub blocks: Vec<Value>,
    /// All instances of all clusters.
    pub instances: Vec<Instance>,
    /// Jobs that were submitted since the last look, and those that had not ended then.
    pub jobs: Vec<Job>,
}

impl Scene {
    /// The machine with an id.
    pub fn machine(&self, id: &str) -> Option<&Value> {
        self.machines.iter().find(|machine| id_of(machine) == id)
    }

    /// The instances of a machine.
    pub fn instances_of(&self, machine: &Value) -> Vec<&Instance> {
        let id = id_of(machine);
        self.instances.iter().filter(|instance| instance.machine() == Some(&id)).collect()
    }

    /// The instance of a name.
    pub fn instance(&self, cluster: usize, name: &str) -> Option<&Instance> {
        self.instances.iter().find(|instance| instance.cluster == cluster && instance.name == name)
    }
}

/// The id of a machine: what its spec says, or its uid.
pub(crate) fn id_of(machine: &Value) -> String {
    let id = machine["spec"]["id"].as_str().or(machine["metadata"]["uid"].as_str());
    id.unwrap_or_default().to_owned()
}

/// A condition of an object, if it is of its present generation.
pub(crate) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = object["status"]["conditions"].as_array()?;
    let found = conditions.iter().find(|condition| condition["type"] == kind)?;
    (object["status"]["observedGeneration"] == object["metadata"]["generation"]).then_some(found)
}
