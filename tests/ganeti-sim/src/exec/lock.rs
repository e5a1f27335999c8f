//! Names are looked up before any lock is waited for (`ExpandNames`), so that a create of a name that is
//! taken fails at once, even while that instance is being removed.

use super::{create, find};
use crate::opcode::{Kind, Op, OpError, ecode};
use crate::queue::LockKey;
use crate::state::State;

/// What an opcode locks.
pub(crate) fn lock_of(state: &State, op: &Op) -> Result<Option<LockKey>, OpError> {
    match op.kind() {
        Kind::InstanceCreate => {
            let name = create::normalized_name(op)?;
            // What it logs, it logs again when the job runs.
            create::check_arguments(state, op, &name, &mut Vec::new())?;
            if state.instances.named(&name).is_some() {
                return Err(already_there(&name));
            }
            Ok(Some(LockKey::Instance(name.into())))
        }
        Kind::TagsSet | Kind::TagsDel => lock_of_tags(state, op),
        Kind::NetworkAdd => Ok(op.text("network_name").map(|name| LockKey::Network(name.to_owned()))),
        Kind::NetworkRemove | Kind::NetworkSetParams | Kind::NetworkConnect | Kind::NetworkDisconnect => {
            let network = find::network(state, op.text("network_name").unwrap_or_default())?;
            if let Some(group) = op.text("group_name") {
                find::group(state, group)?;
            }
            Ok(Some(LockKey::Network(network)))
        }
        Kind::NodeSetParams => {
            let node = find::node(state, op.text("node_name").unwrap_or_default())?;
            Ok(state.nodes.get(node).map(|node| LockKey::Node(node.name.clone())))
        }
        Kind::GroupAdd => Ok(op.text("group_name").map(|name| LockKey::Group(name.to_owned()))),
        Kind::GroupRemove | Kind::GroupRename | Kind::GroupSetParams | Kind::GroupAssignNodes => {
            let group = find::group(state, op.text("group_name").unwrap_or_default())?;
            Ok(state.groups.get(group).map(|group| LockKey::Group(group.name.clone())))
        }
        Kind::ClusterSetParams | Kind::ClusterRedistConf | Kind::OsDiagnose | Kind::InstanceQueryData => {
            Ok(None)
        }
        _ => {
            let (_, instance) = find::instance(state, op)?;
            Ok(Some(LockKey::Instance(instance.name.clone())))
        }
    }
}

fn lock_of_tags(state: &State, op: &Op) -> Result<Option<LockKey>, OpError> {
    let name = op.text("name").unwrap_or_default();
    match op.text("kind") {
        Some("instance") => {
            let (_, instance) = find::instance_named(state, name)?;
            Ok(Some(LockKey::Instance(instance.name.clone())))
        }
        Some("node") => {
            let node = find::node(state, name)?;
            Ok(state.nodes.get(node).map(|node| LockKey::Node(node.name.clone())))
        }
        Some("nodegroup") => {
            let group = find::group(state, name)?;
            Ok(state.groups.get(group).map(|group| LockKey::Group(group.name.clone())))
        }
        Some("network") => Ok(Some(LockKey::Network(find::network(state, name)?))),
        _ => Ok(None),
    }
}

pub(super) fn already_there(name: &str) -> OpError {
    OpError::prereq(format!("Instance '{name}' is already in the cluster"), ecode::EXISTS)
}
