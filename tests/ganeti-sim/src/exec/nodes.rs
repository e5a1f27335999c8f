//! `OP_NODE_SET_PARAMS`.

use std::sync::Arc;

use super::{Begun, find, info, modify, warning};
use crate::opcode::{Op, OpError, ecode};
use crate::state::{Node, State};

/// What exactly one of is true for a node that is not a regular one, in Ganeti's order.
const ROLES: [&str; 3] = ["master_candidate", "drained", "offline"];

/// Candidate, drained, offline.
type Role = [bool; 3];

/// The flags an opcode sets, without those that change nothing.
struct Request {
    role: [Option<bool>; 3],
    master_capable: Option<bool>,
    vm_capable: Option<bool>,
}

pub(super) fn set_params(state: &mut State, op: &Op, messages: &mut Vec<String>) -> Result<Begun, OpError> {
    let index = find::node(state, op.text("node_name").unwrap_or_default())?;
    let mut request = read(op)?;
    let Some(node) = state.nodes.get(index).cloned() else { return Ok(Begun::done("[]")) };
    check(state, op, &node, &request)?;
    let old: Role = [node.master_candidate, node.drained, node.offline];
    for ((flag, current), name) in request.role.iter_mut().zip(old).zip(ROLES) {
        if *flag == Some(false) && !current {
            messages.push(info(format_args!("Ignoring request to unset flag {name}, already unset")));
            *flag = None;
        }
    }
    let returns = request.role[1] == Some(false)
        || request.role[2] == Some(false)
        || (request.master_capable == Some(true) && !node.master_capable);
    if returns && lacks_candidates(state, &node.uuid, 1) {
        request.role[0] = Some(true);
        messages.push(info("Auto-promoting node to master candidate"));
    }
    if request.master_capable == Some(false) && node.master_candidate {
        if node.master {
            return Err(OpError::prereq("Master must remain master capable", ecode::STATE));
        }
        messages.push(info("Demoting from master candidate"));
        request.role[0] = Some(false);
    }
    let new = new_role(old, request.role);
    if node.offline && new != old {
        messages.push(warning(
            "Transitioning node from offline to online state without using re-add. Please make sure the node is \
             healthy!",
        ));
    }
    if op.flag("dry_run") {
        return Ok(Begun::done("[]"));
    }
    Ok(Begun::done(apply(state, op, index, &request, old, new)))
}

fn read(op: &Op) -> Result<Request, OpError> {
    let given = |name: &str| op.value(name).and_then(serde_json::Value::as_bool);
    let flags = ["offline", "master_candidate", "drained", "master_capable", "vm_capable"];
    let others = ["secondary_ip", "ndparams", "hv_state", "disk_state"];
    if flags.iter().all(|name| given(name).is_none()) && others.iter().all(|name| op.value(name).is_none()) {
        return Err(OpError::prereq("Please pass at least one modification", ecode::INVAL));
    }
    if flags.iter().filter(|name| given(name) == Some(true)).count() > 1 {
        let text = "Can't set the node into more than one state at the same time";
        return Err(OpError::prereq(text, ecode::INVAL));
    }
    Ok(Request {
        role: ROLES.map(given),
        master_capable: given("master_capable"),
        vm_capable: given("vm_capable"),
    })
}

fn check(state: &State, op: &Op, node: &Node, request: &Request) -> Result<(), OpError> {
    let refused = |text: String| Err(OpError::prereq(text, ecode::STATE));
    let name = &node.name;
    if node.master && request.role.iter().any(Option::is_some) {
        let text = "The master role can be changed only via master-failover";
        return Err(OpError::prereq(text, ecode::INVAL));
    }
    if request.role[0] == Some(true) && !node.master_capable {
        return refused(format!("Node {name} is not master capable, cannot make it a master candidate"));
    }
    if request.vm_capable == Some(false) && state.instances.iter().any(|instance| on(instance, state, node)) {
        return refused(format!("Node {name} hosts instances, cannot unset the vm_capable flag"));
    }
    let demotes = request.role[0] == Some(false)
        || request.role[1..].contains(&Some(true))
        || request.master_capable == Some(false);
    if node.master_candidate && demotes && !op.flag("auto_promote") && lacks_candidates(state, &node.uuid, 0)
    {
        let text = "Not enough master candidates, please pass auto promote option to allow promotion \
                    (--auto-promote or RAPI auto_promote=True)";
        return refused(text.to_owned());
    }
    if op.value("powered").is_some() {
        let text = format!(
            "Unable to change powered state for node {name} as it does not support out-of-band handling"
        );
        return refused(text);
    }
    Ok(())
}

fn on(instance: &crate::state::Instance, state: &State, node: &Node) -> bool {
    let is = |index: usize| state.nodes.get(index).is_some_and(|other| other.uuid == node.uuid);
    is(instance.pnode) || instance.snodes.iter().any(|index| is(*index))
}

/// Whether there are fewer candidates among the other nodes than there should be; `own` counts the node
/// itself among those that could be one.
fn lacks_candidates(state: &State, uuid: &str, own: usize) -> bool {
    let others = || state.nodes.iter().filter(|node| node.uuid != uuid);
    let possible = others().filter(|node| node.master_capable && !node.offline && !node.drained).count();
    let present = others().filter(|node| node.master_candidate).count();
    present < (possible + own).min(POOL)
}

/// How many master candidates Ganeti keeps (`MASTER_POOL_SIZE_DEFAULT`).
const POOL: usize = 10;

fn new_role(old: Role, wanted: [Option<bool>; 3]) -> Role {
    match wanted {
        [Some(true), ..] => [true, false, false],
        [_, Some(true), _] => [false, true, false],
        [_, _, Some(true)] => [false, false, true],
        _ if wanted.contains(&Some(false)) => [false; 3],
        _ => old,
    }
}

/// Makes the changes; what changed, as Ganeti lists it: the values are texts.
fn apply(state: &mut State, op: &Op, index: usize, request: &Request, old: Role, new: Role) -> String {
    let now = state.now();
    let Some(node) = state.nodes.get_mut(index).map(Arc::make_mut) else { return "[]".to_owned() };
    let python = |flag: bool| if flag { "True" } else { "False" };
    let mut changes = Vec::new();
    let mut touched = false;
    if let Some(params) = op.dict("ndparams") {
        let before = node.ndparams.clone();
        modify::merge(&mut node.ndparams, params);
        touched |= before != node.ndparams;
    }
    let capable = [
        ("master_capable", request.master_capable, &mut node.master_capable),
        ("vm_capable", request.vm_capable, &mut node.vm_capable),
    ];
    for (name, wanted, place) in capable {
        let Some(wanted) = wanted else { continue };
        touched |= std::mem::replace(place, wanted) != wanted;
        changes.push((name, python(wanted)));
    }
    // Each part is an update of its own.
    if touched {
        node.touch(now);
    }
    if new != old {
        let differing = ROLES.iter().zip(old).zip(new).filter(|((_, old), new)| old != new);
        changes.extend(differing.map(|((name, _), new)| (*name, python(new))));
        [node.master_candidate, node.drained, node.offline] = new;
        node.touch(now);
    }
    crate::json::shown(&changes)
}
