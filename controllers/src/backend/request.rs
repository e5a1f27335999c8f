//! The request that an order becomes.

use cyclades_crds::{names, virtual_machine::Shape};
use cyclades_domain::naming::{Owner, owner};
use ganeti_rapi::{
    Answer, Client, CreateInstance, DeleteInstance, DiskSpec, Failure, GrowDisk, JobId, ModifyInstance,
    RebootInstance, ShutdownInstance, Submit,
};
use serde_json::json;

use super::order::{Creation, Order, Work};

/// Seconds that a guest has to shut down before its instance is removed: its disks go anyway.
const REMOVE_SHUTDOWN_SECONDS: u32 = 5;

/// Why an order was not submitted, or may have been.
#[derive(Debug)]
pub(crate) enum NotSent {
    /// The instance is not whose it was thought to be; nothing was done.
    Changed,
    /// Ganeti's answer.
    Failed(Failure),
}

impl From<Failure> for NotSent {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Sends an order. What gives, takes or destroys an instance is preceded by a reading of its tags: the inventory is some
/// seconds old, and somebody may have said meanwhile whose it is.
pub(crate) async fn send(
    client: &Client,
    cluster_id: &str,
    order: &Order,
    submit: &Submit,
) -> Result<JobId, NotSent> {
    let wanted = match &order.work {
        Work::Adopt { .. } => Owner::Nobody,
        Work::Remove { .. } | Work::Detach => Owner::Ours(order.id),
        _ => return Ok(post(client, order, &[], submit).await?),
    };
    let Some(instance) = client.instance(&order.instance).await? else { return Err(NotSent::Changed) };
    if owner(cluster_id, instance.tags.iter()) != wanted {
        return Err(NotSent::Changed);
    }
    Ok(post(client, order, &instance.tags, submit).await?)
}

/// The one request. `tags`: those that the instance has, where they were read.
async fn post(client: &Client, order: &Order, tags: &[String], submit: &Submit) -> Answer<JobId> {
    let name = &*order.instance;
    match &order.work {
        Work::Create(creation) => client.create_instance(&body(name, creation), submit).await,
        Work::Start => client.startup_instance(name, submit).await,
        Work::Stop { uuid, timeout_seconds } => {
            let shutdown = ShutdownInstance {
                timeout: Some(*timeout_seconds),
                instance_uuid: Some(uuid.to_string()),
                ..ShutdownInstance::default()
            };
            client.shutdown_instance(name, &shutdown, submit).await
        }
        Work::Remove { uuid } => {
            let delete = DeleteInstance {
                shutdown_timeout: Some(REMOVE_SHUTDOWN_SECONDS),
                instance_uuid: Some(uuid.to_string()),
            };
            client.delete_instance(name, &delete, submit).await
        }
        Work::Reboot { uuid, kind, timeout_seconds } => {
            let reboot = RebootInstance {
                kind: *kind,
                shutdown_timeout: Some(*timeout_seconds),
                instance_uuid: Some(uuid.to_string()),
            };
            client.reboot_instance(name, &reboot, submit).await
        }
        Work::Modify { uuid, shape } => client.modify_instance(name, &reshaped(uuid, shape), submit).await,
        Work::Grow { uuid, shape } => {
            let grow = GrowDisk {
                amount: shape.disk_mib,
                absolute: true,
                wait_for_sync: false,
                instance_uuid: Some(uuid.to_string()),
            };
            client.grow_disk(name, 0, &grow, submit).await
        }
        Work::Detach => {
            // Exactly those that it has: one that it has not would fail the job.
            let ours: Vec<&String> = tags.iter().filter(|tag| tag.starts_with(names::TAG_ROOT)).collect();
            client.remove_instance_tags(name, &ours, submit).await
        }
        Work::Tag { tags } => client.add_instance_tags(name, tags, submit).await,
        Work::Untag { tags } => client.remove_instance_tags(name, tags, submit).await,
        Work::Adopt { tags } => client.add_instance_tags(name, tags, submit).await,
    }
}

/// CPUs and memory of a shape.
fn reshaped(uuid: &str, shape: &Shape) -> ModifyInstance {
    let mut modify = ModifyInstance { instance_uuid: Some(uuid.to_owned()), ..ModifyInstance::default() };
    modify.beparams.extend(beparams(shape));
    modify
}

/// A shape in Ganeti's words. Minimum and maximum of the memory are the same: what is promised is kept.
fn beparams(shape: &Shape) -> impl Iterator<Item = (String, serde_json::Value)> {
    [("maxmem", shape.memory_mib), ("minmem", shape.memory_mib), ("vcpus", shape.vcpus.into())]
        .map(|(key, value)| (key.to_owned(), json!(value)))
        .into_iter()
}

fn body(name: &str, creation: &Creation) -> CreateInstance {
    let shape = &creation.shape;
    let mut create = CreateInstance::named(name);
    create.disk_template = Some(shape.disk_template.clone());
    if shape.disk_mib > 0 {
        let more = creation.disk_parameters.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
        create.disks = vec![DiskSpec { size: shape.disk_mib, more, ..DiskSpec::default() }];
    }
    create.os_type = Some(creation.os.clone());
    create.osparams = creation.parameters.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    create.hypervisor.clone_from(&creation.hypervisor);
    create.beparams.extend(beparams(shape));
    create.opportunistic_locking = true;
    create.wait_for_sync = Some(false);
    create.start = Some(creation.start);
    create.tags.clone_from(&creation.tags);
    create
}
