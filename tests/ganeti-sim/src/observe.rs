//! What a test can see of a cluster without RAPI.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use tokio::time::Instant;

use crate::counts::Counts;
use crate::query::status_of;
use crate::queue::Job;
use crate::shared::changed_before;
use crate::state::{Instance, Network, World};
use crate::{Error, Sim};

/// A job as a test sees it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct JobView {
    /// Its number.
    pub id: u64,
    /// `queued`, `waiting`, `running`, `canceled`, `success` or `error`.
    pub status: &'static str,
    /// Such as `OP_INSTANCE_CREATE`.
    pub opcodes: Vec<&'static str>,
    /// One text for each opcode, such as `INSTANCE_CREATE(web)`.
    pub summary: Vec<String>,
    /// The instance its first opcode is about.
    pub instance: Option<String>,
    /// The texts that users gave as reasons (`?reason=`).
    pub reasons: Vec<String>,
    /// One result for each opcode.
    pub results: Vec<Value>,
    /// The parameters of its first opcode as given; secrets included.
    pub parameters: Value,
}

impl JobView {
    fn of(job: &Job) -> Self {
        let first = job.ops.first().map(|op| op.op.as_ref());
        let trail = first.into_iter().flat_map(|op| &op.reason);
        Self {
            id: job.id,
            status: job.status.as_str(),
            opcodes: job.ops.iter().map(|op| op.op.spec.id).collect(),
            summary: job.ops.iter().map(|op| op.op.summary()).collect(),
            instance: first.and_then(|op| op.text("instance_name").or(op.text("name"))).map(str::to_owned),
            reasons: trail
                .filter(|(source, ..)| source == "gnt:user")
                .map(|(_, text, _)| text.clone())
                .collect(),
            results: job.ops.iter().map(|op| serde_json::from_str(&op.result).unwrap_or_default()).collect(),
            parameters: first.map(|op| Value::Object(op.params.clone())).unwrap_or_default(),
        }
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self.status, "canceled" | "success" | "error")
    }
}

/// An instance as a test sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstanceView {
    /// Its name.
    pub name: String,
    /// Its identity.
    pub uuid: String,
    /// Configured and running state, such as `running` or `ERROR_down`.
    pub status: &'static str,
    /// `up`, `down` or `offline`.
    pub admin_state: &'static str,
    /// Counts changes of the configuration.
    pub serial_no: u64,
    /// Its primary node.
    pub node: String,
    /// Its hypervisor.
    pub hypervisor: String,
    /// Its OS definition.
    pub os: String,
    /// Memory at most, MiB.
    pub memory_mib: u64,
    /// Virtual processors.
    pub vcpus: u64,
    /// Disk sizes, MiB.
    pub disks_mib: Vec<u64>,
    /// Names of the disks.
    pub disk_names: Vec<Option<String>>,
    /// MAC addresses.
    pub macs: Vec<String>,
    /// IP addresses.
    pub ips: Vec<Option<String>>,
    /// Tags, in order.
    pub tags: Vec<String>,
    /// OS parameters that are not hidden.
    pub osparams: Value,
    /// Hypervisor parameters that are set on the instance itself.
    pub hvparams: Value,
}

impl InstanceView {
    fn of(world: &World, instance: &Instance) -> Self {
        let be = instance.beparams.fill(&world.cluster.be);
        Self {
            name: instance.name.to_string(),
            uuid: instance.uuid.clone(),
            status: status_of(world, instance),
            admin_state: instance.admin_state.as_str(),
            serial_no: instance.serial_no,
            node: world.nodes.get(instance.pnode).map(|node| node.name.clone()).unwrap_or_default(),
            hypervisor: instance.hypervisor.to_string(),
            os: instance.os.clone(),
            memory_mib: be.maxmem,
            vcpus: be.vcpus,
            disks_mib: instance.disks.iter().map(|disk| disk.size_mib).collect(),
            disk_names: instance.disks.iter().map(|disk| disk.name.clone()).collect(),
            macs: instance.nics.iter().map(|nic| nic.mac.clone()).collect(),
            ips: instance.nics.iter().map(|nic| nic.ip.clone()).collect(),
            tags: instance.tags.iter().cloned().collect(),
            osparams: Value::Object(instance.osparams.clone()),
            hvparams: Value::Object(instance.hvparams.clone()),
        }
    }
}

