//! Fields of instances for which Ganeti asks the nodes.

use super::cell::{Cell, Missing};
use super::field::{Field, Type};
use super::instance::InstanceField;
use crate::state::{AdminState, Instance, Live, Node, StateSource, World};

/// What asking the primary node comes to.
enum Asked<'a> {
    /// It is marked offline.
    Offline,
    /// It did not answer.
    Failed,
    /// This is known.
    Found(&'a Live),
}

fn ask<'a>(world: &World, instance: &'a Instance) -> Asked<'a> {
    // An instance that runs elsewhere is found there, whatever its primary node says.
    if let Live::Running { node, .. } = &instance.live
        && *node != instance.pnode
        && world.nodes.get(*node).is_some_and(|node| node.answers())
    {
        return Asked::Found(&instance.live);
    }
    match world.nodes.get(instance.pnode).map(AsRef::as_ref) {
        Some(Node { offline: true, .. }) | None => Asked::Offline,
        Some(Node { unreachable: true, .. }) => Asked::Failed,
        Some(_) => Asked::Found(&instance.live),
    }
}

/// Configured and running state in one word.
pub(crate) fn status_of(world: &World, instance: &Instance) -> &'static str {
    if world.nodes.get(instance.pnode).is_some_and(|node| node.offline) {
        return "ERROR_nodeoffline";
    }
    let up = instance.admin_state == AdminState::Up;
    match ask(world, instance) {
        Asked::Offline => "ERROR_nodeoffline",
        Asked::Failed => "ERROR_nodedown",
        Asked::Found(Live::Running { node, .. }) if *node != instance.pnode => "ERROR_wrongnode",
        Asked::Found(Live::Running { .. }) => {
            if up {
                "running"
            } else {
                "ERROR_up"
            }
        }
        Asked::Found(Live::ShutDown { .. }) => match (up, may_stay_down(world, instance)) {
            (true, true) => "USER_down",
            (true, false) => "ERROR_down",
            (false, _) => "ADMIN_down",
        },
        Asked::Found(Live::Absent) => match instance.admin_state {
            AdminState::Up => "ERROR_down",
            AdminState::Offline => "ADMIN_offline",
            AdminState::Down => {
                let by_user = instance.admin_state_source == StateSource::User;
                if by_user && world.cluster.user_shutdown { "USER_down" } else { "ADMIN_down" }
            }
        },
    }
}

/// Whether a guest of this instance may shut itself down for good.
fn may_stay_down(world: &World, instance: &Instance) -> bool {
    let allowed =
        instance.hvparams.get("user_shutdown").and_then(serde_json::Value::as_bool).unwrap_or(false);
    world.cluster.user_shutdown && (&*instance.hypervisor != "kvm" || allowed)
}

/// A number that the node tells of a guest it knows.
fn live_number<'a>(world: &World, instance: &Instance, get: impl Fn(u64, u64) -> u64) -> Cell<'a> {
    match ask(world, instance) {
        Asked::Offline => Cell::Missing(Missing::Offline),
        Asked::Failed => Cell::Missing(Missing::NoData),
        Asked::Found(Live::Absent) => Cell::Missing(Missing::Unavailable),
        Asked::Found(Live::Running { memory_mib, vcpus, .. } | Live::ShutDown { memory_mib, vcpus }) => {
            Cell::count(get(*memory_mib, *vcpus))
        }
    }
}

pub(super) fn fields() -> Vec<InstanceField> {
    vec![
        Field::new("status", "Status", Type::Text, STATUS_DOC, |world: &World, instance: &Instance, _| {
            Cell::Text(status_of(world, instance))
        })
        .live(),
        Field::new(
            "oper_state",
            "Running",
            Type::Bool,
            "Actual state of instance",
            |world: &World, instance: &Instance, _| match ask(world, instance) {
                Asked::Found(live) => Cell::Bool(*live != Live::Absent),
                Asked::Offline | Asked::Failed => Cell::Missing(Missing::NoData),
            },
        )
        .live(),
        Field::new(
            "oper_ram",
            "Memory",
            Type::Unit,
            "Actual memory usage as seen by hypervisor",
            |world: &World, instance: &Instance, _| live_number(world, instance, |memory, _| memory),
        )
        .live(),
        Field::new(
            "oper_vcpus",
            "VCPUs",
            Type::Number,
            "Actual number of VCPUs as seen by hypervisor",
            |world: &World, instance: &Instance, _| live_number(world, instance, |_, vcpus| vcpus),
        )
        .live(),
        Field::new("console", "Console", Type::Other, "Instance console information", console).live(),
    ]
}

/// How to reach the console: a serial one by ssh under kvm, only a message under fake.
fn console<'a>(world: &'a World, instance: &'a Instance, _: super::field::Part) -> Cell<'a> {
    let node = world.nodes.get(instance.pnode);
    let Some(node) = node.filter(|node| node.answers()) else { return Cell::Missing(Missing::Offline) };
    if !instance.is_running() {
        return Cell::Missing(Missing::NoData);
    }
    let name = &*instance.name;
    Cell::Value(if &*instance.hypervisor == "kvm" {
        serde_json::json!({
            "instance": name, "kind": "ssh", "host": node.name, "port": 22, "user": "root",
            "command": ["/usr/lib/ganeti/tools/kvm-console-wrapper", name],
        })
    } else {
        let message = "Console not available for fake hypervisor";
        serde_json::json!({"instance": name, "kind": "msg", "message": message})
    })
}

const STATUS_DOC: &str = "Instance status; \"running\" if instance is set to be running and actually is, \
    \"ADMIN_down\" if instance is stopped and is not running, \"ERROR_wrongnode\" if instance running, but not on \
    its designated primary node, \"ERROR_up\" if instance should be stopped, but is actually running, \
    \"ERROR_down\" if instance should run, but doesn't, \"ERROR_nodedown\" if instance's primary node is down, \
    \"ERROR_nodeoffline\" if instance's primary node is marked offline, \"ADMIN_offline\" if instance is offline \
    and does not use dynamic resources";
