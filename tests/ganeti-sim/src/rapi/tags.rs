//! Tags.

use serde_json::Value;

use super::submit::Submission;
use super::{Answer, Call, HttpError, Reply, TagTarget};
use crate::json;
use crate::opcode::{Kind, OpError, ecode};

pub(super) fn get(call: &Call<'_>, target: TagTarget<'_>) -> Answer {
    let state = call.shared.state();
    let tags = match target {
        TagTarget::Cluster => Some(state.cluster.tags.clone()),
        TagTarget::Instance(name) => {
            let slot = state.instances.find(name);
            slot.and_then(|slot| state.instances.get(slot)).map(|instance| instance.tags.clone())
        }
        TagTarget::Node(name) => state
            .nodes
            .iter()
            .find(|node| node.name == name || node.uuid == name)
            .map(|node| node.tags.clone()),
        TagTarget::Group(name) => state
            .groups
            .iter()
            .find(|group| group.name == name || group.uuid == name)
            .map(|group| group.tags.clone()),
        TagTarget::Network(name) => state.networks.get(name).map(|network| network.tags.clone()),
    };
    let tags = tags.ok_or_else(|| not_found(target))?;
    Ok(Reply::json(json::bytes_of(&tags)))
}

/// Unlike a plain read, this one answers 500 for what does not exist.
fn not_found(target: TagTarget<'_>) -> HttpError {
    let (kind, name) = match target {
        TagTarget::Cluster => ("Cluster", ""),
        TagTarget::Instance(name) => ("Instance", name),
        TagTarget::Node(name) => ("Node", name),
        TagTarget::Group(name) => ("NodeGroup", name),
        TagTarget::Network(name) => ("Network", name),
    };
    HttpError::internal(&OpError::prereq(format!("{kind} name {name} not found"), ecode::NOENT))
}

pub(super) fn change(mut call: Call<'_>, target: TagTarget<'_>) -> Answer {
    let (kind, name, resource) = match target {
        TagTarget::Cluster => ("cluster", None, "tags"),
        TagTarget::Instance(name) => ("instance", Some(name), "instances_name_tags"),
        TagTarget::Node(name) => ("node", Some(name), "nodes_name_tags"),
        TagTarget::Group(name) => ("nodegroup", Some(name), "groups_name_tags"),
        TagTarget::Network(name) => ("network", Some(name), "networks_name_tags"),
    };
    let opcode = if call.request.method == "PUT" { Kind::TagsSet } else { Kind::TagsDel };
    let tags: Vec<Value> = call.request.args.all("tag").map(Value::from).collect();
    let dry_run = call.dry_run()?;
    let body = call.only_depends();
    let submission = Submission::new(opcode, resource, body)
        .fix("kind", kind)
        .fix("name", name)
        .fix("tags", tags)
        .fix("dry_run", dry_run);
    call.submit(submission)
}
