//! Adding, changing and removing disks.

use serde_json::Value;

use super::disks::build_one;
use super::modify::{Changes, DeviceChange, device_changes, device_index};
use super::nics::check_device_names;
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
    hotplug: bool,
) -> Result<usize, OpError> {
    let mut counted = 0;
    for change in device_changes("disk", op.list("disks"))? {
        let known: Vec<_> =
            after.disks.iter().map(|disk| (disk.uuid.as_str(), disk.name.as_deref())).collect();
        let index = device_index("disk", &change, &known)?;
        let plugged = match change.verb {
            "add" => {
                add(state, &change, index, after, changes)?;
                true
            }
            "remove" => {
                remove(index, after, changes, hotplug)?;
                true
            }
            "modify" => {
                modify(&change, index, after, changes)?;
                false
            }
            verb => return Err(OpError::exec(format!("The simulator does not {verb} disks"))),
        };
        if plugged {
            counted += 1;
            if hotplug {
                changes.push((format!("disk/{index}"), "hotplug:done".into()));
            }
        }
    }
    Ok(counted)
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
    if after.is_running() && !hotplug {
        let text = format!(
            "Instance {} is running, can't remove volume from a running instance without using hotplug",
            after.name
        );
        return Err(OpError::prereq(text, ecode::STATE));
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
