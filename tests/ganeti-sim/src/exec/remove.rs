//! `OP_INSTANCE_REMOVE`.

use super::{Begun, NULL, Pending, find};
use crate::opcode::{Op, OpError};
use crate::state::State;

pub(super) fn begin(state: &mut State, op: &Op) -> Result<Begun, OpError> {
    let (_, instance) = find::instance(state, op)?;
    let node = state.nodes.get(instance.pnode);
    if let Some(node) = node.filter(|node| !node.answers()) {
        let text = format!(
            "Could not shutdown instance {} on node {}: Node is marked offline or does not answer",
            instance.name, node.name
        );
        return Err(OpError::exec(text));
    }
    if op.flag("dry_run") {
        return Ok(Begun::done(NULL));
    }
    Ok(Begun::common(Pending::Remove { uuid: instance.uuid.clone() }))
}

pub(super) fn finish(state: &mut State, uuid: &str) -> Result<Box<str>, OpError> {
    let (slot, _) = find::again(state, uuid)?;
    state.remove_instance(slot);
    Ok(NULL.into())
}
