//! An instance as last read.

use std::{rc::Rc, sync::Arc};

use cyclades_crds::names;
use cyclades_domain::{
    naming::Owner,
    power::Power,
    vm::{Boot, Disk, Extras},
};

use crate::world::rows::{InstanceRow, LeanRow};

/// An instance as last read.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) uuid: Arc<str>,
    pub(super) serial: u64,
    pub(super) node: Arc<str>,
    pub(super) owner: Owner,
    pub(super) vcpus: u32,
    pub(super) memory_mib: u64,
    pub(super) disk_mib: u64,
    /// The words of its owner as Ganeti's tags, sorted; `None` for none.
    pub(super) user_tags: Option<Rc<[Box<str>]>>,
    pub(super) boot: Boot,
    /// Hypervisor parameters and disks beside the first; `None` for none.
    pub(super) extras: Option<Arc<Extras>>,
    /// Its hypervisor can plug disks into a running guest.
    pub(super) can_plug: bool,
    /// `None` until a live status has been read.
    pub(super) power: Option<Power>,
    /// A sample that needs a second one to be believed.
    pub(super) doubt: Option<Power>,
    /// Snapshot that showed it last.
    pub(super) mark: u32,
    /// Snapshots in a row that did not show it.
    pub(super) missing: u8,
}

impl Record {
    /// Whether a row tells nothing new. Migration and failover leave the serial number as it is, so the node is
    /// compared as well.
    pub(super) fn is(&self, row: &LeanRow<'_>) -> bool {
        self.serial == row.serial_no
            && *self.uuid == *row.uuid
            && *self.node == *row.node
            && self.memory_mib == row.memory_mib
            && self.disk_mib == row.disk_mib()
            && self.extras.as_ref().map_or(0, |extras| extras.disk_mib()) == row.rest_mib()
            && u64::from(self.vcpus) == row.vcpus
    }
}

/// The words of an instance's owner among its tags.
pub(super) fn user_tags(row: &InstanceRow<'_>) -> Option<Rc<[Box<str>]>> {
    let mut tags: Vec<Box<str>> = row
        .tags
        .iter()
        .filter(|tag| tag.starts_with(names::TAG_USER))
        .map(|tag| Box::from(tag.as_ref()))
        .collect();
    tags.sort();
    (!tags.is_empty()).then(|| tags.into())
}

/// What an instance has beside its shape. Of parameters, only those matter that a machine may declare: not of instances
/// that are another's.
pub(super) fn extras(row: &InstanceRow<'_>, owner: Owner) -> Option<Arc<Extras>> {
    let parameters = row.parameters.iter().filter(|_| owner != Owner::Another);
    let disks = row.lean.disks.rest.iter().enumerate().map(|(at, size)| {
        let name = row.disk_names.rest.get(at).cloned().flatten();
        // A disk without a name is shown by its index, which is no name that a machine can declare.
        let name = name.unwrap_or_else(|| format!("disk/{}", at + 1).into());
        Disk { name, size_mib: size.unwrap_or(0) }
    });
    let extras = Extras {
        parameters: parameters.map(|(name, value)| (name.clone(), value.0.clone())).collect(),
        disks: disks.collect(),
    };
    (!extras.is_empty()).then(|| Arc::new(extras))
}
