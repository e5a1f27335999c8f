//! Renaming and reinstalling.

use std::time::Duration;

use super::{Begun, NULL, Pending, find, info, lock, modify, os};
use crate::latency::Cost;
use crate::opcode::{Op, OpError, ecode};
use crate::state::{Instance, State};

/// Refuses an instance that runs or is meant to.
fn check_down(instance: &Instance, what: &str) -> Result<(), OpError> {
    let state = instance.admin_state.as_str();
    if state == "up" {
        let text = format!("Instance '{}' is marked to be {state}, {what}", instance.name);
        return Err(OpError::prereq(text, ecode::STATE));
    }
    if instance.is_running() {
        let text = format!("Instance {} is running, {what}", instance.name);
        return Err(OpError::prereq(text, ecode::STATE));
    }
    Ok(())
}

pub(super) fn begin(state: &mut State, op: &Op) -> Result<Begun, OpError> {
    let (slot, instance) = find::instance(state, op)?;
    find::check_online(state, instance.pnode)?;
    check_down(&instance, "cannot rename")?;
    drop(instance);
    if op.flag("ip_check") && !op.flag("name_check") {
        return Err(OpError::prereq("IP address check requires a name check", ecode::INVAL));
    }
    let name = op.text("new_name").unwrap_or_default().to_lowercase();
    if op.flag("name_check") {
        let text = format!("The given name ({name}) does not resolve: Temporary failure in name resolution");
        return Err(OpError::prereq(text, "resolver_error"));
    }
    if state.instances.named(&name).is_some() {
        return Err(lock::already_there(&name));
    }
    if !op.flag("dry_run") {
        state.instances.rename(slot, &name);
    }
    Ok(Begun::done(serde_json::Value::from(name).to_string()))
}

/// Checks, and the change of the configuration, which comes before the scripts run. The scripts get the instance's
/// parameters as changed by the given ones; the instance has the given ones alone afterwards.
pub(super) fn reinstall(state: &mut State, op: &Op, messages: &mut Vec<String>) -> Result<Begun, OpError> {
    let (slot, instance) = find::instance(state, op)?;
    find::check_online(state, instance.pnode)?;
    if instance.disks.is_empty() {
        let name = op.text("instance_name").unwrap_or_default();
        return Err(OpError::prereq(format!("Instance '{name}' has no disks"), ecode::INVAL));
    }
    check_down(&instance, "cannot reinstall")?;
    let given = op.dict("osparams").cloned().unwrap_or_default();
    let mut parameters = instance.osparams.clone();
    modify::merge(&mut parameters, &given);
    let name = op.text("os_type").unwrap_or(&instance.os);
    let node = state.nodes.get(instance.pnode).map_or("", |node| node.name.as_str());
    os::check(state, name, &parameters, node, op.flag("force_variant"))?;
    let (name, uuid) = (name.to_owned(), instance.uuid.clone());
    drop(instance);
    if op.flag("dry_run") {
        return Ok(Begun::done(NULL));
    }
    if let Some(name) = op.text("os_type") {
        messages.push(format!("Changing OS scripts to '{name}'..."));
    }
    messages.push(info("Running instance OS create scripts..."));
    let now = state.now();
    state.edit(slot, |instance| {
        for changed in [instance.os != name, instance.osparams != given] {
            if changed {
                instance.touch(now);
            }
        }
        instance.os = name;
        instance.osparams = given;
        // Its disks are activated for the scripts.
        instance.mark(None, Some(true), None, now);
    });
    Ok(Begun { pending: Pending::Reinstall { uuid }, cost: Cost::Create, wait: Duration::ZERO })
}

/// The scripts have run, or failed; the disks are deactivated again.
pub(super) fn reinstalled(state: &mut State, uuid: &str) -> Result<Box<str>, OpError> {
    let (slot, instance) = find::again(state, uuid)?;
    let node = state.nodes.get(instance.pnode).map_or("", |node| node.name.as_str());
    let what = format!("Could not install OS for instance '{}' on node '{node}'", instance.name);
    let result = os::run_create(state, &instance, &what);
    drop(instance);
    let now = state.now();
    state.edit(slot, |instance| instance.mark(None, Some(false), None, now));
    result.map(|()| NULL.into())
}
