//! `OP_INSTANCE_SET_PARAMS`.

use serde_json::{Value, json};

use super::{Begun, be, capacity, find, info, modify_disks, modify_nics, os, warning};
use crate::opcode::{Op, OpError, ecode};
use crate::state::{AdminState, Dict, FilledBe, Instance, Live, State, StateSource};

/// What has changed: `[what, value]`.
pub(super) type Changes = Vec<(String, Value)>;

/// A change of a device: verb, identity, parameters.
pub(super) struct DeviceChange<'a> {
    pub verb: &'a str,
    pub ident: Value,
    pub params: &'a Dict,
}

/// Reads changes of devices; the old form has no identity.
pub(super) fn device_changes<'a>(kind: &str, list: &'a [Value]) -> Result<Vec<DeviceChange<'a>>, OpError> {
    let mut changes = Vec::new();
    for entry in list {
        let change = match entry.as_array().map(Vec::as_slice) {
            Some([verb, ident, params]) => (verb.as_str(), ident.clone(), params.as_object()),
            Some([verb, params]) if verb.is_string() => (verb.as_str(), json!(-1), params.as_object()),
            Some([ident, params]) => (Some("modify"), ident.clone(), params.as_object()),
            _ => (None, Value::Null, None),
        };
        let (Some(verb), ident, Some(params)) = change else { continue };
        if matches!(verb, "remove" | "detach") && !params.is_empty() {
            let text = format!("No settings should be passed when removing or detaching a {kind}");
            return Err(OpError::prereq(text, ecode::INVAL));
        }
        changes.push(DeviceChange { verb, ident, params });
    }
    Ok(changes)
}

/// Finds a device by index, name or uuid. For a new one, `-1` is the end.
pub(super) fn device_index(
    kind: &str,
    change: &DeviceChange<'_>,
    devices: &[(&str, Option<&str>)],
) -> Result<usize, OpError> {
    let adding = matches!(change.verb, "add" | "attach");
    let number = change.ident.as_i64().or_else(|| change.ident.as_str()?.parse().ok());
    let outside = || {
        let text = format!("Got {kind} index {}, but there are only {}", change.ident, devices.len());
        OpError::of("OpExecError", text)
    };
    match number {
        Some(-1) if adding => Ok(devices.len()),
        Some(-1) => devices.len().checked_sub(1).ok_or_else(outside),
        Some(index) => {
            let limit = devices.len() + usize::from(adding);
            usize::try_from(index).ok().filter(|index| *index < limit).ok_or_else(outside)
        }
        None => {
            let wanted = change.ident.as_str().unwrap_or_default();
            let found = devices.iter().position(|(uuid, name)| *uuid == wanted || *name == Some(wanted));
            found.ok_or_else(|| {
                let text = format!("Cannot find {kind} with identifier {wanted}");
                OpError::prereq(text, ecode::NOENT)
            })
        }
    }
}

pub(super) fn begin(state: &mut State, op: &Op, messages: &mut Vec<String>) -> Result<Begun, OpError> {
    check_submitted(op)?;
    let (slot, before) = find::instance(state, op)?;
    find::check_online(state, before.pnode)?;
    let mut after = Instance::clone(&before);
    let mut changes = Changes::new();
    let hotplug = check_hotplug(op, &before, messages)?;
    let disks = modify_disks::apply(state, op, &mut after, &mut changes, messages, hotplug)?;
    let nics = modify_nics::apply(state, op, &mut after, &mut changes, messages, hotplug)?;
    apply_parameters(state, op, &before, &mut after, &mut changes)?;
    apply_os(state, op, &mut after, &mut changes)?;
    apply_memory(state, op, &mut after, &mut changes)?;
    check_offline(op, &before)?;
    if op.flag("dry_run") {
        return Ok(Begun::done("[]"));
    }
    modify_nics::commit(state, &nics);
    let now = state.now();
    // Disks are added and removed by changes of their own; an update without a difference counts nothing.
    let updated = differs(&before, &after);
    drop(before);
    state.edit(slot, |instance| {
        *instance = after;
        (0..disks + usize::from(updated)).for_each(|_| instance.touch(now));
        match op.value("offline").and_then(Value::as_bool) {
            Some(true) => {
                instance.mark(Some(AdminState::Offline), Some(false), Some(StateSource::Admin), now)
            }
            Some(false) => instance.mark(Some(AdminState::Down), None, Some(StateSource::Admin), now),
            None => {}
        }
    });
    match op.value("offline").and_then(Value::as_bool) {
        Some(true) => changes.push(("admin_state".to_owned(), "offline".into())),
        Some(false) => changes.push(("admin_state".to_owned(), "down".into())),
        None => {}
    }
    Ok(Begun::done(String::from_utf8_lossy(&crate::json::bytes_of(&changes))))
}

