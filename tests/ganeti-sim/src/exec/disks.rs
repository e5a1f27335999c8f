//! Disks of instances.

use serde_json::{Value, json};

use super::{Begun, NULL, be, capacity, find, nics, synced, unit};
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

pub(super) fn grow(state: &mut State, op: &Op, messages: &mut Vec<String>) -> Result<Begun, OpError> {
    let (slot, instance) = find::instance(state, op)?;
    find::check_online(state, instance.pnode)?;
    let number = op.number("disk").unwrap_or(0);
    let index = usize::try_from(number).unwrap_or(usize::MAX);
    let Some(disk) = instance.disks.get(index) else {
        let last = i64::try_from(instance.disks.len()).unwrap_or(i64::MAX) - 1;
        // As Ganeti spells it.
        return invalid(format!("Invalid disk index: {number} (instace has disks 0 to {last}"));
    };
    let (amount, current) = (op.number("amount").unwrap_or(0), disk.size_mib);
    let target = if op.flag("absolute") { amount } else { current + amount };
    if target < current {
        let text = format!(
            "Requested size ({}) is smaller than current disk size ({})",
            unit(target),
            unit(current)
        );
        return Err(OpError::prereq(text, ecode::STATE));
    }
    check_growth(state, op, &instance, index, target)?;
    let grown = target - current;
    messages.push(format!(
        "Growing disk {index} of instance '{}' by {} to {}",
        instance.name,
        unit(grown),
        unit(target)
    ));
    if op.flag("wait_for_sync") {
        messages.extend(synced(&instance.name));
    }
    drop(instance);
    let now = state.now();
    if !op.flag("dry_run") {
        state.edit(slot, |instance| {
            // Disks are in use while they grow.
            instance.mark(None, Some(true), None, now);
            if grown > 0 {
                instance.touch(now);
            }
            if let Some(disk) = instance.disks.get_mut(index) {
                disk.size_mib = target;
            }
        });
    }
    Ok(Begun::done(NULL))
}

fn check_growth(
    state: &State,
    op: &Op,
    instance: &Instance,
    index: usize,
    target: u64,
) -> Result<(), OpError> {
    let sizes = instance.disks.iter().enumerate();
    let sizes: Vec<_> = sizes.map(|(at, disk)| if at == index { target } else { disk.size_mib }).collect();
    let be = instance.beparams.fill(&state.cluster.be);
    let violations = capacity::violations(state, &be, &sizes, instance.nics.len());
    let violations: Vec<_> = violations.into_iter().filter(|text| text.starts_with("disk-size")).collect();
    if !violations.is_empty() && !op.flag("ignore_ipolicy") {
        return invalid(format!("Growing disk {index} violates policy: {}", violations.join(", ")));
    }
    let before: u64 = instance.disks.iter().map(|disk| disk.size_mib).sum();
    let needed = sizes.iter().sum::<u64>() - before;
    let free = state.nodes.get(instance.pnode).map_or(0, |node| node.free_disk_mib());
    if needed > free {
        let text = format!("Not enough disk space: required {needed} MiB, available {free} MiB");
        return Err(OpError::prereq(text, ecode::NORES));
    }
    Ok(())
}

pub(super) fn activate(state: &mut State, op: &Op) -> Result<Begun, OpError> {
    let (slot, instance) = find::instance(state, op)?;
    find::check_online(state, instance.pnode)?;
    let node = state.nodes.get(instance.pnode).map_or("", |node| node.name.as_str());
    let devices: Vec<_> = instance
        .disks
        .iter()
        .enumerate()
        .map(|(index, disk)| json!([node, format!("disk/{index}"), file_of(&instance, index, disk)]))
        .collect();
    drop(instance);
    let now = state.now();
    state.edit(slot, |instance| instance.mark(None, Some(true), None, now));
    Ok(Begun::done(Value::from(devices).to_string()))
}

pub(super) fn deactivate(state: &mut State, op: &Op) -> Result<Begun, OpError> {
    let (slot, instance) = find::instance(state, op)?;
    let what = "cannot shutdown disks";
    let admin = instance.admin_state.as_str();
    if !op.flag("force") && admin == "up" {
        let text = format!("Instance '{}' is marked to be {admin}, {what}", instance.name);
        return Err(OpError::prereq(text, ecode::STATE));
    }
    if !op.flag("force") && instance.is_running() {
        return Err(OpError::prereq(format!("Instance {} is running, {what}", instance.name), ecode::STATE));
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
    let node = state.nodes.get(instance.pnode);
    let group = node.and_then(|node| state.groups.get(node.group));
    let run_state = if instance.is_running() { "up" } else { "down" };
    let default = &state.cluster.nic;
    let nics = instance.nics.iter().map(|nic| {
        let (mode, link, vlan) =
            (nic.params.mode(default), nic.params.link(default), nic.params.vlan(default));
        json!([nic.name, nic.uuid, nic.ip, nic.mac, mode, link, vlan, nic.network, null])
    });
    json!({
        "name": &*instance.name,
        "uuid": instance.uuid,
        "config_state": if instance.admin_state == AdminState::Up { "up" } else { "down" },
        "run_state": (!only_static).then_some(run_state),
        "pnode": node.map(|node| &node.name),
        "pnode_group_name": group.map(|group| &group.name),
        "pnode_group_uuid": group.map(|group| &group.uuid),
        "snodes": [],
        "snodes_group_names": [],
        "snodes_group_uuids": [],
        "os": instance.os,
        "hypervisor": &*instance.hypervisor,
        "disk_template": instance.shown_template(),
        "disks": disks_of(instance),
        "nics": nics.collect::<Vec<_>>(),
        "be_actual": instance.beparams.fill(&state.cluster.be).to_dict(),
        "be_instance": instance.beparams.to_dict(),
        "hv_actual": instance.hvparams,
        "hv_instance": instance.hvparams,
        "os_actual": instance.osparams,
        "os_instance": instance.osparams,
        "network_port": instance.network_port,
        "serial_no": instance.serial_no,
        "ctime": instance.ctime.seconds(),
        "mtime": instance.mtime.seconds(),
    })
}

fn disks_of(instance: &Instance) -> Vec<Value> {
    let shown = |(index, disk): (usize, &Disk)| {
        json!({
            "iv_name": format!("disk/{index}"),
            "size": disk.size_mib,
            "mode": disk.mode,
            "name": disk.name,
            "uuid": disk.uuid,
            "dev_type": instance.disk_template,
            "spindles": disk.spindles,
            "logical_id": ["loop", file_of(instance, index, disk)],
            "children": [],
            "drbd_info": null,
            "pstatus": null,
            "sstatus": null,
        })
    };
    instance.disks.iter().enumerate().map(shown).collect()
}

/// Where the data of a file disk would be.
fn file_of(instance: &Instance, index: usize, disk: &Disk) -> String {
    format!("/srv/ganeti/file-storage/{}/{}.file.disk{index}", instance.name, disk.uuid)
}
