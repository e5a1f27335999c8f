//! What opcodes do.
//!
//! Each one has two parts: [`begin`] runs when the job has its lock and does the prechecks and the first
//! changes; [`finish`] runs when the work has taken its time.

mod be;
mod capacity;
mod create;
mod disks;
mod find;
mod groups;
mod lock;
mod modify;
mod modify_disks;
mod modify_nics;
mod networks;
mod nics;
mod nodes;
mod os;
mod power;
mod remove;
mod rename;
mod tags;

use std::time::Duration;

pub(crate) use lock::lock_of;

use crate::latency::Cost;
use crate::opcode::{Kind, Op, OpError};
use crate::state::State;

/// What is left to do after [`begin`]. Instances are named by uuid: one may be gone by then.
#[derive(Debug)]
pub(crate) enum Pending {
    /// Nothing; the result, in JSON.
    Done(Box<str>),
    /// Start a new instance; the result.
    Create { uuid: String, start: create::Start, result: Box<str> },
    /// The guest has stopped.
    Stop { uuid: String },
    /// Disks are active: start the guest.
    Start { uuid: String, remember: bool },
    /// Reboot; with its disks if `full`.
    Reboot { uuid: String, full: bool },
    /// Run the scripts of its new OS.
    Reinstall { uuid: String },
    /// Take it out of the configuration.
    Remove { uuid: String },
}

/// The first part of an opcode's work.
#[derive(Debug)]
pub(crate) struct Begun {
    pub pending: Pending,
    pub cost: Cost,
    /// What has to be waited for besides, such as a guest.
    pub wait: Duration,
}

impl Begun {
    fn common(pending: Pending) -> Self {
        Self { pending, cost: Cost::Common, wait: Duration::ZERO }
    }

    /// All is done; this is the result.
    fn done(result: impl Into<Box<str>>) -> Self {
        Self::common(Pending::Done(result.into()))
    }
}

/// The result of opcodes that give none.
const NULL: &str = "null";

/// How Ganeti's `LogInfo` shows in a job's log.
fn info(text: impl std::fmt::Display) -> String {
    format!(" - INFO: {text}")
}

/// How Ganeti's `LogWarning` shows in a job's log.
fn warning(text: impl std::fmt::Display) -> String {
    format!(" - WARNING: {text}")
}

/// What Ganeti logs when it has waited for disks.
fn synced(instance: &str) -> [String; 2] {
    [
        info(format_args!("Waiting for instance {instance} to sync disks")),
        info(format_args!("Instance {instance}'s disks are in sync")),
    ]
}

/// A size in MiB with the unit that suits it (`FormatUnit`).
fn unit(mib: u64) -> String {
    #[allow(clippy::cast_precision_loss)]
    let size = mib as f64;
    match mib {
        0..1024 => format!("{mib}M"),
        1024..0x10_0000 => format!("{:.1}G", size / 1024.0),
        _ => format!("{:.1}T", size / 1024.0 / 1024.0),
    }
}

/// Does the prechecks and the first changes of an opcode. `messages` go to the job's log.
pub(crate) fn begin(state: &mut State, op: &Op, messages: &mut Vec<String>) -> Result<Begun, OpError> {
    let begun = dispatch(state, op, messages)?;
    if op.flag("dry_run") {
        messages.push(info("dry-run mode requested, not actually executing the operation"));
    }
    Ok(begun)
}

fn dispatch(state: &mut State, op: &Op, messages: &mut Vec<String>) -> Result<Begun, OpError> {
    match op.kind() {
        Kind::InstanceCreate => create::begin(state, op, messages),
        Kind::InstanceRemove => remove::begin(state, op),
        Kind::InstanceStartup => power::startup(state, op),
        Kind::InstanceShutdown => power::shutdown(state, op, messages),
        Kind::InstanceReboot => power::reboot(state, op, messages),
        Kind::InstanceMigrate | Kind::InstanceFailover => power::relocate(state, op),
        Kind::InstanceSetParams => modify::begin(state, op, messages),
        Kind::InstanceRename => rename::begin(state, op),
        Kind::InstanceReinstall => rename::reinstall(state, op, messages),
        Kind::InstanceGrowDisk => disks::grow(state, op, messages),
        Kind::InstanceActivateDisks => disks::activate(state, op),
        Kind::InstanceDeactivateDisks => disks::deactivate(state, op),
        Kind::InstanceQueryData => disks::query_data(state, op),
        Kind::TagsSet => tags::set(state, op),
        Kind::TagsDel => tags::delete(state, op),
        Kind::NetworkAdd => networks::add(state, op, messages),
        Kind::NetworkRemove => networks::remove(state, op, messages),
        Kind::NetworkSetParams => networks::set_params(state, op, messages),
        Kind::NetworkConnect => networks::connect(state, op, messages),
        Kind::NetworkDisconnect => networks::disconnect(state, op, messages),
        Kind::NodeSetParams => nodes::set_params(state, op, messages),
        Kind::GroupAdd => groups::add(state, op),
        Kind::GroupRemove => groups::remove(state, op),
        Kind::GroupRename => groups::rename(state, op),
        Kind::GroupSetParams => groups::set_params(state, op),
        Kind::GroupAssignNodes => groups::assign_nodes(state, op),
        Kind::ClusterSetParams => groups::cluster_set_params(state, op),
        Kind::ClusterRedistConf => Ok(Begun::done(NULL)),
        Kind::OsDiagnose => Ok(Begun::done(os::diagnose(state))),
    }
}

/// Does the rest; the result, in JSON.
pub(crate) fn finish(
    state: &mut State,
    _op: &Op,
    pending: Pending,
    messages: &mut Vec<String>,
) -> Result<Box<str>, OpError> {
    match pending {
        Pending::Done(result) => Ok(result),
        Pending::Create { uuid, start, result } => create::finish(state, &uuid, start, result, messages),
        Pending::Stop { uuid } => power::stopped(state, &uuid),
        Pending::Start { uuid, remember } => power::started(state, &uuid, remember),
        Pending::Reboot { uuid, full } => power::rebooted(state, &uuid, full),
        Pending::Reinstall { uuid } => rename::reinstalled(state, &uuid),
        Pending::Remove { uuid } => remove::finish(state, &uuid),
    }
}
