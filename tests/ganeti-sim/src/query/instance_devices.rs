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
    all.extend(nic_params());
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
    let (at, th) = (Part::Index(index), ordinal(index));
    [
        Field::new(
            format!("disk.size/{index}"),
            format!("Disk/{index}"),
            Type::Unit,
            format!("Disk size of {th} disk"),
            |_, instance, at| Cell::maybe_count(disk(instance, at).map(|disk| disk.size_mib)),
        )
        .part(at),
        Field::new(
            format!("disk.spindles/{index}"),
            format!("DiskSpindles/{index}"),
            Type::Number,
            format!("Spindles of {th} disk"),
            |_, instance, at| Cell::maybe_count(disk(instance, at).and_then(|disk| disk.spindles)),
        )
        .part(at),
        Field::new(
            format!("disk.name/{index}"),
            format!("DiskName/{index}"),
            Type::Text,
            format!("Name of {th} disk"),
            |_, instance, at| Cell::maybe_text(disk(instance, at).and_then(|disk| disk.name.as_deref())),
        )
        .part(at),
        Field::new(
            format!("disk.uuid/{index}"),
            format!("DiskUUID/{index}"),
            Type::Text,
            format!("UUID of {th} disk"),
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
    ($name:literal, $title:literal, $doc:expr, $cell:ident, |$world:pat_param, $nic:ident| $value:expr) => {
        Field::new($name, $title, Type::Other, $doc, |$world: &World, instance: &Instance, _| {
            Cell::$cell(instance.nics.iter().map(|$nic| $value).collect())
        })
    };
}

fn nic_lists() -> Vec<InstanceField> {
    vec![
        Field::new("nic.count", "NICs", Type::Number, "Number of network interfaces", |_, instance, _| {
            Cell::count(instance.nics.len())
        }),
        nic_list!(
            "nic.macs",
            "NIC_MACs",
            "List containing each network interface's MAC address",
            Texts,
            |_, nic| nic.mac.as_str()
        ),
        nic_list!(
            "nic.ips",
            "NIC_IPs",
            "List containing each network interface's IP address",
            MaybeTexts,
            |_, nic| nic.ip.as_deref()
        ),
        nic_list!(
            "nic.names",
            "NIC_Names",
            "List containing each network interface's name",
            MaybeTexts,
            |_, nic| nic.name.as_deref()
        ),
        nic_list!(
            "nic.uuids",
            "NIC_UUIDs",
            "List containing each network interface's UUID",
            Texts,
            |_, nic| nic.uuid.as_str()
        ),
        nic_list!(
            "nic.networks",
            "NIC_networks",
            "List containing each interface's network",
            MaybeTexts,
            |_, nic| nic.network.as_deref()
        ),
        nic_list!(
            "nic.networks.names",
            "NIC_networks_names",
            "List containing the name of each interface's network",
            MaybeTexts,
            |world, nic| { network_name(world, nic) }
        ),
    ]
}

/// How the NICs are attached to their node.
fn nic_params() -> Vec<InstanceField> {
    vec![
        nic_list!(
            "nic.modes",
            "NIC_modes",
            "List containing each network interface's mode",
            Texts,
            |world, nic| nic.params.mode(&world.cluster.nic)
        ),
        nic_list!(
            "nic.vlans",
            "NIC_VLANs",
            "List containing each network interface's VLAN",
            MaybeTexts,
            |world, nic| vlan(nic, &world.cluster.nic)
        ),
        nic_list!(
            "nic.bridges",
            "NIC_bridges",
            "List containing each network interface's bridge",
            MaybeTexts,
            |world, nic| bridge(nic, &world.cluster.nic)
        ),
        nic_list!(
            "nic.links",
            "NIC_links",
            "List containing each network interface's link",
            Texts,
            |world, nic| nic.params.link(&world.cluster.nic)
        ),
    ]
}

/// "1st" for the first one.
fn ordinal(index: usize) -> String {
    let number = index + 1;
    let suffix = match (number, number % 10) {
        (11..20, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{suffix}")
}

/// A field of the NIC with an index.
fn nic_field(name: &'static str, title: &'static str, doc: &'static str, index: usize) -> InstanceField {
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
    let doc = format!("{doc} of {} network interface", ordinal(index));
    Field::new(format!("nic.{name}/{index}"), format!("{title}/{index}"), Type::Text, doc, get)
        .part(Part::Index(index))
}

fn nic(instance: &Instance, part: Part) -> Option<&Nic> {
    let Part::Index(index) = part else { return None };
    instance.nics.get(index)
}

const NIC_FIELDS: [(&str, &str, &str); 10] = [
    ("ip", "NicIP", "IP address"),
    ("uuid", "NicUUID", "UUID address"),
    ("mac", "NicMAC", "MAC address"),
    ("name", "NicName", "Name address"),
    ("network", "NicNetwork", "Network"),
    ("mode", "NicMode", "Mode"),
    ("link", "NicLink", "Link"),
    ("vlan", "NicVLAN", "VLAN"),
    ("network.name", "NicNetworkName", "Network name"),
    ("bridge", "NicBridge", "Bridge"),
];

fn nic_fields(index: usize) -> impl Iterator<Item = InstanceField> {
    NIC_FIELDS.into_iter().map(move |(name, title, doc)| nic_field(name, title, doc, index))
}

/// Old names of the first devices' fields.
fn aliases() -> Vec<InstanceField> {
    let [size0, ..] = disk_fields(0);
    let [size1, ..] = disk_fields(1);
    let old = |name: &str| match name {
        "ip" | "mac" | "bridge" => name.to_owned(),
        other => format!("nic_{other}"),
    };
    let named = ["ip", "mac", "bridge", "mode", "link", "network"];
    let nics = NIC_FIELDS.into_iter().filter(|(name, ..)| named.contains(name));
    let nics = nics.map(|(name, title, doc)| nic_field(name, title, doc, 0).alias(&old(name)));
    [size0.alias("sda_size"), size1.alias("sdb_size")].into_iter().chain(nics).collect()
}
