//! Fields of an instance's disks and NICs.

use super::cell::Cell;
use super::field::{Field, Part, Type};
use super::instance::InstanceField;
use crate::state::{Disk, FilledNic, Instance, Nic, World};

/// Ganeti's bounds (`MAX_DISKS`, `MAX_NICS`).
const MAX_DISKS: usize = 16;
const MAX_NICS: usize = 8;

pub(super) fn fields() -> Vec<InstanceField> {
    let mut all = disk_lists();
    all.extend(nic_lists());
    all.extend((0..MAX_DISKS).flat_map(disk_fields));
    all.extend((0..MAX_NICS).flat_map(nic_fields));
    all.extend(aliases());
    all
}

fn disk_lists() -> Vec<InstanceField> {
    use Type::{Number, Other, Text, Unit};
    vec![
        Field::new(
            "disk_usage",
            "DiskUsage",
            Unit,
            "Total disk space used by instance on each of its nodes; this is not the disk size visible to the \
             instance, but the usage on the node",
            |_, instance, _| Cell::count(instance.disk_usage_mib()),
        ),
        Field::new("disk.count", "Disks", Number, "Number of disks", |_, instance, _| {
            Cell::count(instance.disks.len())
        }),
        Field::new("disk.sizes", "Disk_sizes", Other, "List of disk sizes", |_, instance, _| {
            Cell::MaybeInts(instance.disks.iter().map(|disk| Some(disk.size_mib)).collect())
        }),
        Field::new("disk.spindles", "Disk_spindles", Other, "List of disk spindles", |_, instance, _| {
            Cell::MaybeInts(instance.disks.iter().map(|disk| disk.spindles).collect())
        }),
        Field::new("disk.names", "Disk_names", Other, "List of disk names", |_, instance, _| {
            Cell::MaybeTexts(instance.disks.iter().map(|disk| disk.name.as_deref()).collect())
        }),
        Field::new("disk.uuids", "Disk_UUIDs", Other, "List of disk UUIDs", |_, instance, _| {
            Cell::Texts(instance.disks.iter().map(|disk| disk.uuid.as_str()).collect())
        }),
        Field::new("disk_template", "Disk_template", Text, "Instance disk template", |_, instance, _| {
            Cell::Text(instance.shown_template())
        }),
    ]
}

fn disk(instance: &Instance, part: Part) -> Option<&Disk> {
    let Part::Index(index) = part else { return None };
    instance.disks.get(index)
}

fn disk_fields(index: usize) -> [InstanceField; 4] {
    let at = Part::Index(index);
    [
        Field::new(
            format!("disk.size/{index}"),
            "Disk",
            Type::Unit,
            "Disk size of the disk",
            |_, instance, at| Cell::maybe_count(disk(instance, at).map(|disk| disk.size_mib)),
        )
        .part(at),
        Field::new(
            format!("disk.spindles/{index}"),
            "DiskSpindles",
            Type::Number,
            "Spindles of the disk",
            |_, instance, at| Cell::maybe_count(disk(instance, at).and_then(|disk| disk.spindles)),
        )
        .part(at),
        Field::new(
            format!("disk.name/{index}"),
            "DiskName",
            Type::Text,
            "Name of the disk",
            |_, instance, at| Cell::maybe_text(disk(instance, at).and_then(|disk| disk.name.as_deref())),
        )
        .part(at),
        Field::new(
            format!("disk.uuid/{index}"),
            "DiskUUID",
            Type::Text,
            "UUID of the disk",
            |_, instance, at| Cell::maybe_text(disk(instance, at).map(|disk| disk.uuid.as_str())),
        )
        .part(at),
    ]
}

fn network_name<'a>(world: &'a World, nic: &Nic) -> Option<&'a str> {
    world.network(nic.network.as_deref()?).map(|network| network.name.as_str())
}

fn bridge<'a>(nic: &'a Nic, default: &'a FilledNic) -> Option<&'a str> {
    (nic.params.mode(default) == "bridged").then(|| nic.params.link(default))
}

fn vlan<'a>(nic: &'a Nic, default: &'a FilledNic) -> Option<&'a str> {
    (nic.params.mode(default) == "openvswitch").then(|| nic.params.vlan(default))
}

/// A list with one entry for each NIC.
macro_rules! nic_list {
    ($name:literal, $title:literal, $doc:literal, $cell:ident, |$world:pat_param, $nic:ident| $value:expr) => {
        Field::new(
            $name,
            $title,
            Type::Other,
            concat!("List containing each network interface's ", $doc),
            |$world: &World, instance: &Instance, _| {
                Cell::$cell(instance.nics.iter().map(|$nic| $value).collect())
            },
        )
    };
}

