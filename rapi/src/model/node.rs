//! Nodes.

use serde::Deserialize;

use super::whole;

/// A node (`/2/nodes?bulk=1`). Ganeti asks the node for memory, disk and processors: these are `None`
/// when it did not answer.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its identity.
    pub uuid: String,
    /// Marked offline by an administrator.
    pub offline: bool,
    /// Marked drained: takes no new instances.
    pub drained: bool,
    /// May hold instances at all.
    pub vm_capable: bool,
    /// `M` master, `C` candidate, `R` regular, `D` drained, `O` offline.
    pub role: String,
    /// The identity of its group.
    #[serde(rename = "group.uuid", default)]
    pub group_uuid: Option<String>,
    /// Memory, MiB.
    #[serde(default, deserialize_with = "whole")]
    pub mtotal: Option<u64>,
    /// Memory not in use, MiB.
    #[serde(default, deserialize_with = "whole")]
    pub mfree: Option<u64>,
    /// Memory the node itself uses, MiB.
    #[serde(default, deserialize_with = "whole")]
    pub mnode: Option<u64>,
    /// Disk in the default storage unit, MiB.
    #[serde(default, deserialize_with = "whole")]
    pub dtotal: Option<u64>,
    /// Disk not in use, MiB.
    #[serde(default, deserialize_with = "whole")]
    pub dfree: Option<u64>,
    /// Logical processors.
    #[serde(default, deserialize_with = "whole")]
    pub ctotal: Option<u64>,
    /// How many instances have it as primary node.
    #[serde(default)]
    pub pinst_cnt: u64,
    /// How many instances have it as secondary node.
    #[serde(default)]
    pub sinst_cnt: u64,
    /// Their names, primary ones.
    #[serde(default)]
    pub pinst_list: Vec<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<String>,
}

impl Node {
    /// Whether Ganeti may place a new instance here.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.vm_capable && !self.offline && !self.drained
    }
}
