//! Image: what a machine boots.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a machine boots: a source of its operating system and who may use it.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[kube(
    group = "cyclades.io",
    version = "v1alpha1",
    kind = "Image",
    plural = "images",
    shortname = "img",
    category = "cyclades",
    namespaced,
    status = "ImageStatus",
    derive = "PartialEq",
    selectable = ".spec.id",
    selectable = ".spec.visibility",
    doc = "What a machine boots: where its operating system comes from and which parameters it gets. Private to its namespace unless it says visibility: Public.",
    printcolumn(name = "OS", type_ = "string", json_path = ".spec.source.ganetiOS.name", description = "Ganeti OS definition"),
    printcolumn(name = "Family", type_ = "string", json_path = ".spec.osFamily", description = "Family of the operating system"),
    printcolumn(name = "Visibility", type_ = "string", json_path = ".spec.visibility", description = "Who may use it"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status", description = "Whether machines can be made from it"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp", description = "Time since creation"),
    validation = Rule::new("has(self.spec.id) == has(oldSelf.spec.id) && (!has(self.spec.id) || self.spec.id == oldSelf.spec.id)").message("spec.id cannot change once the object exists: leave it as it was").field_path(".spec.id").reason(Reason::FieldValueForbidden)
)]
#[serde(rename_all = "camelCase")]
pub struct ImageSpec {
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
    /// Who may use the image. `Private`: machines of its own namespace. `Public`: machines of any namespace.
    #[serde(default)]
    pub visibility: Visibility,
    /// Family of the operating system, e.g. `linux` or `windows`; shown to users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub os_family: Option<String>,
    /// Where the operating system comes from. Exactly one of its fields must be set.
    pub source: ImageSource,
}

/// Who may use an Image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Visibility {
    /// Machines of the image's own namespace.
    #[default]
    Private,
    /// Machines of any namespace.
    Public,
}

/// Where an operating system comes from: a one-of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[x_kube(validation = Rule::new("has(self.ganetiOS) != has(self.cdrom)").message("spec.source must name one source: set ganetiOS, or cdrom for a medium that machines are rescued with"))]
#[serde(rename_all = "camelCase")]
pub struct ImageSource {
    /// A Ganeti OS definition, installed on the nodes of the backend (`gnt-os list`).
    #[serde(default, rename = "ganetiOS", skip_serializing_if = "Option::is_none")]
    pub ganeti_os: Option<GanetiOs>,
    /// A medium that machines are rescued with (`spec.rescue` of a VirtualMachine). Nothing is installed from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cdrom: Option<Cdrom>,
}

/// A medium that a machine boots from instead of its disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cdrom {
    /// Where the nodes find it: the absolute path of a file that every node of the backend has, or a URL that they can
    /// read, without commas. The GanetiBackend must allow it: see its `spec.rescueMedia`.
    #[schemars(schema_with = "crate::text::medium")]
    pub location: String,
}

/// A Ganeti OS definition with its parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[x_kube(validation = Rule::new("!has(self.userDataParameter) || !has(self.allowedParameters) || !(self.userDataParameter in self.allowedParameters)").message("userDataParameter takes the machines' userData: leave it out of allowedParameters"))]
#[serde(rename_all = "camelCase")]
pub struct GanetiOs {
    /// Name of the OS definition as `gnt-os list` prints it, without a variant.
    #[schemars(schema_with = "crate::text::os_name")]
    pub name: String,
    /// Variant of the OS definition, where it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::text::os_name")]
    pub variant: Option<String>,
    /// OS parameters given to every machine made from the image. They are readable in Ganeti: no secrets here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "crate::text::parameters")]
    pub parameters: BTreeMap<String, String>,
    /// OS parameters that a machine may set in its `spec.osParameters`, also over those of the image. At most 64; none where
    /// absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "crate::text::os_parameter_names")]
    pub allowed_parameters: Vec<String>,
    /// Name of the OS parameter that takes a machine's user data, where the OS definition has one. It gets the data in
    /// base64, since Ganeti and the environment of its scripts carry plain ASCII only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::text::os_parameter")]
    pub user_data_parameter: Option<String>,
}

impl GanetiOs {
    /// The OS as Ganeti names it: `name` or `name+variant`.
    #[must_use]
    pub fn ganeti_name(&self) -> String {
        match &self.variant {
            Some(variant) => format!("{}+{variant}", self.name),
            None => self.name.clone(),
        }
    }
}

/// What is observed of an Image.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImageStatus {
    /// Generation of the spec that the conditions speak of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, Reconciling, Stalled.
    #[serde(default)]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}
