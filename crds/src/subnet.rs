//! Subnet: the addresses of a network.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use crate::reference::LocalRef;

/// A range of addresses of a network.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[kube(
    group = "cyclades.io",
    version = "v1alpha1",
    kind = "Subnet",
    plural = "subnets",
    category = "cyclades",
    namespaced,
    status = "SubnetStatus",
    derive = "PartialEq",
    selectable = ".spec.id",
    doc = "The addresses of a Network in its own namespace: one range of IPv4, one of IPv6, or both. Machines with NICs in a Network wait until it has one.",
    printcolumn(name = "Network", type_ = "string", json_path = ".spec.networkRef.name", description = "The network"),
    printcolumn(name = "Range", type_ = "string", json_path = ".spec.cidr", description = "Its addresses"),
    printcolumn(name = "Gateway", type_ = "string", json_path = ".spec.gateway", description = "Where other addresses are reached"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status", description = "Whether machines get addresses of it"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].reason", priority = 1, description = "Why it is ready or not"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp", description = "Time since creation"),
    validation = Rule::new("has(self.spec.id) == has(oldSelf.spec.id) && (!has(self.spec.id) || self.spec.id == oldSelf.spec.id)").message("spec.id cannot change once the object exists: leave it as it was").field_path(".spec.id").reason(Reason::FieldValueForbidden),
    validation = Rule::new("self.spec.networkRef == oldSelf.spec.networkRef && self.spec.cidr == oldSelf.spec.cidr").message("spec.networkRef and spec.cidr cannot change, machines have addresses of it: delete the Subnet when no machine uses the network, and make another one").field_path(".spec.cidr").reason(Reason::FieldValueForbidden),
    validation = Rule::new("(has(self.spec.gateway) ? self.spec.gateway : '') == (has(oldSelf.spec.gateway) ? oldSelf.spec.gateway : '')").message("spec.gateway cannot change, machines were told of it: delete the Subnet when no machine uses the network, and make another one").field_path(".spec.gateway").reason(Reason::FieldValueForbidden),
    validation = Rule::new("!isCIDR(self.spec.cidr) || cidr(self.spec.cidr).ip().family() == 6 || (cidr(self.spec.cidr).prefixLength() >= 16 && cidr(self.spec.cidr).prefixLength() <= 30)").message("an IPv4 range is from /16 to /30, which is what Ganeti takes: write such a one").field_path(".spec.cidr"),
    validation = Rule::new("!isCIDR(self.spec.cidr) || cidr(self.spec.cidr).ip().family() == 4 || cidr(self.spec.cidr).prefixLength() == 64").message("an IPv6 range is a /64, as guests make their addresses of it by themselves (SLAAC): write one").field_path(".spec.cidr"),
    validation = Rule::new("!has(self.spec.gateway) || !isCIDR(self.spec.cidr) || !isIP(self.spec.gateway) || (cidr(self.spec.cidr).containsIP(self.spec.gateway) && !self.spec.cidr.startsWith(self.spec.gateway + '/'))").message("spec.gateway is a host's address within spec.cidr: name one, such as the first").field_path(".spec.gateway"),
    validation = Rule::new("!has(self.spec.allocationPools) || !isCIDR(self.spec.cidr) || self.spec.allocationPools.all(pool, !isIP(pool.start) || !isIP(pool.end) || (cidr(self.spec.cidr).containsIP(pool.start) && cidr(self.spec.cidr).containsIP(pool.end)))").message("spec.allocationPools are within spec.cidr: name addresses of it").field_path(".spec.allocationPools"),
    validation = Rule::new("!has(self.spec.allocationPools) || !isCIDR(self.spec.cidr) || cidr(self.spec.cidr).ip().family() == 4").message("an IPv6 range has no spec.allocationPools, as guests make their addresses by themselves: leave them out").field_path(".spec.allocationPools")
)]
#[serde(rename_all = "camelCase")]
pub struct SubnetSpec {
    /// Id that OpenStack clients see (UUID); the object's uid where absent. Set it to keep the id when manifests are
    /// applied to another cluster. It never changes.
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
    /// Network that it gives addresses to, which has at most one Subnet of IPv4 and one of IPv6. It never changes.
    pub network_ref: LocalRef,
    /// Its addresses: a range of IPv4 from /16 to /30 such as `192.168.1.0/24`, or a /64 of IPv6. It never changes. The range
    /// may be the same as that of another Network: they do not see each other.
    #[schemars(schema_with = "crate::text::cidr")]
    pub cidr: String,
    /// Address of the router that leads out of the network, which no machine gets. None where absent. It never changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::text::address")]
    pub gateway: Option<String>,
    /// Ranges that NICs get addresses from that ask for none in particular; the whole of `cidr` where absent. An address
    /// outside of them is given to a NIC that asks for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub allocation_pools: Vec<AllocationPool>,
}

/// Addresses in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct AllocationPool {
    /// The first of them.
    #[schemars(schema_with = "crate::text::address")]
    pub start: String,
    /// The last of them.
    #[schemars(schema_with = "crate::text::address")]
    pub end: String,
}

/// What is observed of a Subnet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubnetStatus {
    /// Generation of the spec that the conditions speak of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, Reconciling, Stalled.
    #[serde(default)]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}
