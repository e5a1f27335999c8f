//! Ready-made rows.

use serde::de::SeqAccess;

use super::{Cell, Cells, QueryRow, StrList, Text};
use crate::job::{JobId, JobStatus, Timestamp};
use crate::model::{AdminState, InstanceStatus};

/// An instance as configured. Ganeti answers this from memory, without asking any node.
#[derive(Debug, Clone)]
pub struct ConfigRow<'a> {
    /// Its name as stored.
    pub name: Text<'a>,
    /// Its identity: survives a rename, changes with delete and create.
    pub uuid: Text<'a>,
    /// Counts changes of the configuration, but not migrate, failover or rename.
    pub serial_no: u64,
    /// When it was last changed, in seconds since the epoch.
    pub mtime: f64,
    /// The desired state.
    pub admin_state: AdminState,
    /// The primary node's name.
    pub pnode: Text<'a>,
    /// Secondary nodes.
    pub snodes: StrList<'a>,
    /// The OS definition, `name+variant`; empty if none.
    pub os: Text<'a>,
    /// The hypervisor.
    pub hypervisor: Text<'a>,
    /// The disk template.
    pub disk_template: Text<'a>,
    /// Its tags.
    pub tags: StrList<'a>,
    /// Memory at most, MiB.
    pub max_mem_mib: u64,
    /// Memory at least, MiB.
    pub min_mem_mib: u64,
    /// Virtual processors.
    pub vcpus: u64,
}

impl<'de> QueryRow<'de> for ConfigRow<'de> {
    const FIELDS: &'static [&'static str] = &[
        "name",
        "uuid",
        "serial_no",
        "mtime",
        "admin_state",
        "pnode",
        "snodes",
        "os",
        "hypervisor",
        "disk_template",
        "tags",
        "be/maxmem",
        "be/minmem",
        "be/vcpus",
    ];

    fn from_cells<A: SeqAccess<'de>>(cells: &mut Cells<A>) -> Result<Self, A::Error> {
        Ok(Self {
            name: cells.required()?,
            uuid: cells.required()?,
            serial_no: cells.required()?,
            mtime: cells.required()?,
            admin_state: cells.required()?,
            pnode: cells.optional()?.unwrap_or_default(),
            snodes: cells.optional()?.unwrap_or_default(),
            os: cells.optional()?.unwrap_or_default(),
            hypervisor: cells.optional()?.unwrap_or_default(),
            disk_template: cells.optional()?.unwrap_or_default(),
            tags: cells.optional()?.unwrap_or_default(),
            max_mem_mib: cells.required()?,
            min_mem_mib: cells.required()?,
            vcpus: cells.required()?,
        })
    }
}

/// An instance as it runs. Ganeti asks every primary node of the matching instances for this.
#[derive(Debug, Clone)]
pub struct LiveRow<'a> {
    /// Its name.
    pub name: Text<'a>,
    /// Its identity.
    pub uuid: Text<'a>,
    /// Configured and running state in one word.
    pub status: InstanceStatus,
    /// Whether the hypervisor knows it; [`Cell::NoData`] when its node did not answer,
    /// [`Cell::Offline`] when its node is marked offline.
    pub oper_state: Cell<bool>,
}

impl<'de> QueryRow<'de> for LiveRow<'de> {
    const FIELDS: &'static [&'static str] = &["name", "uuid", "status", "oper_state"];

    fn from_cells<A: SeqAccess<'de>>(cells: &mut Cells<A>) -> Result<Self, A::Error> {
        Ok(Self {
            name: cells.required()?,
            uuid: cells.required()?,
            status: cells.required()?,
            oper_state: cells.cell()?,
        })
    }
}

/// A job, as little as following it takes.
#[derive(Debug, Clone)]
pub struct JobRow<'a> {
    /// Its number.
    pub id: JobId,
    /// Its state; `None` for an id the queue does not know.
    pub status: Option<JobStatus>,
    /// One text for each opcode, such as `INSTANCE_CREATE(web1.example.com)`.
    pub summary: StrList<'a>,
    /// When it ended.
    pub ended: Option<Timestamp>,
}

impl<'de> QueryRow<'de> for JobRow<'de> {
    const FIELDS: &'static [&'static str] = &["id", "status", "summary", "end_ts"];

    fn from_cells<A: SeqAccess<'de>>(cells: &mut Cells<A>) -> Result<Self, A::Error> {
        Ok(Self {
            id: cells.required()?,
            status: cells.optional()?,
            summary: cells.optional()?.unwrap_or_default(),
            ended: cells.optional()?,
        })
    }
}

/// A node as configured: cheap, asks no node.
#[derive(Debug, Clone)]
pub struct NodeRow<'a> {
    /// Its name.
    pub name: Text<'a>,
    /// Its identity.
    pub uuid: Text<'a>,
    /// Marked offline.
    pub offline: bool,
    /// Marked drained: takes no new instances.
    pub drained: bool,
    /// May hold instances at all.
    pub vm_capable: bool,
    /// The identity of its group.
    pub group_uuid: Text<'a>,
}

impl<'de> QueryRow<'de> for NodeRow<'de> {
    const FIELDS: &'static [&'static str] =
        &["name", "uuid", "offline", "drained", "vm_capable", "group.uuid"];

    fn from_cells<A: SeqAccess<'de>>(cells: &mut Cells<A>) -> Result<Self, A::Error> {
        Ok(Self {
            name: cells.required()?,
            uuid: cells.required()?,
            offline: cells.required()?,
            drained: cells.required()?,
            vm_capable: cells.required()?,
            group_uuid: cells.required()?,
        })
    }
}
