//! The request that an order becomes.

use cyclades_crds::{names, virtual_machine::Shape};
use cyclades_domain::{
    naming::{Owner, owner},
    vm::{Disk, Due, OwnBoot},
};
use ganeti_rapi::{
    Answer, Change, Client, CreateInstance, DeleteInstance, DiskSpec, Failure, GrowDisk, JobId,
    ModifyInstance, RebootInstance, ReinstallInstance, ShutdownInstance, Submit,
};
use serde_json::json;

use super::order::{Creation, Order, Software, Work};

/// Seconds that a guest has to shut down before its instance is removed: its disks go anyway.
const REMOVE_SHUTDOWN_SECONDS: u32 = 5;
/// Name of an OS parameter that no OS has.
const NO_PARAMETER: &str = "cyclades_none";

/// Why an order was not submitted, or may have been.
#[derive(Debug)]
pub(crate) enum NotSent {
    /// The instance is not whose it was thought to be; nothing was done.
    Changed,
    /// The backend may be another replica's by now; nothing was done.
    NotHeld,
    /// Ganeti's answer.
    Failed(Failure),
}

impl From<Failure> for NotSent {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Sends an order. What gives, takes or destroys an instance is preceded by a reading of its tags: the inventory is some
/// seconds old, and somebody may have said meanwhile whose it is. `holds` is asked at the last moment.
pub(crate) async fn send(
    client: &Client,
    cluster_id: &str,
    order: &Order,
    submit: &Submit,
    holds: impl Fn() -> bool,
) -> Result<JobId, NotSent> {
    let wanted = match &order.work {
        Work::Adopt { .. } => Owner::Nobody,
        Work::Remove { .. } | Work::Detach | Work::SetOs { .. } | Work::Reinstall { .. } => {
            Owner::Ours(order.id)
        }
        _ if !holds() => return Err(NotSent::NotHeld),
        _ => return Ok(post(client, order, &[], submit).await?),
    };
    let Some(instance) = client.instance(&order.instance).await? else { return Err(NotSent::Changed) };
    if owner(cluster_id, instance.tags.iter()) != wanted {
        return Err(NotSent::Changed);
    }
    if let Work::Reinstall { uuid, software } = &order.work {
        // RAPI takes no uuid for this one, and its job would stop a guest that somebody has started meanwhile.
        let is_meant = instance.uuid == **uuid && instance.os.as_ref() == Some(&software.os);
        if !is_meant || instance.oper_state == Some(true) {
            return Err(NotSent::Changed);
        }
    }
    if !holds() {
        return Err(NotSent::NotHeld);
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
            client.shutdown_instance(name, &stopped(uuid, *timeout_seconds), submit).await
        }
        Work::Remove { uuid } => {
            let (shutdown_timeout, uuid) = (Some(REMOVE_SHUTDOWN_SECONDS), Some(uuid.to_string()));
            let delete = DeleteInstance { shutdown_timeout, instance_uuid: uuid };
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
        Work::Modify { uuid, shape, due } => {
            client.modify_instance(name, &reshaped(uuid, shape.as_deref(), due), submit).await
        }
        Work::Grow { uuid, shape } => client.grow_disk(name, 0, &grown(uuid, shape.disk_mib), submit).await,
        Work::AddDisk { uuid, due, parameters, hotplug } => {
            let modify = with_disks(uuid, due, parameters, *hotplug);
            client.modify_instance(name, &modify, submit).await
        }
        Work::GrowDisk { uuid, due } => {
            let (at, amount) = due.first_small();
            client.grow_disk(name, at, &grown(uuid, amount), submit).await
        }
        Work::Detach => {
            // Exactly those that it has: one that it has not would fail the job.
            let ours: Vec<&String> = tags.iter().filter(|tag| tag.starts_with(names::TAG_ROOT)).collect();
            client.remove_instance_tags(name, &ours, submit).await
        }
        Work::Tag { tags } => client.add_instance_tags(name, tags, submit).await,
        Work::Untag { tags } => client.remove_instance_tags(name, tags, submit).await,
        Work::Adopt { tags } => client.add_instance_tags(name, tags, submit).await,
        Work::SetOs { uuid, software } => {
            let has = client.os_parameters(name).await?.unwrap_or_default();
            client.modify_instance(name, &told_of(uuid, software, has.keys()), submit).await
        }
        Work::SetBoot { uuid, medium, own } => {
            let modify = booting(uuid, medium.as_deref(), own.as_deref());
            client.modify_instance(name, &modify, submit).await
        }
        Work::Reinstall { software, .. } => {
            // Started it is by a job of its own, whose reason can be found again.
            let (os, osparams) = (Some(software.os.clone()), os_parameters(software));
            client.reinstall_instance(name, &ReinstallInstance { os, osparams, start: false }).await
        }
    }
}

/// A medium to boot from; else what the instance itself was set to, and what the cluster's defaults say.
fn booting(uuid: &str, medium: Option<&str>, own: Option<&OwnBoot>) -> ModifyInstance {
    let mut modify = ModifyInstance { instance_uuid: Some(uuid.to_owned()), ..ModifyInstance::default() };
    let (order, path) = match (medium, own) {
        (Some(medium), _) => (Some("cdrom"), Some(medium)),
        (None, Some(own)) => (own.boot_order.as_deref(), own.cdrom_image_path.as_deref()),
        (None, None) => (None, None),
    };
    modify.hvparams.insert("boot_order".to_owned(), json!(order.unwrap_or("default")));
    modify.hvparams.insert("cdrom_image_path".to_owned(), json!(path.unwrap_or("default")));
    modify
}

/// A guest that has so many seconds to shut down.
fn stopped(uuid: &str, timeout_seconds: u32) -> ShutdownInstance {
    ShutdownInstance {
        timeout: Some(timeout_seconds),
        instance_uuid: Some(uuid.to_owned()),
        ..ShutdownInstance::default()
    }
}

/// The OS that is going to be installed, in place of the one that the instance `has` parameters for.
fn told_of<'a>(uuid: &str, software: &Software, has: impl Iterator<Item = &'a String>) -> ModifyInstance {
    let mut modify = ModifyInstance { instance_uuid: Some(uuid.to_owned()), ..ModifyInstance::default() };
    modify.more.insert("os_name".to_owned(), json!(software.os));
    modify.osparams = os_parameters(software);
    // Ganeti asks the node for the OS only where a parameter is given; to take one back that is not there changes nothing.
    for key in has.map(String::as_str).chain([NO_PARAMETER]) {
        modify.osparams.entry(key).or_insert_with(|| json!("default"));
    }
    modify
}