fn nic_lists() -> Vec<InstanceField> {
    vec![
        Field::new("nic.count", "NICs", Type::Number, "Number of network interfaces", |_, instance, _| {
            Cell::count(instance.nics.len())
        }),
        nic_list!("nic.macs", "NIC_MACs", "MAC address", Texts, |_, nic| nic.mac.as_str()),
        nic_list!("nic.ips", "NIC_IPs", "IP address", MaybeTexts, |_, nic| nic.ip.as_deref()),
        nic_list!("nic.names", "NIC_Names", "name", MaybeTexts, |_, nic| nic.name.as_deref()),
        nic_list!("nic.uuids", "NIC_UUIDs", "UUID", Texts, |_, nic| nic.uuid.as_str()),
        nic_list!("nic.modes", "NIC_modes", "mode", Texts, |world, nic| nic.params.mode(&world.cluster.nic)),
        nic_list!("nic.vlans", "NIC_VLANs", "VLAN", MaybeTexts, |world, nic| vlan(nic, &world.cluster.nic)),
        nic_list!("nic.bridges", "NIC_bridges", "bridge", MaybeTexts, |world, nic| bridge(
            nic,
            &world.cluster.nic
        )),
        nic_list!("nic.links", "NIC_links", "link", Texts, |world, nic| nic.params.link(&world.cluster.nic)),
        nic_list!("nic.networks", "NIC_networks", "network", MaybeTexts, |_, nic| nic.network.as_deref()),
        nic_list!("nic.networks.names", "NIC_networks_names", "network's name", MaybeTexts, |world, nic| {
            network_name(world, nic)
        }),
    ]
}

/// A field of the NIC with an index.
fn nic_field(name: &'static str, title: &'static str, index: usize) -> InstanceField {
    let get: super::field::Getter<World, Instance> = match name {
        "ip" => |_, instance, at| Cell::maybe_text(nic(instance, at).and_then(|nic| nic.ip.as_deref())),
        "uuid" => |_, instance, at| Cell::maybe_text(nic(instance, at).map(|nic| nic.uuid.as_str())),
        "mac" => |_, instance, at| Cell::maybe_text(nic(instance, at).map(|nic| nic.mac.as_str())),
        "name" => |_, instance, at| Cell::maybe_text(nic(instance, at).and_then(|nic| nic.name.as_deref())),
        "network" => {
            |_, instance, at| Cell::maybe_text(nic(instance, at).and_then(|nic| nic.network.as_deref()))
        }
        "mode" => |world, instance, at| {
            Cell::maybe_text(nic(instance, at).map(|nic| nic.params.mode(&world.cluster.nic)))
        },
        "link" => |world, instance, at| {
            Cell::maybe_text(nic(instance, at).map(|nic| nic.params.link(&world.cluster.nic)))
        },
        "vlan" => |world, instance, at| {
            Cell::maybe_text(nic(instance, at).and_then(|nic| vlan(nic, &world.cluster.nic)))
        },
        "bridge" => |world, instance, at| {
            Cell::maybe_text(nic(instance, at).and_then(|nic| bridge(nic, &world.cluster.nic)))
        },
        _ => {
            |world, instance, at| Cell::maybe_text(nic(instance, at).and_then(|nic| network_name(world, nic)))
        }
    };
    Field::new(format!("nic.{name}/{index}"), title, Type::Text, "Of the network interface", get)
        .part(Part::Index(index))
}

fn nic(instance: &Instance, part: Part) -> Option<&Nic> {
    let Part::Index(index) = part else { return None };
    instance.nics.get(index)
}

const NIC_FIELDS: [(&str, &str); 10] = [
    ("ip", "NicIP"),
    ("uuid", "NicUUID"),
    ("mac", "NicMAC"),
    ("name", "NicName"),
    ("network", "NicNetwork"),
    ("mode", "NicMode"),
    ("link", "NicLink"),
    ("vlan", "NicVLAN"),
    ("network.name", "NicNetworkName"),
    ("bridge", "NicBridge"),
];

fn nic_fields(index: usize) -> impl Iterator<Item = InstanceField> {
    NIC_FIELDS.into_iter().map(move |(name, title)| nic_field(name, title, index))
}

/// Old names of the first devices' fields.
fn aliases() -> Vec<InstanceField> {
    let named = |mut field: InstanceField, name: &str| {
        name.clone_into(&mut field.name);
        field
    };
    let [size0, ..] = disk_fields(0);
    let [size1, ..] = disk_fields(1);
    let nics = [
        ("ip", "ip"),
        ("mac", "mac"),
        ("bridge", "bridge"),
        ("nic_mode", "mode"),
        ("nic_link", "link"),
        ("nic_network", "network"),
    ];
    let nics = nics.into_iter().map(|(alias, name)| named(nic_field(name, alias, 0), alias));
    [named(size0, "sda_size"), named(size1, "sdb_size")].into_iter().chain(nics).collect()
}
