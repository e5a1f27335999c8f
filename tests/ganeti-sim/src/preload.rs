//! Instances that are there from the start, or that someone else makes.

use std::sync::Arc;

use crate::Sim;
use crate::state::{AdminState, Disk, Instance, Live, PartialBe, PartialNic, State, StateSource};

/// An instance that appears without a job.
#[derive(Debug, Clone)]
pub struct InstanceSpec {
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Memory, MiB.
    pub memory_mib: u64,
    /// Virtual processors.
    pub vcpus: u64,
    /// Disk sizes, MiB; none makes it diskless.
    pub disks_mib: Vec<u64>,
    /// How many NICs it has.
    pub nics: usize,
    /// Its OS definition.
    pub os: String,
    /// Whether it runs.
    pub running: bool,
    /// OS parameters.
    pub osparams: serde_json::Map<String, serde_json::Value>,
}

impl InstanceSpec {
    /// A running, diskless instance with 16 MiB and one processor.
    pub fn small(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            tags: Vec::new(),
            memory_mib: 16,
            vcpus: 1,
            disks_mib: Vec::new(),
            nics: 0,
            os: "noop".to_owned(),
            running: true,
            osparams: serde_json::Map::new(),
        }
    }
}

impl Sim {
    /// Makes instances without jobs, 10,000 in some milliseconds. Names that are taken are left out.
    pub fn preload_instances(&self, count: usize, spec: impl Fn(usize) -> InstanceSpec) {
        let mut state = self.shared.state();
        for index in 0..count {
            place(&mut state, spec(index));
        }
        drop(state);
        self.shared.wake();
    }

    /// Makes an instance as someone else would have. Whether its name was free.
    pub fn add_foreign_instance(&self, spec: InstanceSpec) -> bool {
        let placed = place(&mut self.shared.state(), spec);
        self.shared.wake();
        placed
    }
}

fn place(state: &mut State, spec: InstanceSpec) -> bool {
    if state.instances.named(&spec.name).is_some() {
        return false;
    }
    let now = state.now();
    let usable = state.nodes.iter().enumerate().filter(|(_, node)| node.is_usable());
    let pnode = usable.max_by_key(|(_, node)| node.allocatable_mib()).map_or(0, |(index, _)| index);
    let beparams = PartialBe {
        minmem: Some(spec.memory_mib),
        maxmem: Some(spec.memory_mib),
        vcpus: Some(spec.vcpus),
        ..PartialBe::default()
    };
    let prefix = state.cluster.mac_prefix.clone();
    let nics = (0..spec.nics).map(|_| crate::state::Nic {
        uuid: state.random.uuid(),
        name: None,
        mac: state.generate_mac(&prefix),
        ip: None,
        network: None,
        params: PartialNic::default(),
    });
    let nics = nics.collect();
    let disk =
        |size_mib: u64, uuid| Disk { uuid, name: None, size_mib, mode: "rw".to_owned(), spindles: None };
    let disks: Vec<_> = spec.disks_mib.iter().map(|size| disk(*size, state.random.uuid())).collect();
    let be = beparams.fill(&state.cluster.be);
    let mut instance = Instance {
        name: spec.name.into(),
        uuid: state.random.uuid(),
        serial_no: 1 + disks.len() as u64 + u64::from(spec.running),
        ctime: now,
        mtime: now,
        admin_state: if spec.running { AdminState::Up } else { AdminState::Down },
        admin_state_source: StateSource::Admin,
        disks_active: spec.running,
        hypervisor: state.cluster.hypervisors.first().map_or_else(|| "fake".into(), Arc::clone),
        os: spec.os,
        pnode,
        snodes: Vec::new(),
        disk_template: if disks.is_empty() { "diskless" } else { "file" }.to_owned(),
        disks,
        nics,
        beparams,
        hvparams: serde_json::Map::new(),
        osparams: spec.osparams,
        network_port: None,
        tags: spec.tags.into_iter().collect(),
        live: Live::Absent,
    };
    if spec.running {
        instance.run((be.maxmem, be.vcpus));
    }
    state.add_instance(instance);
    true
}
