//! Fields of nodes.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use serde_json::Value;

use super::cell::{Cell, Missing};
use super::common_fields;
use super::field::{Field, Fields, Getter, Part, Type};
use crate::state::{Dict, Instance, Node, World};

/// What node queries read: the world, and the instances of each node if they are asked for.
pub(crate) struct NodeView {
    pub world: World,
    pub primaries: HashMap<usize, Vec<Arc<Instance>>>,
    pub secondaries: HashMap<usize, Vec<Arc<Instance>>>,
}

impl NodeView {
    /// Sorts instances, given in Ganeti's order, by their nodes.
    pub fn new<'a>(world: World, instances: impl Iterator<Item = &'a Arc<Instance>>) -> Self {
        let mut view = Self { world, primaries: HashMap::new(), secondaries: HashMap::new() };
        for instance in instances {
            view.primaries.entry(instance.pnode).or_default().push(Arc::clone(instance));
            for node in &instance.snodes {
                view.secondaries.entry(*node).or_default().push(Arc::clone(instance));
            }
        }
        view
    }

    fn index(&self, node: &Node) -> usize {
        self.world.nodes.iter().position(|other| other.uuid == node.uuid).unwrap_or(usize::MAX)
    }
}

/// All fields of nodes.
pub(crate) fn node_fields() -> &'static Fields<NodeView, Node> {
    static FIELDS: LazyLock<Fields<NodeView, Node>> = LazyLock::new(|| {
        let mut all = configured();
        all.extend(counted());
        all.extend(live());
        all.extend(parameters(own_parameter));
        all.extend(common_fields!(NodeView, Node, "Node"));
        Fields::new(all)
    });
    &FIELDS
}

/// Fields of exports: the simulator has none.
pub(crate) fn export_fields() -> &'static Fields<NodeView, Node> {
    static FIELDS: LazyLock<Fields<NodeView, Node>> = LazyLock::new(|| {
        Fields::new(vec![
            Field::new("node", "Node", Type::Text, "Node name", |_, node: &Node, _| Cell::Text(&node.name))
                .hostname(),
            Field::new("export", "Export", Type::Text, "Export name", |_, _, _| {
                Cell::Missing(Missing::NoData)
            })
            .live(),
        ])
    });
    &FIELDS
}

/// A field that reads the node alone.
macro_rules! plain {
    ($name:literal, $title:literal, $kind:ident, $doc:literal, |$node:ident| $cell:expr) => {
        Field::new($name, $title, Type::$kind, $doc, |_, $node: &Node, _| $cell)
    };
}

fn configured() -> Vec<Field<NodeView, Node>> {
    let mut all: Vec<Field<NodeView, Node>> = vec![
        plain!("drained", "Drained", Bool, "Whether node is drained", |node| Cell::Bool(node.drained)),
        plain!("master_candidate", "MasterC", Bool, "Whether node is a master candidate", |node| {
            Cell::Bool(node.master_candidate)
        }),
        plain!(
            "master_capable",
            "MasterCapable",
            Bool,
            "Whether node can become a master candidate",
            |node| { Cell::Bool(node.master_capable) }
        ),
        plain!("name", "Node", Text, "Node name", |node| Cell::Text(&node.name)).hostname(),
        plain!("offline", "Offline", Bool, "Whether node is marked offline", |node| Cell::Bool(node.offline)),
        plain!("vm_capable", "VMCapable", Bool, "Whether node can host instances", |node| Cell::Bool(
            node.vm_capable
        )),
        plain!("pip", "PrimaryIP", Text, "Primary IP address", |node| Cell::Text(&node.address)),
        plain!("sip", "SecondaryIP", Text, "Secondary IP address", |node| Cell::Text(&node.address)),
        plain!("master", "IsMaster", Bool, "Whether node is master", |node| Cell::Bool(node.master)),
        plain!(
            "role",
            "Role",
            Text,
            "Node role; \"M\" for master, \"C\" for master candidate, \"R\" for regular, \"D\" for drained, \"O\" for offline",
            |node| Cell::Text(node.role())
        ),
        plain!("powered", "Powered", Bool, "Whether node is thought to be powered on", |_node| {
            Cell::Missing(Missing::Unavailable)
        }),
        plain!("hv_state", "HypervisorState", Other, "Hypervisor state", |_node| Cell::Missing(
            Missing::Unavailable
        )),
        plain!("disk_state", "DiskState", Other, "Disk state", |_node| Cell::Missing(Missing::Unavailable)),
        plain!("custom_ndparams", "CustomNodeParameters", Other, "Custom node parameters", |node| {
            Cell::Dict(&node.ndparams)
        }),
    ];
    all.extend(in_its_group());
    all
}