/// A network as a test sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NetworkView {
    /// Its name.
    pub name: String,
    /// Its IPv4 range.
    pub range: String,
    /// Tags, in order.
    pub tags: Vec<String>,
}

impl Sim {
    /// All networks.
    #[must_use]
    pub fn networks(&self) -> Vec<NetworkView> {
        let state = self.shared.state();
        let view = |network: &Arc<Network>| NetworkView {
            name: network.name.clone(),
            range: network.pool.subnet.to_string(),
            tags: network.tags.iter().cloned().collect(),
        };
        state.networks.values().map(view).collect()
    }

    /// What was asked of RAPI since the start.
    #[must_use]
    pub fn requests(&self) -> Counts {
        self.shared.counters.read()
    }

    /// All jobs there are.
    #[must_use]
    pub fn jobs(&self) -> Vec<JobView> {
        self.jobs_above(0)
    }

    /// Jobs with higher ids than this: those submitted since it was the last one.
    #[must_use]
    pub fn jobs_above(&self, id: u64) -> Vec<JobView> {
        let jobs: Vec<_> = self.shared.state().queue.range(id.saturating_add(1), u64::MAX).cloned().collect();
        jobs.iter().map(|job| JobView::of(job)).collect()
    }

    /// The job with this id.
    #[must_use]
    pub fn job(&self, id: u64) -> Option<JobView> {
        let job = self.shared.state().queue.get(id).cloned()?;
        Some(JobView::of(&job))
    }

    /// The highest id given so far, 0 before the first.
    #[must_use]
    pub fn last_job(&self) -> u64 {
        self.shared.state().queue.last()
    }

    /// How many instances there are.
    #[must_use]
    pub fn instance_count(&self) -> usize {
        self.shared.state().instances.len()
    }

    /// All instances, in Ganeti's order.
    #[must_use]
    pub fn instances(&self) -> Vec<InstanceView> {
        let (world, all) = {
            let state = self.shared.state();
            (state.world(), state.instances.iter().cloned().collect::<Vec<_>>())
        };
        all.iter().map(|instance| InstanceView::of(&world, instance)).collect()
    }

    /// The instance with exactly this name.
    #[must_use]
    pub fn instance(&self, name: &str) -> Option<InstanceView> {
        let state = self.shared.state();
        let instance = state.instances.named(name).and_then(|slot| state.instances.get(slot).cloned())?;
        Some(InstanceView::of(&state.world(), &instance))
    }

    /// The cluster's tags.
    #[must_use]
    pub fn cluster_tags(&self) -> Vec<String> {
        self.shared.state().cluster.tags.iter().cloned().collect()
    }

    /// The uuids of all job filters, in the order they apply.
    #[must_use]
    pub fn job_filters(&self) -> Vec<String> {
        self.shared.state().rules.iter().map(|rule| rule.uuid.clone()).collect()
    }

    /// Waits until the cluster is as wanted; looks again after every change.
    ///
    /// # Errors
    /// [`Error::Timeout`], which names `what` was waited for.
    pub async fn wait_for(
        &self,
        what: &str,
        timeout: Duration,
        mut wanted: impl FnMut(&Self) -> bool,
    ) -> Result<(), Error> {
        let mut changes = self.shared.changes();
        let deadline = Instant::now() + timeout;
        while !wanted(self) {
            if !changed_before(&mut changes, deadline).await {
                return Err(Error::Timeout { what: what.to_owned(), after: timeout });
            }
        }
        Ok(())
    }
}
