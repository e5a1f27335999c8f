//! One NIC's claim.

use std::sync::Arc;

use uuid::Uuid;

use super::Mac;

/// What a NIC has: its number in the network and its MAC. Exactly one of them is absent only where the MAC was asked for
/// and belongs to another block than the number: then each block keeps its half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The number's place within its block.
    pub at: Option<u8>,
    /// The MAC.
    pub mac: Option<Mac>,
    /// Id of the machine (later: of the port or the floating IP) that it is for.
    pub owner: Uuid,
    /// Name of the NIC in it.
    pub nic: Arc<str>,
}

impl Claim {
    /// Whether it is for this NIC.
    #[must_use]
    pub fn is_for(&self, owner: Uuid, nic: &str) -> bool {
        self.owner == owner && *self.nic == *nic
    }
}

/// Id of a NIC that is written in a machine: derived from the machine's id and the NIC's name, so that it is the same
/// wherever and whenever the manifest is applied.
#[must_use]
pub fn nic_id(owner: Uuid, nic: &str) -> Uuid {
    Uuid::new_v5(&owner, nic.as_bytes())
}
