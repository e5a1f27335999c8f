//! Node groups and the cluster's own parameters.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::{Begun, NULL, find, modify};
use crate::opcode::{Op, OpError, ecode};
use crate::state::{Dict, Group, State};

pub(super) fn add(state: &mut State, op: &Op) -> Result<Begun, OpError> {
    let name = op.text("group_name").unwrap_or_default().to_owned();
    if let Some(group) = state.groups.iter().find(|group| group.name == name) {
        let text =
            format!("Desired group name '{name}' already exists as a node group (UUID: {})", group.uuid);
        return Err(OpError::prereq(text, ecode::EXISTS));
    }
    let (now, uuid) = (state.now(), state.random.uuid());
    let dict = |name: &str| op.dict(name).cloned().unwrap_or_default();
    let group = Group {
        name,
        uuid,
        serial_no: 1,
        ctime: now,
        mtime: now,
        alloc_policy: op.text("alloc_policy").unwrap_or("preferred").to_owned(),
        ndparams: dict("ndparams"),
        ipolicy: dict("ipolicy"),
        diskparams: dict("diskparams"),
        tags: BTreeSet::new(),
        networks: BTreeMap::new(),
    };
    if !op.flag("dry_run") {
        state.groups.push(Arc::new(group));
    }
    Ok(Begun::done(NULL))
}

pub(super) fn remove(state: &mut State, op: &Op) -> Result<Begun, OpError> {
    let index = find::group(state, op.text("group_name").unwrap_or_default())?;
    let members: Vec<_> =
        state.nodes.iter().filter(|node| node.group == index).map(|node| node.uuid.as_str()).collect();
    let name = state.groups.get(index).map_or("", |group| group.name.as_str());
    if !members.is_empty() {
        let text = format!("Group '{name}' not empty, has the following nodes: {}", members.join(", "));
        return Err(OpError::prereq(text, ecode::STATE));
    }
    if state.groups.len() == 1 {
        let text = format!("Group '{name}' is the only group, cannot be removed");
        return Err(OpError::prereq(text, ecode::STATE));
    }
    if !op.flag("dry_run") {
        state.groups.remove(index);
        // Nodes name their group by its place.
        for node in state.nodes.iter_mut().filter(|node| node.group > index) {
            Arc::make_mut(node).group -= 1;
        }
    }
    Ok(Begun::done(NULL))
}

pub(super) fn rename(state: &mut State, op: &Op) -> Result<Begun, OpError> {
    let index = find::group(state, op.text("group_name").unwrap_or_default())?;
    let name = op.text("new_name").unwrap_or_default().to_owned();
    if let Some(other) = state.groups.iter().find(|group| group.name == name) {
        let text =
            format!("Desired new name '{name}' clashes with existing node group (UUID: {})", other.uuid);
        return Err(OpError::prereq(text, ecode::EXISTS));
    }
    let now = state.now();
    if let Some(group) = state.groups.get_mut(index).filter(|_| !op.flag("dry_run")) {
        let group = Arc::make_mut(group);
        group.name.clone_from(&name);
        group.touch(now);
    }
    Ok(Begun::done(Value::from(name).to_string()))
}

pub(super) fn set_params(state: &mut State, op: &Op) -> Result<Begun, OpError> {
    let index = find::group(state, op.text("group_name").unwrap_or_default())?;
    let names = ["ndparams", "ipolicy", "diskparams", "alloc_policy", "hv_state", "disk_state"];
    if names.iter().all(|name| op.value(name).is_none()) {
        return Err(OpError::prereq("Please pass at least one modification", ecode::INVAL));
    }
    let now = state.now();
    let Some(group) = state.groups.get_mut(index).map(Arc::make_mut) else { return Ok(Begun::done(NULL)) };
    let merge = |current: &mut Dict, name: &str| {
        if let Some(given) = op.dict(name) {
            modify::merge(current, given);
        }
    };
    merge(&mut group.ndparams, "ndparams");
    merge(&mut group.ipolicy, "ipolicy");
    merge(&mut group.diskparams, "diskparams");
    if let Some(policy) = op.text("alloc_policy") {
        policy.clone_into(&mut group.alloc_policy);
    }
    group.touch(now);
    Ok(Begun::done("[]"))
}

pub(super) fn assign_nodes(state: &mut State, op: &Op) -> Result<Begun, OpError> {
    let group = find::group(state, op.text("group_name").unwrap_or_default())?;
    let nodes: Vec<usize> =
        op.texts("nodes").map(|name| find::node(state, name)).collect::<Result<_, _>>()?;
    let now = state.now();
    for node in nodes {
        if let Some(node) = state.nodes.get_mut(node).filter(|_| !op.flag("dry_run")) {
            let node = Arc::make_mut(node);
            node.group = group;
            node.touch(now);
        }
    }
    Ok(Begun::done(NULL))
}

/// `OP_CLUSTER_SET_PARAMS`, as far as the simulator uses what it sets.
pub(super) fn cluster_set_params(state: &mut State, op: &Op) -> Result<Begun, OpError> {
    let now = state.now();
    let cluster = Arc::make_mut(&mut state.cluster);
    if let Some(most) = op.number("max_running_jobs") {
        cluster.max_running_jobs = usize::try_from(most).unwrap_or(usize::MAX);
    }
    if let Some(allowed) = op.value("enabled_user_shutdown").and_then(Value::as_bool) {
        cluster.user_shutdown = allowed;
    }
    if let Some(prefix) = op.text("mac_prefix") {
        cluster.mac_prefix = prefix.to_lowercase();
    }
    let templates: Vec<_> = op.texts("enabled_disk_templates").map(str::to_owned).collect();
    if !templates.is_empty() {
        cluster.disk_templates = templates;
    }
    let hypervisors: Vec<Arc<str>> = op.texts("enabled_hypervisors").map(Arc::from).collect();
    if !hypervisors.is_empty() {
        cluster.hypervisors = hypervisors;
    }
    if let Some(given) = op.dict("ipolicy") {
        modify::merge(&mut cluster.ipolicy, given);
    }
    cluster.mtime = now;
    Ok(Begun::done(NULL))
}
