//! LinkPool: what networks are told apart by.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

/// MAC prefixes that networks get one each of.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[kube(
    group = "cyclades.io",
    version = "v1alpha1",
    kind = "LinkPool",
    plural = "linkpools",
    category = "cyclades",
    status = "LinkPoolStatus",
    derive = "PartialEq",
    doc = "MAC prefixes, of which each Network gets one: the lowest that is neither taken nor reserved, of the first pool by name that has one. Cluster-scoped; administrators make them.",
    printcolumn(name = "First", type_ = "string", json_path = ".spec.macPrefixes.first", description = "Its first prefix"),
    printcolumn(name = "Count", type_ = "integer", json_path = ".spec.macPrefixes.count", description = "How many there are"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status", description = "Whether networks get prefixes of it"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp", description = "Time since creation"),
    validation = Rule::new("self.spec.macPrefixes.first == oldSelf.spec.macPrefixes.first && self.spec.macPrefixes.count >= oldSelf.spec.macPrefixes.count").message("a pool only grows, as networks have its prefixes: leave spec.macPrefixes.first as it is and do not lower spec.macPrefixes.count; what is to be given to nobody goes into spec.reserved").field_path(".spec.macPrefixes").reason(Reason::FieldValueForbidden)
)]
#[serde(rename_all = "camelCase")]
pub struct LinkPoolSpec {
    /// MAC prefixes in a row.
    pub mac_prefixes: PrefixRange,
    /// Values of it that no network gets. One that a network has stays with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "crate::text::mac_prefixes")]
    pub reserved: Vec<String>,
}

/// MAC prefixes in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct PrefixRange {
    /// The first of them, five hex digits such as `aa:00:1`. Its second digit is 2, 6, a or e: such prefixes are locally
    /// administered, and no maker of hardware has them. Give each installation on one network of layer 2 prefixes of its own.
    #[schemars(schema_with = "crate::text::mac_prefix")]
    pub first: String,
    /// How many there are: at most as many as follow with the same two digits at their beginning.
    #[schemars(range(min = 1, max = 4096))]
    pub count: u32,
}

/// What is observed of a LinkPool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkPoolStatus {
    /// Generation of the spec that the conditions speak of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Which network has which value, in the order of the values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 4096))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub taken: Vec<TakenValue>,
    /// Ready, Reconciling, Stalled.
    #[serde(default)]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}

/// A value that a network has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct TakenValue {
    /// The value.
    #[schemars(length(max = 15))]
    pub value: String,
    /// Id of the network.
    #[schemars(length(max = 36))]
    pub network: String,
}