fn in_its_group() -> Vec<Field<NodeView, Node>> {
    vec![
        Field::new("group", "Group", Type::Text, "Node group", |view: &NodeView, node, _| {
            view.world
                .groups
                .get(node.group)
                .map_or(Cell::Missing(Missing::NoData), |group| Cell::Text(&group.name))
        }),
        Field::new(
            "group.uuid",
            "GroupUUID",
            Type::Text,
            "UUID of node group",
            |view: &NodeView, node, _| {
                view.world
                    .groups
                    .get(node.group)
                    .map_or(Cell::Missing(Missing::NoData), |group| Cell::Text(&group.uuid))
            },
        ),
        Field::new(
            "ndparams",
            "NodeParameters",
            Type::Other,
            "Merged node parameters",
            |view: &NodeView, node, _| {
                let mut filled = view.world.cluster.ndparams.clone();
                if let Some(group) = view.world.groups.get(node.group) {
                    filled.extend(group.ndparams.clone());
                }
                filled.extend(node.ndparams.clone());
                Cell::Value(filled.into())
            },
        ),
    ]
}

fn names(instances: Option<&Vec<Arc<Instance>>>) -> Cell<'_> {
    Cell::Texts(instances.into_iter().flatten().map(|instance| &*instance.name).collect())
}

fn counted() -> Vec<Field<NodeView, Node>> {
    use Type::{Number, Other};
    vec![
        Field::new(
            "pinst_cnt",
            "Pinst",
            Number,
            "Number of instances with this node as primary",
            |_, node: &Node, _| Cell::count(node.usage.primaries),
        ),
        Field::new(
            "sinst_cnt",
            "Sinst",
            Number,
            "Number of instances with this node as secondary",
            |view: &NodeView, node, _| {
                Cell::count(view.secondaries.get(&view.index(node)).map_or(0, Vec::len))
            },
        ),
        Field::new(
            "pinst_list",
            "PriInstances",
            Other,
            "List of instances with this node as primary",
            |view: &NodeView, node, _| names(view.primaries.get(&view.index(node))),
        ),
        Field::new(
            "sinst_list",
            "SecInstances",
            Other,
            "List of instances with this node as secondary",
            |view: &NodeView, node, _| names(view.secondaries.get(&view.index(node))),
        ),
    ]
}

/// A field that the node itself answers.
macro_rules! asked {
    ($name:literal, $title:literal, $kind:ident, $doc:literal, |$node:ident| $cell:expr) => {
        Field::new($name, $title, Type::$kind, $doc, |_, $node: &Node, _| {
            if $node.offline {
                Cell::Missing(Missing::Offline)
            } else if $node.unreachable {
                Cell::Missing(Missing::NoData)
            } else {
                $cell
            }
        })
        .live()
    };
}

