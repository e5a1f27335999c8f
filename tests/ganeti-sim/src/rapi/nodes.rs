//! Nodes.

use std::sync::Arc;

use serde_json::Value;

use super::instances::{refuse_locking, uri_list};
use super::submit::Submission;
use super::{Answer, Call, HttpError, Reply};
use crate::json;
use crate::opcode::Kind;
use crate::query::{NodeView, Selection, node_fields};
use crate::state::Node;

/// `N_FIELDS`.
const FIELDS: &[&str] = &[
    "name",
    "offline",
    "master_candidate",
    "drained",
    "dtotal",
    "dfree",
    "sptotal",
    "spfree",
    "mtotal",
    "mnode",
    "mfree",
    "pinst_cnt",
    "sinst_cnt",
    "ctotal",
    "cnos",
    "cnodes",
    "csockets",
    "pip",
    "sip",
    "role",
    "pinst_list",
    "sinst_list",
    "master_capable",
    "vm_capable",
    "ndparams",
    "group.uuid",
    "ctime",
    "mtime",
    "uuid",
    "serial_no",
    "tags",
];

fn names() -> Vec<String> {
    FIELDS.iter().map(|name| (*name).to_owned()).collect()
}

/// The world with all instances by node.
pub(super) fn view(call: &Call<'_>) -> NodeView {
    let state = call.shared.state();
    NodeView::new(state.world(), state.instances.iter())
}

/// The node with a name, a uuid or a dotted prefix.
pub(super) fn find(view: &NodeView, name: &str) -> Option<Arc<Node>> {
    let nodes = &view.world.nodes;
    let exact = nodes.iter().find(|node| node.uuid == name || node.name == name);
    exact
        .or_else(|| {
            let mut matching = nodes.iter().filter(|node| crate::names::is_component(&node.name, name));
            let first = matching.next()?;
            matching.next().is_none().then_some(first)
        })
        .cloned()
}

pub(super) fn list(call: &Call<'_>) -> Answer {
    let bulk = call.request.args.flag("bulk")?;
    let view = view(call);
    let nodes = call.request.rows.shape(view.world.nodes.clone());
    let mut out = Vec::new();
    if bulk {
        let names = names();
        let selection = Selection::new(node_fields(), &names);
        json::list(&mut out, &nodes, |out, node| selection.write_object(&view, node, out));
    } else {
        let mut names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
        names.sort_unstable();
        uri_list(&mut out, "id", "nodes", &names);
    }
    Ok(Reply::json(out))
}

pub(super) fn get(call: &Call<'_>, name: &str) -> Answer {
    refuse_locking(call)?;
    let view = view(call);
    let node = find(&view, name).ok_or_else(|| HttpError::of(404))?;
    let names = names();
    let mut out = Vec::new();
    Selection::new(node_fields(), &names).write_object(&view, &node, &mut out);
    Ok(Reply::json(out))
}

pub(super) fn role(call: &Call<'_>, name: &str) -> Answer {
    refuse_locking(call)?;
    let node = find(&view(call), name).ok_or_else(HttpError::out_of_range)?;
    let role = match node.role() {
        "M" => "master",
        "C" => "master-candidate",
        "D" => "drained",
        "O" => "offline",
        _ => "regular",
    };
    Ok(Reply::json(json::bytes_of(role)))
}

pub(super) fn set_role(call: Call<'_>, name: &str) -> Answer {
    let Some(Value::String(role)) = &call.body else {
        return Err(HttpError::new(400, "Body contents: Type is 'NoneType', but 'str' is expected"));
    };
    let (yes, no, same) = (Value::Bool(true), Value::Bool(false), Value::Null);
    let (candidate, offline, drained) = match role.as_str() {
        "regular" => (no.clone(), no.clone(), no),
        "master-candidate" => (yes, same.clone(), same),
        "drained" => (same.clone(), same, yes),
        "offline" => (same.clone(), yes, same),
        other => return Err(HttpError::new(400, format!("Can't set '{other}' role"))),
    };
    let args = &call.request.args;
    let submission = Submission::new(Kind::NodeSetParams, "nodes_name_role", None)
        .fix("node_name", name)
        .fix("master_candidate", candidate)
        .fix("offline", offline)
        .fix("drained", drained)
        .fix("force", args.flag("force")?)
        .fix("auto_promote", args.flag("auto-promote")?);
    call.submit(submission)
}

pub(super) fn modify(mut call: Call<'_>, name: &str) -> Answer {
    let body = call.body.take();
    call.submit(Submission::new(Kind::NodeSetParams, "nodes_name_modify", body).fix("node_name", name))
}
