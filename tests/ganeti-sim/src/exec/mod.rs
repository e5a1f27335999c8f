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
    Create { uuid: String, start: bool, result: Box<str> },
    /// The guest has stopped.
    Stop { uuid: String },
    /// Disks are active: start the guest.
    Start { uuid: String, remember: bool },
    /// Reboot; with its disks if `full`.
    Reboot { uuid: String, full: bool },
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

/// Does the prechecks and the first changes of an opcode. `messages` go to the job's log.
pub(crate) fn begin(
    state: &mut State,
    op: &Op,
    job: u64,
    messages: &mut Vec<String>,
) -> Result<Begun, OpError> {
    match op.kind() {
        Kind::InstanceCreate => create::begin(state, op, messages),
        Kind::InstanceRemove => remove::begin(state, op),
        Kind::InstanceStartup => power::startup(state, op),
        Kind::InstanceShutdown => power::shutdown(state, op),
        Kind::InstanceReboot => power::reboot(state, op, messages),
        Kind::InstanceMigrate | Kind::InstanceFailover => power::relocate(state, op),
        Kind::InstanceSetParams => modify::begin(state, op, messages),
        Kind::InstanceRename => rename::begin(state, op),
        Kind::InstanceReinstall => rename::reinstall(state, op, messages),
        Kind::InstanceGrowDisk => disks::grow(state, op),
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
        Kind::NodeSetParams => nodes::set_params(state, op),
        Kind::GroupAdd => groups::add(state, op),
        Kind::GroupRemove => groups::remove(state, op),
        Kind::GroupRename => groups::rename(state, op),
        Kind::GroupSetParams => groups::set_params(state, op),
        Kind::GroupAssignNodes => groups::assign_nodes(state, op),
        Kind::ClusterSetParams => groups::cluster_set_params(state, op),
        Kind::ClusterRedistConf => Ok(Begun::done(NULL)),
        Kind::OsDiagnose => Ok(Begun::done(os::diagnose(state, job))),
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
        Pending::Remove { uuid } => remove::finish(state, &uuid),
    }
}
