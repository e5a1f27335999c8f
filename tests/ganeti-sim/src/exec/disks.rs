//! Disks of instances.

use serde_json::{Value, json};

use super::{Begun, NULL, be, find, nics};
use crate::opcode::{Op, OpError, ecode};
use crate::state::{AdminState, Disk, Instance, State};

fn invalid<T>(text: impl Into<String>) -> Result<T, OpError> {
    Err(OpError::prereq(text, ecode::INVAL))
}

pub(super) fn check_names(disks: &[Value]) -> Result<(), OpError> {
    nics::check_device_names("disk", disks)
}

/// Builds disks without identities.
pub(super) fn build(disks: &[Value]) -> Result<Vec<Disk>, OpError> {
    disks.iter().map(build_one).collect()
}

pub(super) fn build_one(disk: &Value) -> Result<Disk, OpError> {
    let text = |key: &str| disk.get(key).and_then(Value::as_str);
    let mode = text("mode").unwrap_or("rw");
    if !matches!(mode, "rw" | "ro") {
        return invalid(format!("Invalid disk access mode '{mode}'"));
    }
    let Some(size) = disk.get("size") else { return invalid("Missing disk size") };
    Ok(Disk {
        uuid: String::new(),
        name: nics::given(disk, "name").map(str::to_owned),
        size_mib: be::size("size", size)?,
        mode: mode.to_owned(),
        spindles: disk.get("spindles").and_then(Value::as_u64),
    })
}

pub(super) fn grow(state: &mut State, op: &Op) -> Result<Begun, OpError> {
    let (slot, instance) = find::instance(state, op)?;
    find::check_online(state, instance.pnode)?;
    if !matches!(
        instance.shown_template(),
        "drbd" | "ext" | "file" | "gluster" | "plain" | "rbd" | "sharedfile"
    ) {
        return invalid("Instance's disk layout does not support growing");
    }
    let index = usize::try_from(op.number("disk").unwrap_or(0)).unwrap_or(usize::MAX);
    let Some(disk) = instance.disks.get(index) else {
        return invalid(format!(
            "Invalid disk index {index}, the instance has disks 0 to {}",
            instance.disks.len()
        ));
    };
    let (amount, current) = (op.number("amount").unwrap_or(0), disk.size_mib);
    let target = if op.flag("absolute") { amount } else { current + amount };
    if target < current {
        let text = format!("Requested size ({target} MiB) is smaller than current disk size ({current} MiB)");
        return Err(OpError::prereq(text, ecode::STATE));
    }
    let (pnode, now) = (instance.pnode, state.now());
    drop(instance);
    let free = state.nodes.get(pnode).map_or(0, |node| node.free_disk_mib());
    if target - current > free {
        let text =
            format!("Not enough disk space on node: required {} MiB, available {free} MiB", target - current);
        return Err(OpError::prereq(text, ecode::NORES));
    }
    if !op.flag("dry_run") {
        state.edit(slot, |instance| {
            if let Some(disk) = instance.disks.get_mut(index) {
                disk.size_mib = target;
            }
            instance.touch(now);
        });
    }
    Ok(Begun::done(NULL))
}

pub(super) fn activate(state: &mut State, op: &Op) -> Result<Begun, OpError> {
    let (slot, instance) = find::instance(state, op)?;
    find::check_online(state, instance.pnode)?;
    let node = state.nodes.get(instance.pnode).map_or("", |node| node.name.as_str());
    let devices: Vec<_> = (0..instance.disks.len())
        .map(|index| {
            json!([
                node,
                format!("disk/{index}"),
                format!("/var/run/ganeti/instance-disks/{}:{index}", instance.name)
            ])
        })
        .collect();
    drop(instance);
    let now = state.now();
    state.edit(slot, |instance| instance.mark(None, Some(true), None, now));
    Ok(Begun::done(Value::from(devices).to_string()))
}

pub(super) fn deactivate(state: &mut State, op: &Op) -> Result<Begun, OpError> {
    let (slot, instance) = find::instance(state, op)?;
    if instance.is_running() && !op.flag("force") {
        let text = format!("Instance {} is running, cannot shutdown disks", instance.name);
        return Err(OpError::prereq(text, ecode::STATE));
    }
    drop(instance);
    let now = state.now();
    state.edit(slot, |instance| instance.mark(None, Some(false), None, now));
    Ok(Begun::done(NULL))
}

/// `OP_INSTANCE_QUERY_DATA`, with the fields that clients read.
pub(super) fn query_data(state: &mut State, op: &Op) -> Result<Begun, OpError> {
    let mut all = serde_json::Map::new();
    for name in op.texts("instances") {
        let (_, instance) = find::instance_named(state, name)?;
        all.insert(instance.name.to_string(), data_of(state, &instance, op.flag("static")));
    }
    Ok(Begun::done(Value::Object(all).to_string()))
}

fn data_of(state: &State, instance: &Instance, only_static: bool) -> Value {
    let node = state.nodes.get(instance.pnode).map_or("", |node| node.name.as_str());
    let disks = instance.disks.iter().enumerate().map(|(index, disk)| {
        json!({"iv_name": format!("disk/{index}"), "size": disk.size_mib, "mode": disk.mode, "name": disk.name,
               "uuid": disk.uuid, "dev_type": instance.disk_template})
    });
    let run_state = if instance.is_running() { "up" } else { "down" };
    json!({
        "name": &*instance.name,
        "uuid": instance.uuid,
        "config_state": if instance.admin_state == AdminState::Up { "up" } else { "down" },
        "run_state": (!only_static).then_some(run_state),
        "pnode": node,
        "os": instance.os,
        "hypervisor": &*instance.hypervisor,
        "disk_template": instance.shown_template(),
        "disks": disks.collect::<Vec<_>>(),
        "be_actual": instance.beparams.fill(&state.cluster.be).to_dict(),
        "be_instance": instance.beparams.to_dict(),
        "hv_instance": instance.hvparams,
        "os_instance": instance.osparams,
        "network_port": instance.network_port,
        "serial_no": instance.serial_no,
        "ctime": instance.ctime.seconds(),
        "mtime": instance.mtime.seconds(),
    })
}
