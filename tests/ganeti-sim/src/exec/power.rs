//! Starting, stopping, rebooting and moving instances.

use std::time::Duration;

use super::{Begun, NULL, Pending, capacity, find, info, nics, warning};
use crate::latency::Cost;
use crate::opcode::{Kind, Op, OpError, ecode};
use crate::state::{AdminState, Instance, Live, State, StateSource};

/// How long a guest of a real hypervisor takes to shut down when asked, seconds: Ganeti looks every 5 s.
const GUEST_SHUTDOWN: f64 = 5.0;

/// Refuses instances that are marked offline.
fn check_online_instance(instance: &Instance) -> Result<(), OpError> {
    if instance.admin_state == AdminState::Offline {
        let text = format!(
            "Instance '{}' is marked to be offline, can't use instance from outside down, up states",
            instance.name
        );
        return Err(OpError::prereq(text, ecode::STATE));
    }
    Ok(())
}

pub(super) fn startup(state: &mut State, op: &Op) -> Result<Begun, OpError> {
    let (_, instance) = find::instance(state, op)?;
    check_online_instance(&instance)?;
    find::check_online(state, instance.pnode)?;
    nics::check_bridges(state, &instance.nics, instance.pnode, "destination node")?;
    find::check_reachable(state, instance.pnode, "Error checking node")?;
    if instance.live == Live::Absent {
        let needed = instance.beparams.fill(&state.cluster.be).minmem;
        let reason = format!("starting instance {}", instance.name);
        capacity::check_free_memory(state, instance.pnode, &reason, needed)?;
    }
    if op.flag("dry_run") {
        return Ok(Begun::done(NULL));
    }
    let remember = !op.flag("no_remember");
    let uuid = instance.uuid.clone();
    Ok(Begun::common(Pending::Start { uuid, remember }))
}

pub(super) fn started(state: &mut State, uuid: &str, remember: bool) -> Result<Box<str>, OpError> {
    let (slot, instance) = find::again(state, uuid)?;
    let memory = startup_memory(state, &instance);
    drop(instance);
    let now = state.now();
    state.edit(slot, |instance| {
        if remember {
            instance.mark(Some(AdminState::Up), Some(true), Some(StateSource::Admin), now);
        }
        instance.mark(None, Some(true), None, now);
        if !instance.is_running() {
            instance.run(memory);
        }
    });
    Ok(NULL.into())
}

/// Memory and processors a guest starts with: as much of its maximum as is free, but its minimum at least.
pub(super) fn startup_memory(state: &State, instance: &Instance) -> (u64, u64) {
    let be = instance.beparams.fill(&state.cluster.be);
    let free = state.nodes.get(instance.pnode).map_or(0, |node| node.free_mib());
    (be.maxmem.min(free).max(be.minmem), be.vcpus)
}

pub(super) fn shutdown(state: &mut State, op: &Op, messages: &mut Vec<String>) -> Result<Begun, OpError> {
    let (slot, instance) = find::instance(state, op)?;
    if op.flag("force") {
        messages.push(warning("Ignoring offline instance check"));
    } else {
        check_online_instance(&instance)?;
    }
    find::check_online(state, instance.pnode)?;
    let by_user = op.text("admin_state_source") == Some("user");
    if by_user && !matches!(instance.live, Live::ShutDown { .. }) {
        let text = format!("Instance '{}' was not shutdown by the user", instance.name);
        return Err(OpError::of("OpPrereqError", text));
    }
    if op.flag("dry_run") {
        return Ok(Begun::done(NULL));
    }
    let timeout = op.number("timeout").unwrap_or(120);
    let wait = guest_shutdown(state, &instance, timeout);
    let uuid = instance.uuid.clone();
    let online = instance.admin_state != AdminState::Offline;
    let reachable = find::check_reachable(state, instance.pnode, "Could not shutdown instance on");
    drop(instance);
    let now = state.now();
    // Marked down first, whatever comes of the rest.
    if !op.flag("no_remember") && online {
        let source = if by_user { StateSource::User } else { StateSource::Admin };
        state.edit(slot, |instance| instance.mark(Some(AdminState::Down), None, Some(source), now));
    }
    reachable.map_err(|error| OpError::exec(error.message))?;
    Ok(Begun { pending: Pending::Stop { uuid }, cost: Cost::Common, wait })
}

