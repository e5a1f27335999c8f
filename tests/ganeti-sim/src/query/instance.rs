//! Fields of instances that are answered from the configuration.

use std::sync::LazyLock;

use super::cell::{Cell, Missing};
use super::field::{Field, Fields, Part, Type};
use super::{common_fields, instance_devices, instance_live};
use crate::json;
use crate::state::{Dict, Instance, World};

pub(super) type InstanceField = Field<World, Instance>;

/// All fields of instances.
pub(crate) fn instance_fields() -> &'static Fields<World, Instance> {
    static FIELDS: LazyLock<Fields<World, Instance>> = LazyLock::new(|| {
        let mut all = simple();
        all.extend(whole_parameters());
        all.extend(backend_parameters());
        all.extend(hypervisor_parameters());
        all.extend(instance_devices::fields());
        all.extend(instance_live::fields());
        all.extend(common_fields!(World, Instance, "Instance"));
        Fields::new(all)
    });
    &FIELDS
}

/// The type of a hypervisor parameter (`HVS_PARAMETER_TYPES`); `None` if there is no such parameter.
pub(crate) fn hv_type(name: &str) -> Option<&'static str> {
    HV_TYPES.get(name)?.as_str()
}

static HV_TYPES: LazyLock<Dict> =
    LazyLock::new(|| serde_json::from_str(include_str!("../state/hv_types.json")).unwrap_or_default());

fn pnode<'a>(world: &'a World, instance: &Instance) -> Option<&'a crate::state::Node> {
    world.nodes.get(instance.pnode).map(AsRef::as_ref)
}

fn group(world: &World, node: usize) -> Option<&crate::state::Group> {
    world.groups.get(world.nodes.get(node)?.group).map(AsRef::as_ref)
}

fn known<'a>(text: Option<&'a str>) -> Cell<'a> {
    text.map_or(Cell::Missing(Missing::NoData), Cell::Text)
}

fn simple() -> Vec<InstanceField> {
    use Type::{Bool, Other, Text};
    let mut all: Vec<InstanceField> = vec![
        Field::new("admin_state", "InstanceState", Text, "Desired state of instance", |_, instance, _| {
            Cell::Text(instance.admin_state.as_str())
        }),
        Field::new(
            "admin_state_source",
            "InstanceStateSource",
            Text,
            "Who last changed the desired state of the instance",
            |_, instance, _| Cell::Text(instance.admin_state_source.as_str()),
        ),
        Field::new("admin_up", "Autostart", Bool, "Desired state of instance", |_, instance, _| {
            Cell::Bool(instance.admin_state == crate::state::AdminState::Up)
        }),
        Field::new(
            "disks_active",
            "DisksActive",
            Bool,
            "Desired state of instance disks",
            |_, instance, _| Cell::Bool(instance.disks_active),
        ),
        Field::new("name", "Instance", Text, "Instance name", |_, instance: &Instance, _| {
            Cell::Text(&instance.name)
        })
        .hostname(),
        Field::new("hypervisor", "Hypervisor", Text, "Hypervisor name", |_, instance, _| {
            Cell::Text(&instance.hypervisor)
        }),
        Field::new(
            "network_port",
            "Network_port",
            Other,
            "Instance network port if available (e.g. for VNC console)",
            |_, instance, _| Cell::maybe_count(instance.network_port.map(u64::from)),
        ),
        Field::new("os", "OS", Text, "Operating system", |_, instance, _| Cell::Text(&instance.os)),
        Field::new("pnode", "Primary_node", Text, "Primary node", |world: &World, instance: &Instance, _| {
            known(pnode(world, instance).map(|node| node.name.as_str()))
        })
        .hostname(),
    ];
    all.extend(placed());
    all
}

fn placed() -> Vec<InstanceField> {
    use Type::{Bool, Other, Text};
    vec![
        Field::new("pnode.group", "PrimaryNodeGroup", Text, "Primary node's group", |world, instance, _| {
            known(group(world, instance.pnode).map(|group| group.name.as_str()))
        }),
        Field::new(
            "pnode.group.uuid",
            "PrimaryNodeGroupUUID",
            Text,
            "Primary node's group UUID",
            |world, instance, _| known(group(world, instance.pnode).map(|group| group.uuid.as_str())),
        ),
        Field::new(
            "snodes",
            "Secondary_Nodes",
            Other,
            "Secondary nodes; usually this will just be one node",
            |world, instance, _| {
                let nodes = instance.snodes.iter().filter_map(|node| world.nodes.get(*node));
                Cell::Texts(nodes.map(|node| node.name.as_str()).collect())
            },
        ),
        Field::new(
            "snodes.group",
            "SecondaryNodesGroups",
            Other,
            "Node groups of secondary nodes",
            |world, instance, _| {
                let groups = instance.snodes.iter().filter_map(|node| group(world, *node));
                Cell::Texts(groups.map(|group| group.name.as_str()).collect())
            },
        ),
        Field::new(
            "snodes.group.uuid",
            "SecondaryNodesGroupsUUID",
            Other,
            "Node group UUIDs of secondary nodes",
            |world, instance, _| {
                let groups = instance.snodes.iter().filter_map(|node| group(world, *node));
                Cell::Texts(groups.map(|group| group.uuid.as_str()).collect())
            },
        ),
        Field::new("forthcoming", "Forthcoming", Bool, "whether the Instance is forthcoming", |_, _, _| {
            Cell::Bool(false)
        }),
    ]
}