fn live() -> Vec<Field<NodeView, Node>> {
    let mut all: Vec<Field<NodeView, Node>> = vec![
        asked!(
            "bootid",
            "BootID",
            Text,
            "Random UUID renewed for each system reboot, can be used for detecting reboots by tracking changes",
            |node| Cell::Text(&node.bootid)
        ),
        asked!(
            "cnodes",
            "CNodes",
            Number,
            "Number of NUMA domains on node (if exported by hypervisor)",
            |_node| Cell::Int(1)
        ),
        asked!(
            "cnos",
            "CNOs",
            Number,
            "Number of logical processors used by the node OS (dom0 for Xen)",
            |_node| Cell::Int(1)
        ),
        asked!(
            "csockets",
            "CSockets",
            Number,
            "Number of physical CPU sockets (if exported by hypervisor)",
            |_node| Cell::Int(1)
        ),
        asked!("ctotal", "CTotal", Number, "Number of logical processors", |node| Cell::count(node.cpus)),
    ];
    all.extend(live_resources());
    all
}

fn live_resources() -> Vec<Field<NodeView, Node>> {
    vec![
        asked!("dfree", "DFree", Unit, "Available storage space on storage unit", |node| Cell::count(
            node.free_disk_mib()
        )),
        asked!(
            "dtotal",
            "DTotal",
            Unit,
            "Total storage space on storage unit for instance disk allocation",
            |node| Cell::count(node.disk_mib)
        ),
        asked!(
            "spfree",
            "SpFree",
            Number,
            "Available spindles in volume group (exclusive storage only)",
            |_node| Cell::Missing(Missing::NoData)
        ),
        asked!(
            "sptotal",
            "SpTotal",
            Number,
            "Total spindles in volume group (exclusive storage only)",
            |_node| Cell::Missing(Missing::NoData)
        ),
        asked!("mfree", "MFree", Unit, "Memory available for instance allocations", |node| Cell::count(
            node.free_mib()
        )),
        asked!("mnode", "MNode", Unit, "Amount of memory used by node (dom0 for Xen)", |node| Cell::count(
            node.own_memory_mib()
        )),
        asked!("mtotal", "MTotal", Unit, "Total amount of memory of physical machine", |node| Cell::count(
            node.memory_mib
        )),
    ]
}

/// A field for each node parameter, of nodes or of groups.
pub(super) fn parameters<C, T>(get: Getter<C, T>) -> Vec<Field<C, T>> {
    let all = [
        ("cpu_speed", None, Type::Other),
        ("exclusive_storage", Some("ExclusiveStorage"), Type::Bool),
        ("oob_program", Some("OutOfBandProgram"), Type::Other),
        ("ovs", Some("OpenvSwitch"), Type::Bool),
        ("ovs_link", Some("OpenvSwitchLink"), Type::Other),
        ("ovs_name", Some("OpenvSwitchName"), Type::Other),
        ("spindle_count", Some("SpindleCount"), Type::Number),
        ("ssh_port", None, Type::Number),
    ];
    let field = |(name, title, kind): (&'static str, Option<&'static str>, Type)| {
        let full = format!("ndp/{name}");
        let title = title.map_or_else(|| full.clone(), str::to_owned);
        Field::new(full, title, kind, format!("The \"{name}\" node parameter"), get).part(Part::Key(name))
    };
    all.into_iter().map(field).collect()
}

/// The value of the parameter in the first of these that has it.
pub(super) fn parameter<'a>(part: Part, sets: &[&'a Dict]) -> Cell<'a> {
    let Part::Key(key) = part else { return Cell::Missing(Missing::NoData) };
    let value = sets.iter().find_map(|set| set.get(key));
    value.map_or(Cell::Missing(Missing::NoData), |value: &Value| Cell::Value(value.clone()))
}

fn own_parameter<'a>(view: &'a NodeView, node: &'a Node, part: Part) -> Cell<'a> {
    let cluster = &view.world.cluster.ndparams;
    match view.world.groups.get(node.group) {
        Some(group) => parameter(part, &[&node.ndparams, &group.ndparams, cluster]),
        None => parameter(part, &[&node.ndparams, cluster]),
    }
}
