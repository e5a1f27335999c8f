//! Fields of node groups.

use std::sync::{Arc, LazyLock};

use super::cell::Cell;
use super::field::{Field, Fields, Type};
use super::{common_fields, node};
use crate::state::{Dict, Group, Instance, World};

/// What group queries read.
pub(crate) struct GroupView {
    pub world: World,
    /// In Ganeti's order.
    pub instances: Vec<Arc<Instance>>,
}

impl GroupView {
    fn index(&self, group: &Group) -> usize {
        self.world.groups.iter().position(|other| other.uuid == group.uuid).unwrap_or(usize::MAX)
    }

    fn nodes(&self, group: &Group) -> Vec<&str> {
        let index = self.index(group);
        self.world.nodes.iter().filter(|node| node.group == index).map(|node| node.name.as_str()).collect()
    }

    fn instances(&self, group: &Group) -> Vec<&str> {
        let index = self.index(group);
        let here = |instance: &&Arc<Instance>| {
            self.world.nodes.get(instance.pnode).is_some_and(|node| node.group == index)
        };
        self.instances.iter().filter(here).map(|instance| &*instance.name).collect()
    }
}

fn merged(defaults: &Dict, own: &Dict) -> Cell<'static> {
    let mut all = defaults.clone();
    all.extend(own.clone());
    Cell::Value(all.into())
}

/// All fields of node groups.
pub(crate) fn group_fields() -> &'static Fields<GroupView, Group> {
    static FIELDS: LazyLock<Fields<GroupView, Group>> = LazyLock::new(|| {
        let mut all = fields();
        all.extend(node::parameters(|view: &GroupView, group: &Group, part| {
            node::parameter(part, &[&group.ndparams, &view.world.cluster.ndparams])
        }));
        all.extend(common_fields!(GroupView, Group, "Group"));
        Fields::new(all)
    });
    &FIELDS
}

fn fields() -> Vec<Field<GroupView, Group>> {
    use Type::{Other, Text};
    let mut all: Vec<Field<GroupView, Group>> = vec![
        Field::new(
            "alloc_policy",
            "AllocPolicy",
            Text,
            "Allocation policy for group",
            |_, group: &Group, _| Cell::Text(&group.alloc_policy),
        ),
        Field::new(
            "custom_diskparams",
            "CustomDiskParameters",
            Other,
            "Custom disk parameters",
            |_, group, _| Cell::Dict(&group.diskparams),
        ),
        Field::new(
            "custom_ipolicy",
            "CustomInstancePolicy",
            Other,
            "Custom instance policy limitations",
            |_, group, _| Cell::Dict(&group.ipolicy),
        ),
        Field::new("custom_ndparams", "CustomNDParams", Other, "Custom node parameters", |_, group, _| {
            Cell::Dict(&group.ndparams)
        }),
        Field::new(
            "diskparams",
            "DiskParameters",
            Other,
            "Disk parameters (merged)",
            |view: &GroupView, group, _| merged(&view.world.cluster.diskparams, &group.diskparams),
        ),
    ];
    all.extend(members());
    all
}

fn members() -> Vec<Field<GroupView, Group>> {
    use Type::{Number, Other, Text};
    vec![
        Field::new(
            "ipolicy",
            "InstancePolicy",
            Other,
            "Instance policy limitations (merged)",
            |view: &GroupView, group, _| merged(&view.world.cluster.ipolicy, &group.ipolicy),
        ),
        Field::new("name", "Group", Text, "Group name", |_, group, _| Cell::Text(&group.name)),
        Field::new("ndparams", "NDParams", Other, "Node parameters", |view: &GroupView, group, _| {
            merged(&view.world.cluster.ndparams, &group.ndparams)
        }),
        Field::new("node_cnt", "Nodes", Number, "Number of nodes", |view: &GroupView, group, _| {
            Cell::count(view.nodes(group).len())
        }),
        Field::new("node_list", "NodeList", Other, "List of nodes", |view: &GroupView, group, _| {
            Cell::Texts(view.nodes(group))
        }),
        Field::new(
            "pinst_cnt",
            "Instances",
            Number,
            "Number of primary instances",
            |view: &GroupView, group, _| Cell::count(view.instances(group).len()),
        ),
        Field::new(
            "pinst_list",
            "InstanceList",
            Other,
            "List of primary instances",
            |view: &GroupView, group, _| Cell::Texts(view.instances(group)),
        ),
    ]
}