fn os_parameters(software: &Software) -> serde_json::Map<String, serde_json::Value> {
    software.parameters.iter().map(|(key, value)| (key.clone(), json!(value))).collect()
}

/// CPUs and memory of a shape, and hypervisor parameters.
fn reshaped(uuid: &str, shape: Option<&Shape>, due: &Due) -> ModifyInstance {
    let mut modify = ModifyInstance { instance_uuid: Some(uuid.to_owned()), ..ModifyInstance::default() };
    modify.beparams.extend(shape.into_iter().flat_map(beparams));
    let parameters = due.parameters.iter();
    // Ganeti's word for taking a parameter back.
    let value = |value: &Option<Box<str>>| json!(value.as_deref().unwrap_or("default"));
    modify.hvparams = parameters.map(|(name, to)| (name.to_string(), value(to))).collect();
    modify
}

/// Disks that are made.
fn with_disks(uuid: &str, due: &Due, parameters: &[(String, String)], hotplug: bool) -> ModifyInstance {
    let add = |disk: &Disk| Change::Add { at: "-1".to_owned(), item: own_disk(disk, parameters) };
    let mut modify = ModifyInstance {
        instance_uuid: Some(uuid.to_owned()),
        disks: due.missing.iter().map(add).collect(),
        hotplug: Some(hotplug),
        ..ModifyInstance::default()
    };
    // Ganeti refuses that for an instance whose disks are not active.
    if hotplug {
        modify.more.insert("wait_for_sync".to_owned(), json!(false));
    }
    modify
}

/// A disk of a machine's own in Ganeti's words.
fn own_disk(disk: &Disk, parameters: &[(String, String)]) -> DiskSpec {
    let more = parameters.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    DiskSpec { size: disk.size_mib, name: Some(disk.name.to_string()), more, ..DiskSpec::default() }
}

/// A disk that is to have a size.
fn grown(uuid: &str, size_mib: u64) -> GrowDisk {
    let instance_uuid = Some(uuid.to_owned());
    GrowDisk { amount: size_mib, absolute: true, wait_for_sync: false, instance_uuid }
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
    if let Some(extras) = &creation.extras {
        create.disks.extend(extras.disks.iter().map(|disk| own_disk(disk, &creation.disk_parameters)));
        create.hvparams =
            extras.parameters.iter().map(|(name, value)| (name.to_string(), json!(value))).collect();
    }
    if !creation.nics.is_empty() {
        create.nics.clone_from(&creation.nics);
        // Tenants may have the same addresses.
        create.conflicts_check = Some(false);
    }
    create.os_type = Some(creation.software.os.clone());
    create.osparams = os_parameters(&creation.software);
    create.hypervisor.clone_from(&creation.hypervisor);
    create.beparams.extend(beparams(shape));
    create.opportunistic_locking = true;
    create.wait_for_sync = Some(false);
    create.start = Some(creation.start);
    create.tags.clone_from(&creation.tags);
    create
}
