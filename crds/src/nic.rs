//! A NIC of a machine, written in it.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use crate::reference::LocalRef;

/// A NIC of a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Nic {
    /// Its name, by which Ganeti knows it too (`gnt-instance info`). With the machine's id it makes the NIC's own, of which its
    /// MAC follows.
    #[schemars(schema_with = "crate::text::nic_name")]
    pub name: String,
    /// Network that it is in, of the machine's own namespace.
    pub network_ref: LocalRef,
    /// IPv4 address that it is to have; the lowest free one of the network where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::text::address4")]
    pub address: Option<String>,
    /// MAC that it is to have; one with the network's prefix where absent. In a `MACFiltered` network it must have that too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::text::mac")]
    pub mac_address: Option<String>,
}

/// A NIC as the machine has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct NicStatus {
    /// Its name.
    #[schemars(length(max = 63))]
    pub name: String,
    /// Its network.
    #[schemars(length(max = 63))]
    pub network: String,
    /// Its IPv4 address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 15))]
    pub address: Option<String>,
    /// Its IPv6 address, which the guest makes of the MAC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 39))]
    pub address6: Option<String>,
    /// Its MAC.
    #[schemars(length(max = 17))]
    pub mac_address: String,
}
