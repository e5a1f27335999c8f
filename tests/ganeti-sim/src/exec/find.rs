//! Finding what an opcode names.

use std::sync::Arc;

use crate::opcode::{Op, OpError, ecode};
use crate::state::{Instance, Slot, State};

/// The instance an opcode is about, with the guard of its uuid checked.
pub(super) fn instance(state: &State, op: &Op) -> Result<(Slot, Arc<Instance>), OpError> {
    let name = op.text("instance_name").unwrap_or_default();
    let (slot, instance) = instance_named(state, name)?;
    if let Some(expected) = op.text("instance_uuid").filter(|expected| *expected != instance.uuid) {
        let (uuid, full) = (&instance.uuid, &instance.name);
        let text = format!(
            "The instances UUID '{uuid}' does not match the expected UUID '{expected}' for instance '{full}'. \
             Maybe the instance changed since you submitted this job."
        );
        return Err(OpError::prereq(text, ecode::NOTUNIQUE));
    }
    Ok((slot, instance))
}

pub(super) fn instance_named(state: &State, name: &str) -> Result<(Slot, Arc<Instance>), OpError> {
    let slot = state.instances.expand(name);
    slot.and_then(|slot| Some((slot, state.instances.get(slot)?.clone())))
        .ok_or_else(|| OpError::unknown("Instance", name))
}

/// An instance that [`super::begin`] has found, after the time its work took.
pub(super) fn again(state: &State, uuid: &str) -> Result<(Slot, Arc<Instance>), OpError> {
    let slot = state.instances.with_uuid(uuid);
    slot.and_then(|slot| Some((slot, state.instances.get(slot)?.clone())))
        .ok_or_else(|| OpError::of("ConfigurationError", format!("Could not find instance with UUID {uuid}")))
}

/// A node by name or by a dotted prefix of it.
pub(super) fn node(state: &State, name: &str) -> Result<usize, OpError> {
    let lower = name.to_lowercase();
    let exact = state.nodes.iter().position(|node| node.name == lower);
    exact
        .or_else(|| {
            let is = |node: &Arc<crate::state::Node>| crate::names::is_component(&node.name, &lower);
            let first = state.nodes.iter().position(is)?;
            (state.nodes.iter().filter(|node| is(node)).count() == 1).then_some(first)
        })
        .ok_or_else(|| OpError::unknown("Node", name))
}

/// A node group by name or uuid.
pub(super) fn group(state: &State, name: &str) -> Result<usize, OpError> {
    let found = state.groups.iter().position(|group| group.name == name || group.uuid == name);
    found.ok_or_else(|| OpError::prereq(format!("Node group '{name}' not found"), ecode::NOENT))
}

/// The name of a network, given by name or uuid.
pub(super) fn network(state: &State, name: &str) -> Result<String, OpError> {
    let found = state.networks.values().find(|network| network.name == name || network.uuid == name);
    found
        .map(|network| network.name.clone())
        .ok_or_else(|| OpError::prereq(format!("Network '{name}' not found"), ecode::NOENT))
}

/// Refuses a node that is marked offline.
pub(super) fn check_online(state: &State, node: usize) -> Result<(), OpError> {
    match state.nodes.get(node) {
        Some(node) if node.offline => {
            Err(OpError::prereq(format!("Can't use offline node: {}", node.name), ecode::STATE))
        }
        _ => Ok(()),
    }
}

/// Refuses a node that does not answer.
pub(super) fn check_reachable(state: &State, node: usize, what: &str) -> Result<(), OpError> {
    match state.nodes.get(node) {
        Some(node) if node.unreachable => {
            let text =
                format!("{what} {}: Error 7: Failed to connect to {} port 1811", node.name, node.address);
            Err(OpError::prereq(text, ecode::ENVIRON))
        }
        _ => Ok(()),
    }
}
