//! What is asked of Ganeti about instances: as little as decisions need, since it is asked for all of them at once.

use cyclades_domain::vm::Boot;
use ganeti_rapi::{Cells, QueryRow, StrList, Text};
use serde::de::{Error, SeqAccess};

/// An instance's configuration. Ganeti answers it from memory, without asking a node.
#[derive(Debug)]
pub(crate) struct InstanceRow<'a> {
    pub(crate) lean: LeanRow<'a>,
    pub(crate) tags: StrList<'a>,
    /// What it boots from.
    pub(crate) boot: Boot,
}

impl<'de> QueryRow<'de> for InstanceRow<'de> {
    const FIELDS: &'static [&'static str] = &[
        "name",
        "uuid",
        "serial_no",
        "pnode",
        "be/maxmem",
        "be/vcpus",
        "disk.size/0",
        "tags",
        "hv/boot_order",
        "hv/cdrom_image_path",
        "hv/kernel_path",
    ];

    fn from_cells<A: SeqAccess<'de>>(cells: &mut Cells<A>) -> Result<Self, A::Error> {
        let lean = LeanRow::from_cells(cells)?;
        let tags = cells.optional()?.unwrap_or_default();
        let mut text = || cells.optional::<Text<'de>>();
        let (order, medium, kernel) = (text()?, text()?, text()?);
        Ok(Self { lean, tags, boot: Boot::read(order.as_deref(), medium.as_deref(), kernel.as_deref()) })
    }
}

/// The same without tags and what it boots from, which are more than half of it: a change of these shows in the serial
/// number, and then they are asked for.
#[derive(Debug)]
pub(crate) struct LeanRow<'a> {
    pub(crate) name: Text<'a>,
    pub(crate) uuid: Text<'a>,
    pub(crate) serial_no: u64,
    pub(crate) node: Text<'a>,
    pub(crate) memory_mib: u64,
    pub(crate) vcpus: u64,
    /// Size of the first disk in MiB; 0 where there is none.
    pub(crate) disk_mib: u64,
}

impl<'de> QueryRow<'de> for LeanRow<'de> {
    const FIELDS: &'static [&'static str] =
        &["name", "uuid", "serial_no", "pnode", "be/maxmem", "be/vcpus", "disk.size/0"];

    fn from_cells<A: SeqAccess<'de>>(cells: &mut Cells<A>) -> Result<Self, A::Error> {
        Ok(Self {
            name: cells.required()?,
            uuid: cells.required()?,
            serial_no: cells.required()?,
            node: cells.optional()?.unwrap_or_default(),
            memory_mib: cells.required()?,
            vcpus: cells.required()?,
            disk_mib: cells.optional()?.unwrap_or(0),
        })
    }
}

/// An instance's live status, for which Ganeti asks its node.
#[derive(Debug)]
pub(crate) struct StatusRow<'a> {
    pub(crate) name: Text<'a>,
    pub(crate) status: Text<'a>,
}

impl<'de> QueryRow<'de> for StatusRow<'de> {
    const FIELDS: &'static [&'static str] = &["name", "status"];

    fn from_cells<A: SeqAccess<'de>>(cells: &mut Cells<A>) -> Result<Self, A::Error> {
        Ok(Self { name: cells.required()?, status: cells.required()? })
    }
}

/// Both at once, for the few instances a job has just touched.
#[derive(Debug)]
pub(crate) struct RefreshRow<'a> {
    pub(crate) instance: InstanceRow<'a>,
    pub(crate) status: Text<'a>,
}

impl<'de> QueryRow<'de> for RefreshRow<'de> {
    const FIELDS: &'static [&'static str] = &[
        "name",
        "uuid",
        "serial_no",
        "pnode",
        "be/maxmem",
        "be/vcpus",
        "disk.size/0",
        "tags",
        "hv/boot_order",
        "hv/cdrom_image_path",
        "hv/kernel_path",
        "status",
    ];

    fn from_cells<A: SeqAccess<'de>>(cells: &mut Cells<A>) -> Result<Self, A::Error> {
        let instance = InstanceRow::from_cells(cells)?;
        let status = cells.required::<Text<'de>>().map_err(A::Error::custom)?;
        Ok(Self { instance, status })
    }
}
