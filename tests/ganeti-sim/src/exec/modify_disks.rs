//! Adding, changing and removing disks.

use serde_json::Value;

use super::disks::build_one;
use super::modify::{Changes, DeviceChange, device_changes, device_index, hotplugged};
use super::nics::check_device_names;
use super::{synced, unit};
use crate::opcode::{Op, OpError, ecode};
use crate::state::{Instance, State};

/// Ganeti's bound (`MAX_DISKS`).
const MOST: usize = 16;

fn invalid<T>(text: impl Into<String>) -> Result<T, OpError> {
    Err(OpError::prereq(text, ecode::INVAL))
}

/// Applies all changes of disks; how many disks came or went.
pub(super) fn apply(
    state: &mut State,
    op: &Op,
    after: &mut Instance,
    changes: &mut Changes,
    messages: &mut Vec<String>,
    hotplug: bool,
) -> Result<usize, OpError> {
    let mut counted = 0;
    for change in device_changes("disk", op.list("disks"))? {
        let index = index_of(&change, after)?;
        match change.verb {
            "add" => {
                if !op.flag("wait_for_sync") && !after.disks_active {
                    return invalid(
                        "Can't add a disk to an instance with deactivated disks and --no-wait-for-sync given",
                    );
                }
                add(state, &change, index, after, changes)?;
                let size = after.disks.get(index).map_or(0, |disk| disk.size_mib);
                messages.push(format!("* disk {index}, size {}", unit(size)));
                messages.extend(synced(&after.name));
                // Without hotplug it is entered into the configuration and then used, two changes of the record.
                counted += usize::from(after.disks_active && !hotplug);
            }
            "remove" => remove(index, after, changes, hotplug)?,
            "modify" => {
                modify(&change, index, after, changes)?;
                continue;
            }
            verb => return Err(OpError::exec(format!("The simulator does not {verb} disks"))),
        }
        counted += 1;
        if hotplug {
            hotplugged(state, op, format!("disk/{index}"), changes, messages);
        }
    }
    Ok(counted)
}

/// Disks are looked up by name before anything else is checked, which has words of its own.
fn index_of(change: &DeviceChange<'_>, after: &Instance) -> Result<usize, OpError> {
    let known: Vec<_> = after.disks.iter().map(|disk| (disk.uuid.as_str(), disk.name.as_deref())).collect();
    device_index("disk", change, &known).map_err(|error| match change.ident.as_str() {
        Some(name) if error.ecode.is_some() => {
            OpError::of("OpPrereqError", format!("Lookup of disk '{name}' failed"))
        }
        _ => error,
    })
}

fn add(
    state: &mut State,
    change: &DeviceChange<'_>,
    index: usize,
    after: &mut Instance,
    changes: &mut Changes,
) -> Result<(), OpError> {
    if after.disk_template == "diskless" {
        return invalid("Must specify disk type on diskless instance");
    }
    if !change.params.contains_key("size") {
        return invalid("Required disk parameter 'size' missing");
    }
    if after.disks.len() >= MOST {
        let text = format!("Instance has too many disks ({MOST}), cannot add more");
        return Err(OpError::prereq(text, ecode::STATE));
    }
    let params = Value::Object(change.params.clone());
    check_device_names("disk", std::slice::from_ref(&params))?;
    let name = change.params.get("name").and_then(Value::as_str);
    if let Some(name) = name.filter(|name| after.disks.iter().any(|disk| disk.name.as_deref() == Some(name)))
    {
        return Err(OpError::prereq(format!("disk name '{name}' already used"), ecode::NOTUNIQUE));
    }
    let mut disk = build_one(&params)?;
    let free = state.nodes.get(after.pnode).map_or(0, |node| node.free_disk_mib());
    if disk.size_mib > free {
        let text = format!("Not enough disk space: required {} MiB, available {free} MiB", disk.size_mib);
        return Err(OpError::prereq(text, ecode::NORES));
    }
    disk.uuid = state.random.uuid();
    changes.push((format!("disk/{index}"), format!("add:size={},mode={}", disk.size_mib, disk.mode).into()));
    after.disks.insert(index, disk);
    Ok(())
}

fn remove(index: usize, after: &mut Instance, changes: &mut Changes, hotplug: bool) -> Result<(), OpError> {
    let what = "can't remove volume from a running instance without using hotplug";
    let state = after.admin_state.as_str();
    if !hotplug && state == "up" {
        let text = format!("Instance '{}' is marked to be {state}, {what}", after.name);
        return Err(OpError::prereq(text, ecode::STATE));
    }
    if !hotplug && after.is_running() {
        return Err(OpError::prereq(format!("Instance {} is running, {what}", after.name), ecode::STATE));
    }
    after.disks.remove(index);
    changes.push((format!("disk/{index}"), "remove".into()));
    Ok(())
}

fn modify(
    change: &DeviceChange<'_>,
    index: usize,
    after: &mut Instance,
    changes: &mut Changes,
) -> Result<(), OpError> {
    if change.params.contains_key("size") {
        return invalid("Disk size change not possible, use grow-disk");
    }
    if let Some(key) = change.params.keys().find(|key| !matches!(key.as_str(), "name" | "mode")) {
        return invalid(format!("Disk '{key}' parameter change is not possible"));
    }
    let Some(disk) = after.disks.get_mut(index) else { return Ok(()) };
    let text = |key: &str| change.params.get(key).and_then(Value::as_str);
    if let Some(mode) = text("mode") {
        if !matches!(mode, "rw" | "ro") {
            return invalid(format!("Invalid disk access mode '{mode}'"));
        }
        mode.clone_into(&mut disk.mode);
        changes.push((format!("disk.mode/{index}"), mode.into()));
    }
    if let Some(name) = text("name") {
        disk.name = Some(name).filter(|name| !name.eq_ignore_ascii_case("none")).map(str::to_owned);
        changes.push((format!("disk.name/{index}"), disk.name.clone().into()));
    }
    Ok(())
}