fn whole_parameters() -> Vec<InstanceField> {
    use Type::Other;
    vec![
        Field::new(
            "hvparams",
            "HypervisorParameters",
            Other,
            "Hypervisor parameters (merged)",
            |world, instance, _| Cell::Raw(filled_hv(world, instance)),
        ),
        Field::new(
            "beparams",
            "BackendParameters",
            Other,
            "Backend parameters (merged)",
            |world, instance, _| Cell::Value(instance.beparams.fill(&world.cluster.be).to_dict().into()),
        ),
        Field::new(
            "osparams",
            "OpSysParameters",
            Other,
            "Operating system parameters (merged)",
            |_, instance, _| Cell::Dict(&instance.osparams),
        ),
        Field::new(
            "custom_hvparams",
            "CustomHypervisorParameters",
            Other,
            "Custom hypervisor parameters",
            |_, instance, _| Cell::Dict(&instance.hvparams),
        ),
        Field::new(
            "custom_beparams",
            "CustomBackendParameters",
            Other,
            "Custom backend parameters",
            |_, instance, _| Cell::Value(instance.beparams.to_dict().into()),
        ),
        Field::new(
            "custom_osparams",
            "CustomOpSysParameters",
            Other,
            "Custom operating system parameters",
            |_, instance, _| Cell::Dict(&instance.osparams),
        ),
        Field::new(
            "custom_nicparams",
            "CustomNicParameters",
            Other,
            "Custom network interface parameters",
            |_, instance, _| Cell::Value(instance.nics.iter().map(|nic| nic.params.to_dict()).collect()),
        ),
    ]
}

/// Hypervisor parameters with the cluster's defaults below them.
fn filled_hv(world: &World, instance: &Instance) -> Vec<u8> {
    match world.cluster.hv_defaults(&instance.hypervisor) {
        None => json::bytes_of(&instance.hvparams),
        Some(defaults) if instance.hvparams.is_empty() => json::bytes_of(defaults),
        Some(defaults) => {
            let mut filled = defaults.clone();
            filled.extend(instance.hvparams.clone());
            json::bytes_of(&filled)
        }
    }
}

fn backend_parameters() -> Vec<InstanceField> {
    use Type::{Bool, Number, Unit};
    let all = [
        ("be/always_failover", "be/always_failover", Bool),
        ("be/auto_balance", "Auto_balance", Bool),
        ("be/maxmem", "ConfigMaxMem", Unit),
        ("be/minmem", "ConfigMinMem", Unit),
        ("be/spindle_use", "be/spindle_use", Number),
        ("be/vcpus", "ConfigVCPUs", Number),
    ];
    let field = |(name, title, kind): (&'static str, &'static str, Type)| {
        Field::new(
            name,
            title,
            kind,
            format!("The \"{}\" backend parameter", name.trim_start_matches("be/")),
            |world: &World, instance: &Instance, part| {
                let be = instance.beparams.fill(&world.cluster.be);
                match part {
                    Part::Key("be/always_failover") => Cell::Bool(be.always_failover),
                    Part::Key("be/auto_balance") => Cell::Bool(be.auto_balance),
                    Part::Key("be/minmem") => Cell::count(be.minmem),
                    Part::Key("be/spindle_use") => Cell::count(be.spindle_use),
                    Part::Key("be/vcpus") => Cell::count(be.vcpus),
                    _ => Cell::count(be.maxmem),
                }
            },
        )
        .part(Part::Key(name))
    };
    let aliases = [field(all[2]).alias("be/memory"), field(all[5]).alias("vcpus")];
    all.into_iter().map(field).chain(aliases).collect()
}

/// Titles of hypervisor parameters that are not their names (`HVS_PARAMETER_TITLES`).
const HV_TITLES: [(&str, &str); 11] = [
    ("acpi", "ACPI"),
    ("boot_order", "Boot_order"),
    ("cdrom_image_path", "CDROM_image_path"),
    ("cpu_type", "cpu_type"),
    ("disk_type", "Disk_type"),
    ("initrd_path", "Initrd_path"),
    ("kernel_path", "Kernel_path"),
    ("nic_type", "NIC_type"),
    ("pae", "PAE"),
    ("pci_pass", "pci_pass"),
    ("vnc_bind_address", "VNC_bind_address"),
];

fn hypervisor_parameters() -> Vec<InstanceField> {
    let types: &'static Dict = &HV_TYPES;
    let globals = ["migration_bandwidth", "migration_mode", "migration_port", "xen_cmd"];
    let all = types.iter().filter(|(name, _)| !globals.contains(&name.as_str()));
    all.map(|(name, kind)| {
        let kind = match kind.as_str() {
            Some("bool") => Type::Bool,
            Some("int") => Type::Number,
            _ => Type::Other,
        };
        let name: &'static str = name.as_str();
        let full = format!("hv/{name}");
        let title = HV_TITLES.iter().find(|(known, _)| *known == name).map(|(_, title)| (*title).to_owned());
        let title = title.unwrap_or_else(|| full.clone());
        Field::new(full, title, kind, format!("The \"{name}\" hypervisor parameter"), hv_value)
            .part(Part::Key(name))
    })
    .collect()
}

fn hv_value<'a>(world: &'a World, instance: &'a Instance, part: Part) -> Cell<'a> {
    let Part::Key(name) = part else { return Cell::Missing(Missing::Unavailable) };
    let default = || world.cluster.hv_defaults(&instance.hypervisor)?.get(name);
    match instance.hvparams.get(name).or_else(default) {
        None => Cell::Missing(Missing::Unavailable),
        Some(serde_json::Value::String(text)) => Cell::Text(text),
        Some(serde_json::Value::Bool(flag)) => Cell::Bool(*flag),
        Some(other) => other.as_i64().map_or_else(|| Cell::Value(other.clone()), Cell::Int),
    }
}
