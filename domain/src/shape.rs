//! Shapes: from a Flavor and a VolumeType to what Ganeti is asked for.

use cyclades_crds::{
    FlavorSpec, VolumeTypeSpec, disk, quantity::NotAQuantity, virtual_machine::Shape,
    volume_type::DiskTemplate,
};

use crate::vm::Disk;

/// Ganeti rounds memory up to a multiple of this many MiB.
pub const MEMORY_STEP_MIB: u64 = 4;

/// The shape of machines of a flavor, as Ganeti will count it.
///
/// # Errors
/// [`NotAQuantity`] where the flavor's memory or disk is no amount.
pub fn resolve(flavor: &FlavorSpec, volume_type: &VolumeTypeSpec) -> Result<Shape, NotAQuantity> {
    let disk_mib = flavor.disk.mebibytes()?;
    let diskless = disk_mib == 0 || volume_type.disk_template == DiskTemplate::Diskless;
    Ok(Shape {
        vcpus: flavor.vcpus,
        memory_mib: flavor.memory.mebibytes()?.next_multiple_of(MEMORY_STEP_MIB),
        disk_mib: if diskless { 0 } else { disk_mib.next_multiple_of(MEMORY_STEP_MIB) },
        disk_template: if diskless { DiskTemplate::Diskless } else { volume_type.disk_template }
            .ganeti_name()
            .to_owned(),
    })
}

/// A disk of a machine's own, as Ganeti will count it.
///
/// # Errors
/// [`NotAQuantity`] where its size is no amount.
pub fn own_disk(disk: &disk::Disk) -> Result<Disk, NotAQuantity> {
    let size_mib = disk.size.mebibytes()?.next_multiple_of(MEMORY_STEP_MIB);
    Ok(Disk { name: disk.name.as_str().into(), size_mib })
}

/// A shape with what a machine's own disks need besides: what is counted on a backend.
#[must_use]
pub fn with_disks(shape: &Shape, disk_mib: u64) -> Shape {
    Shape { disk_mib: shape.disk_mib.saturating_add(disk_mib), ..shape.clone() }
}

/// Why machines of a shape can have no disks of their own; `None` where they can.
#[must_use]
pub fn disks_refusal(flavor: &str, shape: &Shape) -> Option<String> {
    (shape.disk_mib == 0).then(|| {
        format!(
            "Flavor {flavor} has no disk, and Ganeti gives a machine without one no others: name a flavor with a disk, or take spec.disks away."
        )
    })
}

/// Why a machine of shape `from` cannot get shape `to`; `None` where it can.
#[must_use]
pub fn refusal(from: &Shape, to: &Shape) -> Option<String> {
    if to.disk_mib < from.disk_mib {
        return Some(format!(
            "disks never shrink: the machine has {} MiB, the flavor {} MiB",
            from.disk_mib, to.disk_mib
        ));
    }
    (to.disk_template != from.disk_template).then(|| {
        format!(
            "the disk template cannot change: the machine has {}, the flavor {}",
            from.disk_template, to.disk_template
        )
    })
}
