//! IPBlock: who has which address and MAC. Internal.

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

/// What is claimed of 256 places of a network in a row.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[kube(
    group = "cyclades.io",
    version = "v1alpha1",
    kind = "IPBlock",
    plural = "ipblocks",
    category = "cyclades",
    derive = "PartialEq",
    doc = "Internal: who has which address and MAC in 256 places of a network in a row. The operator makes and changes it; do not edit it. What it says is the truth of an address, and everything else follows from it.",
    printcolumn(name = "Network", type_ = "string", json_path = ".spec.network", description = "Id of the network"),
    printcolumn(name = "Index", type_ = "integer", json_path = ".spec.index", description = "Which 256 places of it"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp", description = "Time since creation"),
    validation = Rule::new("self.spec.network == oldSelf.spec.network && self.spec.index == oldSelf.spec.index").message("spec.network and spec.index say what the claims are about and cannot change: an IPBlock is the operator's own, do not edit it").field_path(".spec.network").reason(Reason::FieldValueForbidden)
)]
#[serde(rename_all = "camelCase")]
pub struct IPBlockSpec {
    /// Id of the network.
    #[schemars(schema_with = "crate::text::uuid")]
    pub network: String,
    /// Which 256 places of the network: those from 256 times this on. A place is that of an address in the network's IPv4
    /// range, counted from 0, or a mere place where it has none.
    #[schemars(range(min = 0, max = 255))]
    pub index: u32,
    /// The claims, in the order of their places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 512))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub claims: Vec<IPClaim>,
}

/// One NIC's claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct IPClaim {
    /// The place within the block; absent where the claim is of a MAC alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 255))]
    pub at: Option<u8>,
    /// The MAC; absent where another block has the claim of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::text::mac")]
    pub mac: Option<String>,
    /// Id of the machine.
    #[schemars(schema_with = "crate::text::uuid")]
    pub owner: String,
    /// Name of the NIC in it.
    #[schemars(schema_with = "crate::text::nic_name")]
    pub nic: String,
}
