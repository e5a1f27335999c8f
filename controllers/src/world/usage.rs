//! How much of a backend is used: the shapes of all machines placed there.

use cyclades_crds::virtual_machine::Shape;

/// Sums over the machines placed on a backend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Memory in MiB.
    pub(crate) memory_mib: u64,
    /// Disk in MiB.
    pub(crate) disk_mib: u64,
    /// Virtual CPUs.
    pub(crate) vcpus: u64,
}

impl Usage {
    /// Counts a machine; `own_disk_mib` is what its own disks need.
    pub(crate) fn add(&mut self, shape: &Shape, own_disk_mib: u64) {
        self.memory_mib += shape.memory_mib;
        self.disk_mib += shape.disk_mib + own_disk_mib;
        self.vcpus += u64::from(shape.vcpus);
    }

    pub(crate) fn subtract(&mut self, shape: &Shape, own_disk_mib: u64) {
        self.memory_mib = self.memory_mib.saturating_sub(shape.memory_mib);
        self.disk_mib = self.disk_mib.saturating_sub(shape.disk_mib + own_disk_mib);
        self.vcpus = self.vcpus.saturating_sub(u64::from(shape.vcpus));
    }
}