fn check_submitted(op: &Op) -> Result<(), OpError> {
    let dicts = ["hvparams", "beparams", "osparams", "osparams_private"];
    let set = ["disk_template", "os_name", "offline", "runtime_mem", "pnode", "instance_communication"];
    let some = dicts.iter().any(|name| op.dict(name).is_some_and(|dict| !dict.is_empty()))
        || set.iter().any(|name| op.value(name).is_some())
        || !op.list("nics").is_empty()
        || !op.list("disks").is_empty();
    if !some {
        return Err(OpError::prereq("No changes submitted", ecode::INVAL));
    }
    let unsimulated = ["disk_template", "pnode", "instance_communication"];
    match unsimulated.iter().find(|name| op.value(name).is_some()) {
        Some(name) => Err(OpError::exec(format!("The simulator does not change {name}"))),
        None => Ok(()),
    }
}

/// Whether devices are plugged into the running guest. Only kvm can.
fn check_hotplug(op: &Op, instance: &Instance, messages: &mut Vec<String>) -> Result<bool, OpError> {
    let (wanted, welcome) = (op.flag("hotplug"), op.flag("hotplug_if_possible"));
    if !wanted && !welcome {
        return Ok(false);
    }
    let why = match &*instance.hypervisor {
        "kvm" if instance.is_running() => return Ok(true),
        "kvm" => "Hotplug is not supported: Instance is probably down",
        _ => "Hotplug is not supported: Hotplug is not supported by this hypervisor",
    };
    if wanted {
        // Ganeti says it twice.
        return Err(OpError::prereq(format!("Hotplug is not possible: {why}: {why}"), ecode::STATE));
    }
    messages.push(warning(why));
    messages.push(info("Modification will take place without hotplugging."));
    Ok(false)
}

/// Notes that a device was plugged in or out, or could not be.
pub(super) fn hotplugged(
    state: &mut State,
    op: &Op,
    what: String,
    changes: &mut Changes,
    messages: &mut Vec<String>,
) {
    messages.push(info("Trying to hotplug device..."));
    if state.job_faults.unplugs(op) {
        messages.push(warning("Could not hotplug device: a simulated fault"));
        messages.push(info("Continuing execution.."));
        changes.push((what, "hotplug:failed".into()));
        return;
    }
    messages.push(info("Hotplug done."));
    changes.push((what, "hotplug:done".into()));
}

fn apply_parameters(
    state: &State,
    op: &Op,
    before: &Instance,
    after: &mut Instance,
    changes: &mut Changes,
) -> Result<(), OpError> {
    if let Some(given) = op.dict("hvparams") {
        let typed = be::check_hv(&state.cluster, &after.hypervisor, given, true)?;
        merge(&mut after.hvparams, &typed);
        changes.extend(given.iter().map(|(key, value)| (format!("hv/{key}"), value.clone())));
    }
    let Some(given) = op.dict("beparams").filter(|given| !given.is_empty()) else { return Ok(()) };
    after.beparams = be::apply_be(before.beparams, given, true)?;
    let (old, new) = (before.beparams.fill(&state.cluster.be), after.beparams.fill(&state.cluster.be));
    if new.maxmem > old.maxmem && !op.flag("force") {
        check_growth(state, before, new.maxmem)?;
    }
    if !op.flag("ignore_ipolicy") {
        check_policy(state, after, &new)?;
    }
    changes.extend(given.iter().map(|(key, value)| (format!("be/{key}"), value.clone())));
    Ok(())
}

fn check_growth(state: &State, instance: &Instance, maxmem: u64) -> Result<(), OpError> {
    let current = match instance.live {
        Live::Running { memory_mib, .. } => memory_mib,
        Live::Absent | Live::ShutDown { .. } => 0,
    };
    let free = state.nodes.get(instance.pnode).map_or(0, |node| node.free_mib());
    let missing = maxmem.saturating_sub(current + free);
    if missing == 0 {
        return Ok(());
    }
    let text = format!(
        "This change will prevent the instance from starting, due to {missing} MB of memory missing on its \
         primary node"
    );
    Err(OpError::prereq(text, ecode::NORES))
}

