//! Flavor: the shape of a machine.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use crate::{quantity::ByteQuantity, reference::ClusterRef};

/// The shape of a machine: virtual CPUs, memory and root disk, none of which changes once the Flavor exists.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[kube(
    group = "cyclades.io",
    version = "v1alpha1",
    kind = "Flavor",
    plural = "flavors",
    shortname = "flv",
    category = "cyclades",
    status = "FlavorStatus",
    derive = "PartialEq",
    selectable = ".spec.id",
    doc = "The shape of a machine: virtual CPUs, memory and root disk. Cluster-scoped. The shape never changes; deleting a Flavor leaves its machines as they are, since each keeps the shape it was made with in its status.",
    printcolumn(name = "VCPUs", type_ = "integer", json_path = ".spec.vcpus", description = "Virtual CPUs"),
    printcolumn(name = "Memory", type_ = "string", json_path = ".spec.memory", description = "Memory"),
    printcolumn(name = "Disk", type_ = "string", json_path = ".spec.disk", description = "Root disk"),
    printcolumn(name = "VolumeType", type_ = "string", json_path = ".spec.volumeTypeRef.name", description = "How the root disk is stored"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status", description = "Whether machines can be made with it"),
    printcolumn(name = "Create", type_ = "boolean", json_path = ".spec.allowCreate", priority = 1, description = "Whether new machines may use it"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp", description = "Time since creation"),
    validation = Rule::new("self.spec.vcpus == oldSelf.spec.vcpus && self.spec.memory == oldSelf.spec.memory && self.spec.disk == oldSelf.spec.disk && self.spec.volumeTypeRef == oldSelf.spec.volumeTypeRef").message("a flavor's shape (vcpus, memory, disk, volumeTypeRef) cannot change: make another Flavor, and set allowCreate: false on this one to retire it").field_path(".spec").reason(Reason::FieldValueForbidden),
    validation = Rule::new("has(self.spec.id) == has(oldSelf.spec.id) && (!has(self.spec.id) || self.spec.id == oldSelf.spec.id)").message("spec.id cannot change once the object exists: leave it as it was").field_path(".spec.id").reason(Reason::FieldValueForbidden),
    validation = Rule::new("!isQuantity(self.spec.memory) || quantity(self.spec.memory).compareTo(quantity('4Mi')) >= 0").message("spec.memory must be at least 4Mi").field_path(".spec.memory"),
    validation = Rule::new("!isQuantity(self.spec.memory) || quantity(self.spec.memory).compareTo(quantity('16Ti')) <= 0").message("spec.memory must be at most 16Ti").field_path(".spec.memory"),
    validation = Rule::new("!isQuantity(self.spec.disk) || quantity(self.spec.disk).compareTo(quantity('0')) == 0 || quantity(self.spec.disk).compareTo(quantity('4Mi')) >= 0").message("spec.disk must be 0 (no disk) or at least 4Mi").field_path(".spec.disk"),
    validation = Rule::new("!isQuantity(self.spec.disk) || quantity(self.spec.disk).compareTo(quantity('1024Ti')) <= 0").message("spec.disk must be at most 1024Ti").field_path(".spec.disk")
)]
#[serde(rename_all = "camelCase")]
pub struct FlavorSpec {
    /// Id that OpenStack clients see (UUID); the object's uid where absent. Set it to keep the id when manifests are
    /// applied to another cluster.
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
    /// Number of virtual CPUs. It never changes.
    #[schemars(range(min = 1, max = 256))]
    pub vcpus: u32,
    /// Memory, e.g. `512Mi` or `4Gi`; rounded up to a multiple of 4 MiB, as Ganeti does. From 4Mi to
    /// 16Ti. It never changes.
    pub memory: ByteQuantity,
    /// Size of the root disk, e.g. `20Gi`; `0` for a machine without one. Ganeti counts in MiB, so it is rounded up. It
    /// never changes.
    #[serde(default = "no_disk")]
    pub disk: ByteQuantity,
    /// VolumeType of the root disk: how the disk is stored. It never changes.
    pub volume_type_ref: ClusterRef,
    /// Whether new machines may use the flavor. Set it to `false` to retire a flavor; machines that have it keep it.
    #[serde(default = "yes")]
    pub allow_create: bool,
    /// Whether every project is offered the flavor. It is shown to users and not enforced yet.
    #[serde(default = "yes")]
    pub public: bool,
}

fn no_disk() -> ByteQuantity {
    ByteQuantity("0".into())
}

fn yes() -> bool {
    true
}

/// What is observed of a Flavor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct FlavorStatus {
    /// Generation of the spec that the conditions speak of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, Reconciling, Stalled.
    #[serde(default)]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}
