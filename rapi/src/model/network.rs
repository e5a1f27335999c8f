//! Networks of the cluster and their connections to node groups.

use serde::de::SeqAccess;
use serde::{Deserialize, Serialize};

use crate::query::{Cells, QueryRow};

/// A network to add (`OP_NETWORK_ADD`). What is `None` or empty is not sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AddNetwork {
    /// Its name.
    pub network_name: String,
    /// Its IPv4 range, `10.0.0.0/24`: Ganeti has no network without one, and none beyond /16 and /30. It
    /// never changes.
    pub network: String,
    /// Its IPv4 gateway, which is then reserved, as the first and the last address are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// Its IPv6 range; Ganeti only hands it on to the nodes' scripts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network6: Option<String>,
    /// Its IPv6 gateway, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway6: Option<String>,
    /// The first three octets of the MACs that Ganeti makes up in it, `aa:00:01`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac_prefix: Option<String>,
    /// Addresses that the pool never gives.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub add_reserved_ips: Vec<String>,
    /// Reserve the addresses of nodes and cluster in the range, for which all nodes are locked. Ganeti's
    /// own default is yes; it is always sent.
    pub conflicts_check: bool,
    /// Its tags, set in the same step that adds it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// How a network is connected to a node group (`OP_NETWORK_CONNECT`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConnectNetwork {
    /// Name of the group.
    pub group_name: String,
    /// `bridged`, `routed` or `openvswitch`.
    pub network_mode: String,
    /// Bridge or routing table of the nodes.
    pub network_link: String,
    /// VLAN, with `openvswitch`; empty otherwise.
    pub network_vlan: String,
    /// Refuse where instances of the group use addresses of the range. Ganeti's own default is yes; it is
    /// always sent.
    pub conflicts_check: bool,
}

/// A connection of a network to a node group, as Ganeti lists it: name of the group, mode, link and VLAN.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Connection(
    /// Name of the group.
    pub String,
    /// `bridged`, `routed` or `openvswitch`.
    pub String,
    /// Bridge or routing table of the nodes.
    pub String,
    /// VLAN, or nothing.
    #[serde(default)]
    pub String,
);

/// A network of the cluster, without the map of its addresses (64 KiB for a /16).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Network {
    /// Its name.
    pub name: String,
    /// Its identity.
    pub uuid: String,
    /// Its IPv4 range.
    pub network: String,
    /// Its IPv4 gateway.
    pub gateway: Option<String>,
    /// Its IPv6 range.
    pub network6: Option<String>,
    /// Its IPv6 gateway.
    pub gateway6: Option<String>,
    /// The first three octets of the MACs that Ganeti makes up in it.
    pub mac_prefix: Option<String>,
    /// The node groups that it is connected to.
    pub connections: Vec<Connection>,
    /// How many instances use it.
    pub instances: u64,
    /// Addresses that are reserved, the range's own first and last one and the gateway among them.
    pub reserved: Vec<String>,
    /// Its tags.
    pub tags: Vec<String>,
}

impl<'de> QueryRow<'de> for Network {
    const FIELDS: &'static [&'static str] = &[
        "name",
        "uuid",
        "network",
        "gateway",
        "network6",
        "gateway6",
        "mac_prefix",
        "group_list",
        "inst_cnt",
        "external_reservations",
        "tags",
    ];

    fn from_cells<A: SeqAccess<'de>>(cells: &mut Cells<A>) -> Result<Self, A::Error> {
        Ok(Self {
            name: cells.required()?,
            uuid: cells.required()?,
            network: cells.required()?,
            gateway: cells.optional()?,
            network6: cells.optional()?,
            gateway6: cells.optional()?,
            mac_prefix: cells.optional()?,
            connections: cells.required()?,
            instances: cells.required()?,
            reserved: addresses(&cells.required::<String>()?),
            tags: cells.required()?,
        })
    }
}

/// Ganeti's list of addresses in one text.
fn addresses(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|address| !address.is_empty()).map(str::to_owned).collect()
}
