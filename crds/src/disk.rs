//! A disk of a machine's own, beside the root disk of its flavor.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use crate::quantity::ByteQuantity;

/// A disk of a machine's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[x_kube(validation = Rule::new("!isQuantity(self.size) || (quantity(self.size).compareTo(quantity('4Mi')) >= 0 && quantity(self.size).compareTo(quantity('1024Ti')) <= 0)").message("the size of a disk must be from 4Mi to 1024Ti"))]
#[serde(rename_all = "camelCase")]
pub struct Disk {
    /// Its name, by which Ganeti knows it too (`gnt-instance info`). It never changes: another name is another disk.
    #[schemars(schema_with = "crate::text::disk_name")]
    pub name: String,
    /// Its size, e.g. `20Gi`; rounded up to a multiple of 4 MiB, as Ganeti does. It may grow.
    pub size: ByteQuantity,
}

/// A disk of a machine's own, as the machine has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct DiskStatus {
    /// Its name.
    #[schemars(length(max = 63))]
    pub name: String,
    /// Its size in MiB; 0 where it was removed in Ganeti.
    #[serde(rename = "sizeMiB")]
    pub size_mib: u64,
}