/// How long Ganeti waits for a guest: the fake hypervisor's stop at once.
fn guest_shutdown(state: &State, instance: &Instance, timeout_s: u64) -> Duration {
    if !instance.is_running() || &*instance.hypervisor == "fake" {
        return Duration::ZERO;
    }
    #[allow(clippy::cast_precision_loss)]
    state.latency.scaled(GUEST_SHUTDOWN.min(timeout_s as f64))
}

pub(super) fn stopped(state: &mut State, uuid: &str) -> Result<Box<str>, OpError> {
    let (slot, _) = find::again(state, uuid)?;
    let now = state.now();
    state.edit(slot, |instance| {
        instance.live = Live::Absent;
        instance.mark(None, Some(false), None, now);
    });
    Ok(NULL.into())
}

pub(super) fn reboot(state: &mut State, op: &Op, messages: &mut Vec<String>) -> Result<Begun, OpError> {
    let (_, instance) = find::instance(state, op)?;
    check_online_instance(&instance)?;
    find::check_online(state, instance.pnode)?;
    nics::check_bridges(state, &instance.nics, instance.pnode, "destination node")?;
    find::check_reachable(state, instance.pnode, "Error checking node")
        .map_err(|error| OpError::exec(error.message))?;
    if op.flag("dry_run") {
        return Ok(Begun::done(NULL));
    }
    if !instance.is_running() {
        messages.push(info(format_args!("Instance {} was already stopped, starting now", instance.name)));
    }
    let kind = op.text("reboot_type");
    let timeout = op.number("shutdown_timeout").unwrap_or(120);
    let wait = if kind == Some("soft") { Duration::ZERO } else { guest_shutdown(state, &instance, timeout) };
    let pending = Pending::Reboot { uuid: instance.uuid.clone(), full: kind == Some("full") };
    Ok(Begun { pending, cost: Cost::Common, wait })
}

pub(super) fn rebooted(state: &mut State, uuid: &str, full: bool) -> Result<Box<str>, OpError> {
    let (slot, instance) = find::again(state, uuid)?;
    let memory = startup_memory(state, &instance);
    drop(instance);
    let now = state.now();
    state.edit(slot, |instance| {
        if full && instance.is_running() {
            instance.mark(None, Some(false), None, now);
        }
        instance.mark(None, Some(true), None, now);
        instance.run(memory);
        instance.mark(Some(AdminState::Up), Some(true), Some(StateSource::Admin), now);
    });
    Ok(NULL.into())
}

/// Migrate and failover. Neither counts as a change of the instance.
pub(super) fn relocate(state: &mut State, op: &Op) -> Result<Begun, OpError> {
    let (slot, instance) = find::instance(state, op)?;
    let migrate = op.kind() == Kind::InstanceMigrate;
    op.text("target_node").map(|name| find::node(state, name)).transpose()?;
    let template = instance.disk_template.as_str();
    if !matches!(template, "blockdev" | "diskless" | "drbd" | "ext" | "gluster" | "rbd" | "sharedfile") {
        let what = if migrate { "allow migrations" } else { "allow failovers" };
        let text = format!("Instance's disk layout '{template}' does not {what}");
        return Err(OpError::prereq(text, ecode::STATE));
    }
    if migrate && !instance.is_running() && !op.flag("allow_failover") {
        let text = format!("Instance {} is not running", instance.name);
        return Err(OpError::prereq(text, ecode::STATE));
    }
    let target = target_node(state, op, &instance)?;
    find::check_online(state, target)?;
    drop(instance);
    if !op.flag("dry_run") {
        state.edit(slot, |instance| {
            if let Some(place) = instance.snodes.first_mut() {
                *place = instance.pnode;
            }
            instance.pnode = target;
            if let Live::Running { node, .. } = &mut instance.live {
                *node = target;
            }
        });
    }
    Ok(Begun::done(NULL))
}

fn target_node(state: &State, op: &Op, instance: &Instance) -> Result<usize, OpError> {
    if let Some(secondary) = instance.snodes.first() {
        return Ok(*secondary);
    }
    if let Some(name) = op.text("target_node") {
        return find::node(state, name);
    }
    let others =
        state.nodes.iter().enumerate().filter(|(index, node)| *index != instance.pnode && node.is_usable());
    let best = others.max_by_key(|(_, node)| node.allocatable_mib());
    best.map(|(index, _)| index).ok_or_else(|| {
        let text = format!(
            "Can't compute nodes using iallocator '{}': Request failed: Can't find any good node: ",
            state.cluster.iallocator
        );
        OpError::prereq(text, ecode::NORES)
    })
}
