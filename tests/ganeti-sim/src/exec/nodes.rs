//! `OP_NODE_SET_PARAMS`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Begun, find, modify};
use crate::opcode::{Op, OpError, ecode};
use crate::state::State;

pub(super) fn set_params(state: &mut State, op: &Op) -> Result<Begun, OpError> {
    let index = find::node(state, op.text("node_name").unwrap_or_default())?;
    let flags = ["offline", "drained", "master_candidate", "master_capable", "vm_capable"];
    let given = |name: &str| op.value(name).and_then(Value::as_bool);
    let others = ["ndparams", "secondary_ip", "powered", "hv_state", "disk_state"];
    if flags.iter().all(|name| given(name).is_none()) && others.iter().all(|name| op.value(name).is_none()) {
        return Err(OpError::prereq("Please pass at least one modification", ecode::INVAL));
    }
    if flags[..3].iter().filter(|name| given(name) == Some(true)).count() > 1 {
        let text = "Can't set the node into more than one state at the same time";
        return Err(OpError::prereq(text, ecode::INVAL));
    }
    let now = state.now();
    let Some(node) = state.nodes.get_mut(index) else { return Ok(Begun::done("[]")) };
    if node.master && (given("offline") == Some(true) || given("drained") == Some(true)) {
        // Ganeti gives no hint here that would help in a simulated cluster.
        let text = "The master role can be changed only via master-failover";
        return Err(OpError::prereq(text, ecode::INVAL));
    }
    let mut changes = Vec::new();
    let node = Arc::make_mut(node);
    for name in flags {
        let Some(value) = given(name) else { continue };
        let place = match name {
            "offline" => &mut node.offline,
            "drained" => &mut node.drained,
            "master_candidate" => &mut node.master_candidate,
            "master_capable" => &mut node.master_capable,
            _ => &mut node.vm_capable,
        };
        if std::mem::replace(place, value) != value {
            changes.push(json!([name, value]));
        }
    }
    if node.offline || node.drained {
        node.master_candidate = false;
    }
    if let Some(params) = op.dict("ndparams") {
        modify::merge(&mut node.ndparams, params);
        changes.extend(params.iter().map(|(key, value)| json!([key, value])));
    }
    node.touch(now);
    Ok(Begun::done(Value::from(changes).to_string()))
}
