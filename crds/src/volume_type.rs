//! VolumeType: which Ganeti disk template a disk is made with.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How disks are stored: a Ganeti disk template and, for `Ext`, its provider.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[kube(
    group = "cyclades.io",
    version = "v1alpha1",
    kind = "VolumeType",
    plural = "volumetypes",
    shortname = "vtype",
    category = "cyclades",
    status = "VolumeTypeStatus",
    derive = "PartialEq",
    doc = "How disks are stored: a Ganeti disk template and, for Ext, its provider. Cluster-scoped; administrators make them, Flavors name them.",
    printcolumn(name = "Template", type_ = "string", json_path = ".spec.diskTemplate", description = "Ganeti disk template"),
    printcolumn(name = "Provider", type_ = "string", json_path = ".spec.provider", description = "ExtStorage provider"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status", description = "Whether Flavors can use it"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp", description = "Time since creation"),
    validation = Rule::new("self.spec.diskTemplate == 'Ext' ? has(self.spec.provider) : !has(self.spec.provider)").message("spec.provider goes with diskTemplate Ext, and only with it: set both or neither").field_path(".spec.provider"),
    validation = Rule::new("self.spec.diskTemplate == oldSelf.spec.diskTemplate").message("spec.diskTemplate cannot change, disks exist with it: make another VolumeType and name that in new Flavors").field_path(".spec.diskTemplate").reason(Reason::FieldValueForbidden)
)]
#[serde(rename_all = "camelCase")]
pub struct VolumeTypeSpec {
    /// Name shown to users; need not be unique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub display_name: Option<String>,
    /// Free text for users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub description: Option<String>,
    /// Ganeti disk template. A backend that has not enabled it (`gnt-cluster info`) is not considered for machines.
    /// `Diskless`: no disk at all. `File`: a file on the node. `SharedFile`: a file on storage that all nodes share.
    /// `Plain`: an LVM volume on the node. `Drbd`: an LVM volume mirrored to a second node. `Rbd`: a Ceph volume.
    /// `Gluster`: a Gluster volume. `Ext`: a volume made by the ExtStorage provider that `provider` names. It never
    /// changes, since disks exist with it.
    pub disk_template: DiskTemplate,
    /// Name of the ExtStorage provider as installed on the nodes; for `diskTemplate: Ext`, and only there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::text::provider")]
    pub provider: Option<String>,
    /// Parameters handed to the ExtStorage provider with each disk. At most 32; names of at most 63 characters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "crate::text::parameters")]
    pub parameters: BTreeMap<String, String>,
}

/// Ganeti's disk templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum DiskTemplate {
    /// No disk at all.
    Diskless,
    /// A file on the node.
    File,
    /// A file on storage that all nodes share.
    SharedFile,
    /// An LVM volume on the node.
    Plain,
    /// An LVM volume mirrored to a second node by DRBD.
    Drbd,
    /// A Ceph RBD volume.
    Rbd,
    /// A Gluster volume.
    Gluster,
    /// A volume made by an ExtStorage provider.
    Ext,
}

impl DiskTemplate {
    /// The name Ganeti knows it by.
    #[must_use]
    pub fn ganeti_name(self) -> &'static str {
        match self {
            Self::Diskless => "diskless",
            Self::File => "file",
            Self::SharedFile => "sharedfile",
            Self::Plain => "plain",
            Self::Drbd => "drbd",
            Self::Rbd => "rbd",
            Self::Gluster => "gluster",
            Self::Ext => "ext",
        }
    }
}

/// What is observed of a VolumeType.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct VolumeTypeStatus {
    /// Generation of the spec that the conditions speak of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, Reconciling, Stalled.
    #[serde(default)]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}
