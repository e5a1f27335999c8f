//! Fields of networks.

use std::sync::{Arc, LazyLock};

use serde_json::json;

use super::cell::Cell;
use super::common_fields;
use super::field::{Field, Fields, Type};
use crate::state::{Instance, Network, World};

/// What network queries read.
pub(crate) struct NetworkView {
    pub world: World,
    /// In Ganeti's order.
    pub instances: Vec<Arc<Instance>>,
}

impl NetworkView {
    fn instances(&self, network: &Network) -> Vec<&str> {
        let inside = |instance: &&Arc<Instance>| {
            instance.nics.iter().any(|nic| nic.network.as_ref() == Some(&network.uuid))
        };
        self.instances.iter().filter(inside).map(|instance| &*instance.name).collect()
    }

    /// Group, mode, link and VLAN of each connection.
    fn connections(&self, network: &Network) -> Vec<serde_json::Value> {
        let connected =
            self.world.groups.iter().filter_map(|group| Some((group, group.networks.get(&network.uuid)?)));
        let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        connected
            .map(|(group, nic)| json!([group.name, shown(&nic.mode), shown(&nic.link), shown(&nic.vlan)]))
            .collect()
    }
}

/// All fields of networks.
pub(crate) fn network_fields() -> &'static Fields<NetworkView, Network> {
    static FIELDS: LazyLock<Fields<NetworkView, Network>> = LazyLock::new(|| {
        let mut all = fields();
        all.extend(common_fields!(NetworkView, Network, "Network"));
        Fields::new(all)
    });
    &FIELDS
}

fn fields() -> Vec<Field<NetworkView, Network>> {
    use Type::{Number, Other, Text};
    let mut all: Vec<Field<NetworkView, Network>> = vec![
        Field::new("name", "Network", Text, "Name", |_, network: &Network, _| Cell::Text(&network.name)),
        Field::new("network", "Subnet", Text, "IPv4 subnet", |_, network, _| {
            Cell::Owned(network.pool.subnet.to_string())
        }),
        Field::new("gateway", "Gateway", Other, "IPv4 gateway", |_, network, _| {
            Cell::maybe_text(network.gateway.as_deref())
        }),
        Field::new("network6", "IPv6Subnet", Other, "IPv6 subnet", |_, network, _| {
            Cell::maybe_text(network.network6.as_deref())
        }),
        Field::new("gateway6", "IPv6Gateway", Other, "IPv6 gateway", |_, network, _| {
            Cell::maybe_text(network.gateway6.as_deref())
        }),
        Field::new("mac_prefix", "MacPrefix", Other, "MAC address prefix", |_, network, _| {
            Cell::maybe_text(network.mac_prefix.as_deref())
        }),
        Field::new("free_count", "FreeCount", Number, "Number of available addresses", |_, network, _| {
            Cell::count(network.pool.free_count())
        }),
        Field::new("map", "Map", Text, "Actual mapping", |_, network, _| Cell::Owned(network.pool.map())),
        Field::new(
            "reserved_count",
            "ReservedCount",
            Number,
            "Number of reserved addresses",
            |_, network, _| Cell::count(network.pool.reserved_count()),
        ),
        Field::new(
            "group_list",
            "GroupList",
            Other,
            "List of nodegroups (group name, NIC mode, NIC link)",
            |view: &NetworkView, network, _| Cell::Value(view.connections(network).into()),
        ),
    ];
    all.extend(usage());
    all
}

fn usage() -> Vec<Field<NetworkView, Network>> {
    use Type::{Number, Other, Text};
    vec![
        Field::new(
            "group_cnt",
            "NodeGroups",
            Number,
            "Number of nodegroups",
            |view: &NetworkView, network, _| Cell::count(view.connections(network).len()),
        ),
        Field::new(
            "inst_list",
            "InstanceList",
            Other,
            "List of instances",
            |view: &NetworkView, network, _| Cell::Texts(view.instances(network)),
        ),
        Field::new(
            "inst_cnt",
            "Instances",
            Number,
            "Number of instances",
            |view: &NetworkView, network, _| Cell::count(view.instances(network).len()),
        ),
        Field::new(
            "external_reservations",
            "ExternalReservations",
            Text,
            "External reservations",
            |_, network, _| {
                let all: Vec<_> = network.pool.external().collect();
                Cell::Owned(all.join(", "))
            },
        ),
    ]
}
