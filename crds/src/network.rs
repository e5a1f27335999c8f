//! Network: what connects machines.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What connects machines, on any number of Ganeti clusters.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[kube(
    group = "cyclades.io",
    version = "v1alpha1",
    kind = "Network",
    plural = "networks",
    shortname = "net",
    category = "cyclades",
    namespaced,
    status = "NetworkStatus",
    derive = "PartialEq",
    selectable = ".spec.id",
    doc = "What connects machines: a network of layer 2, made on a Ganeti cluster when the first machine there needs it and removed after the last one. Its addresses are those of its Subnets.",
    printcolumn(name = "Type", type_ = "string", json_path = ".spec.type", description = "How its machines are kept apart from others"),
    printcolumn(name = "Prefix", type_ = "string", json_path = ".status.macPrefix", description = "What its MACs begin with"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status", description = "Whether machines can have NICs in it"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].reason", priority = 1, description = "Why it is ready or not"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp", description = "Time since creation"),
    validation = Rule::new("has(self.spec.id) == has(oldSelf.spec.id) && (!has(self.spec.id) || self.spec.id == oldSelf.spec.id)").message("spec.id cannot change once the object exists: leave it as it was").field_path(".spec.id").reason(Reason::FieldValueForbidden),
    validation = Rule::new("self.spec.type == oldSelf.spec.type").message("spec.type cannot change, machines are connected by it: make another Network").field_path(".spec.type").reason(Reason::FieldValueForbidden),
    validation = Rule::new("(has(self.spec.link) ? self.spec.link : '') == (has(oldSelf.spec.link) ? oldSelf.spec.link : '')").message("spec.link cannot change, machines are connected by it: make another Network").field_path(".spec.link").reason(Reason::FieldValueForbidden),
    validation = Rule::new("self.spec.type == 'Custom' ? has(self.spec.link) : !has(self.spec.link)").message("spec.link goes with type Custom, and only with it: name the nodes' bridge there, and leave it out of a MACFiltered network, which has the one that each backend names").field_path(".spec.link")
)]
#[serde(rename_all = "camelCase")]
pub struct NetworkSpec {
    /// Id of the network (UUID), by which it is found in Ganeti; the object's uid where absent. Set it to keep the network's
    /// identity when its manifest is applied to another cluster. It never changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::text::uuid")]
    pub id: Option<String>,
    /// Name shown to users; need not be unique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub display_name: Option<String>,
    /// Free text for users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub description: Option<String>,
    /// How its machines are kept apart from others. `MACFiltered`: all such networks share a bridge of the nodes
    /// (`spec.macFilteredBridge` of the backend), and the nodes let only frames between MACs with the network's own prefix
    /// through. `Custom`: the bridge that `link` names, with whatever an administrator has connected it to; it needs the verb
    /// `provide` on networks. It never changes.
    #[serde(default, rename = "type")]
    pub kind: NetworkType,
    /// Bridge of the nodes, for `type: Custom` and only there. It never changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::text::device")]
    pub link: Option<String>,
}

/// How a network's machines are kept apart from others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum NetworkType {
    /// By the prefix of their MACs, on a bridge that networks share.
    #[default]
    #[serde(rename = "MACFiltered")]
    MacFiltered,
    /// As an administrator has connected the bridge that `link` names.
    Custom,
}

/// What is observed of a Network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct NetworkStatus {
    /// Generation of the spec that the conditions speak of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The network's id: `spec.id`, else the object's uid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    pub id: Option<String>,
    /// What its MACs begin with, from a LinkPool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 7))]
    pub mac_prefix: Option<String>,
    /// Ready, Reconciling, Stalled.
    #[serde(default)]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}