fn check_policy(state: &State, after: &Instance, be: &FilledBe) -> Result<(), OpError> {
    let sizes: Vec<_> = after.disks.iter().map(|disk| disk.size_mib).collect();
    let violations = capacity::violations(state, be, &sizes, after.nics.len());
    let group = state.nodes.get(after.pnode).and_then(|node| state.groups.get(node.group));
    let Some(group) = group.filter(|_| !violations.is_empty()) else { return Ok(()) };
    // Ganeti means to show the group's uuid here, and shows the whole group.
    let shown = format!("{{'name': '{}', 'uuid': '{}'}}", group.name, group.uuid);
    let text = format!(
        "Instance allocation to group {shown} ({}) violates policy: {}",
        group.name,
        violations.join(", ")
    );
    Err(OpError::prereq(text, ecode::INVAL))
}

/// Merges parameters; `"default"` takes one back.
pub(super) fn merge(current: &mut Dict, given: &Dict) {
    for (key, value) in given {
        if value.as_str() == Some("default") {
            current.remove(key);
        } else {
            current.insert(key.clone(), value.clone());
        }
    }
}

fn apply_os(state: &State, op: &Op, after: &mut Instance, changes: &mut Changes) -> Result<(), OpError> {
    if let Some(name) = op.text("os_name") {
        name.clone_into(&mut after.os);
    }
    let public = op.dict("osparams").filter(|given| !given.is_empty());
    let private = op.dict("osparams_private").filter(|given| !given.is_empty());
    if let Some(given) = public {
        merge(&mut after.osparams, given);
        changes.extend(given.iter().map(|(key, value)| (format!("os/{key}"), value.clone())));
    }
    if let Some(given) = private {
        changes.extend(
            given
                .keys()
                .map(|key| (format!("os_private/{key}"), format!("Private(?, descr='{key}')").into())),
        );
    }
    // A new OS alone is not looked at.
    if (public.is_some() || private.is_some()) && !after.os.is_empty() {
        let mut all = after.osparams.clone();
        all.extend(private.cloned().unwrap_or_default());
        let node = state.nodes.get(after.pnode).map_or("", |node| node.name.as_str());
        os::check(state, &after.os, &all, node, op.flag("force_variant"))?;
    }
    Ok(())
}

/// Balloons a running guest.
fn apply_memory(state: &State, op: &Op, after: &mut Instance, changes: &mut Changes) -> Result<(), OpError> {
    let Some(wanted) = op.number("runtime_mem") else { return Ok(()) };
    let be = after.beparams.fill(&state.cluster.be);
    let name = after.name.clone();
    let Live::Running { memory_mib, .. } = &mut after.live else {
        return Err(OpError::prereq(format!("Instance {name} is not running"), ecode::STATE));
    };
    if !op.flag("force") && !(be.minmem..=be.maxmem).contains(&wanted) {
        let text = format!(
            "Instance {name} must have memory between {} and {} MB of memory unless --force is given",
            be.minmem, be.maxmem
        );
        return Err(OpError::prereq(text, ecode::INVAL));
    }
    if wanted > *memory_mib {
        let reason = format!("ballooning memory for instance {name}");
        capacity::check_free_memory(state, after.pnode, &reason, wanted - *memory_mib)?;
    }
    *memory_mib = wanted;
    changes.insert(0, ("runtime_memory".to_owned(), wanted.into()));
    Ok(())
}

fn check_offline(op: &Op, instance: &Instance) -> Result<(), OpError> {
    let Some(offline) = op.value("offline").and_then(Value::as_bool) else { return Ok(()) };
    let state = instance.admin_state;
    let refused = |text: String| Err(OpError::prereq(text, ecode::STATE));
    let (fits, what) = if offline {
        (state != AdminState::Up, "can't change to offline without being down first")
    } else {
        (state == AdminState::Offline, "can't change to online (down) without being offline first")
    };
    if !fits {
        let state = state.as_str();
        return refused(format!("Instance '{}' is marked to be {state}, {what}", instance.name));
    }
    if instance.is_running() {
        return refused(format!("Instance {} is running, {what}", instance.name));
    }
    Ok(())
}

/// Whether the instance's own object has changed; disks are objects of their own.
fn differs(before: &Instance, after: &Instance) -> bool {
    let nics = |instance: &Instance| -> Vec<_> {
        let of = |nic: &crate::state::Nic| {
            (
                nic.uuid.clone(),
                nic.name.clone(),
                nic.mac.clone(),
                nic.ip.clone(),
                nic.network.clone(),
                nic.params.clone(),
            )
        };
        instance.nics.iter().map(of).collect()
    };
    before.beparams != after.beparams
        || before.hvparams != after.hvparams
        || before.osparams != after.osparams
        || before.os != after.os
        || nics(before) != nics(after)
}
