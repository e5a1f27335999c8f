//! GanetiBackend: one Ganeti cluster.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reference::SecretRef;

/// Where a Ganeti cluster's Remote API is, how it is trusted, and how hard the cluster may be worked.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[kube(
    group = "cyclades.io",
    version = "v1alpha1",
    kind = "GanetiBackend",
    plural = "ganetibackends",
    shortname = "gbe",
    category = "cyclades",
    status = "GanetiBackendStatus",
    derive = "PartialEq",
    doc = "One Ganeti cluster that machines can be placed on: where its Remote API is, how it is trusted, and how hard it may be worked. Cluster-scoped.",
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status", description = "Whether machines on it are managed"),
    printcolumn(name = "Cluster", type_ = "string", json_path = ".status.clusterName", description = "The cluster's own name"),
    printcolumn(name = "Version", type_ = "string", json_path = ".status.softwareVersion", description = "Ganeti's version"),
    printcolumn(name = "Nodes", type_ = "integer", json_path = ".status.capacity.nodes", description = "Nodes that take instances"),
    printcolumn(name = "Memory", type_ = "string", json_path = ".status.capacity.memory", description = "Memory of those nodes"),
    printcolumn(name = "Orphans", type_ = "integer", json_path = ".status.undeclared.orphans", description = "Instances of ours whose VirtualMachine does not exist"),
    printcolumn(name = "Drained", type_ = "boolean", json_path = ".spec.drained", description = "Whether new machines stay away"),
    printcolumn(name = "Undeclared", type_ = "integer", json_path = ".status.undeclared.instances", priority = 1, description = "Instances that somebody else made"),
    printcolumn(name = "Hypervisors", type_ = "string", json_path = ".status.hypervisors", priority = 1, description = "Enabled hypervisors"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].reason", priority = 1, description = "Why it is ready or not"),
    printcolumn(name = "Holder", type_ = "string", json_path = ".status.holder", priority = 1, description = "Replica of the operator that works on it"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp", description = "Time since creation"),
    validation = Rule::new("self.spec.instanceNamePrefix == oldSelf.spec.instanceNamePrefix").message("spec.instanceNamePrefix cannot change: instances are named with it").field_path(".spec.instanceNamePrefix").reason(Reason::FieldValueForbidden)
)]
#[serde(rename_all = "camelCase")]
pub struct GanetiBackendSpec {
    /// Name shown to users; need not be unique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub display_name: Option<String>,
    /// Free text for users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub description: Option<String>,
    /// RAPI endpoints, tried in order, e.g. `https://cluster.example.com:5080`. Name the cluster's own address first, then
    /// the nodes that may become master.
    #[schemars(schema_with = "crate::text::endpoints")]
    pub endpoints: Vec<String>,
    /// Secret with the RAPI user and password, in the namespace the operator runs in. The user needs `write` in
    /// `/var/lib/ganeti/rapi/users`.
    pub credentials_secret_ref: SecretRef,
    /// How RAPI's certificate is trusted: set exactly one of `pins` and `caBundle`. There is no way to skip the check.
    pub tls: Tls,
    /// First part of the names of instances made here; the machine's id follows. It must end in `-` and never changes.
    /// Give each installation that shares a Ganeti cluster a prefix of its own.
    #[serde(default = "prefix_default")]
    #[schemars(schema_with = "crate::text::instance_name_prefix")]
    pub instance_name_prefix: String,
    /// Hypervisor of new instances (`kvm`, `xen-hvm` …); the cluster's first enabled one where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::text::hypervisor")]
    pub hypervisor: Option<String>,
    /// Hypervisor parameters that a machine here may set in its `spec.hypervisorParameters`. At most 64; none where absent. Some
    /// of them give a guest power over its node (`kvm_extra`, `kvm_path`, paths of files): allow only what a tenant may have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "crate::text::hypervisor_parameter_names")]
    pub allowed_hypervisor_parameters: Vec<String>,
    /// Whether new machines stay away. Those that are here are managed as ever, and a machine that names the backend in
    /// `spec.backendName` at its creation comes here all the same.
    #[serde(default)]
    pub drained: bool,
    /// Whether to leave the cluster alone: no request at all is sent to it, and its machines wait.
    #[serde(default)]
    pub offline: bool,
    /// Where media may come from that machines are rescued with: directories on the nodes, such as `/srv/iso/`, and
    /// beginnings of URLs, each with a slash at its end. Whoever may make an Image chooses among what lies below, and the
    /// guest can read it. None where absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "crate::text::media")]
    pub rescue_media: Vec<String>,
    /// Bridge that all nodes of the cluster have for networks of type `MACFiltered`. Machines with NICs in such a network do
    /// not come here where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::text::device")]
    pub mac_filtered_bridge: Option<String>,
    /// How hard the cluster may be worked.
    #[serde(default)]
    pub limits: Limits,
    /// How often the cluster is looked at. Every interval is independent of the number of machines.
    #[serde(default)]
    pub polling: Polling,
    /// Incarnation (the uid of `kube-system` in the former Kubernetes cluster) whose claim on this Ganeti cluster is to be
    /// taken over. Set it after a recovery from lost etcd data, never while the former installation still runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::text::uuid")]
    pub take_over_from: Option<String>,
}

fn prefix_default() -> String {
    "cyclades-".into()
}

/// How RAPI's certificate is trusted: by pinned certificates, or by a CA. Never unverified.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[x_kube(validation = Rule::new("has(self.pins) != has(self.caBundle)").message("set exactly one of tls.pins and tls.caBundle; the certificate that Ganeti makes for itself needs pins"))]
#[serde(rename_all = "camelCase")]
pub struct Tls {
    /// SHA-256 fingerprints of the certificates that are accepted, in hex with or without colons, as printed on the
    /// cluster's master by `openssl x509 -in /var/lib/ganeti/rapi.pem -noout -fingerprint -sha256`. Name the old and the new one while you
    /// renew the certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::text::pins")]
    pub pins: Option<Vec<String>>,
    /// CA certificates (PEM), one of which RAPI's certificate must chain to; it must also name the endpoint's host. The
    /// certificate that Ganeti makes for itself does neither, so it needs `pins`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 65536))]
    pub ca_bundle: Option<String>,
}

/// How hard a Ganeti cluster may be worked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Limits {
    /// Unfinished jobs of ours at a time. Ganeti runs 20 at once by default, which its administrators share.
    #[schemars(range(min = 1, max = 1000))]
    pub jobs_in_flight: u32,
    /// Connections to RAPI at a time. RAPI serves 20 by default.
    #[schemars(range(min = 1, max = 64))]
    pub connections: u32,
    /// How many virtual CPUs may be placed per physical CPU.
    #[schemars(range(min = 1, max = 1000))]
    pub vcpus_per_cpu: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { jobs_in_flight: 10, connections: 6, vcpus_per_cpu: 4 }
    }
}

/// How often a Ganeti cluster is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Polling {
    /// Seconds between looks at the job queue; while jobs of ours run it is looked at more often.
    #[schemars(range(min = 1, max = 60))]
    pub jobs_seconds: u32,
    /// Seconds between readings of all instances' configuration.
    #[schemars(range(min = 1, max = 3600))]
    pub configuration_seconds: u32,
    /// Seconds between readings of all instances' live status, which costs the nodes some work.
    #[schemars(range(min = 1, max = 3600))]
    pub status_seconds: u32,
    /// Seconds between readings of the cluster itself: version, nodes, capacity.
    #[schemars(range(min = 5, max = 86400))]
    pub cluster_seconds: u32,
}

impl Default for Polling {
    fn default() -> Self {
        Self { jobs_seconds: 2, configuration_seconds: 5, status_seconds: 10, cluster_seconds: 60 }
    }
}

/// What is observed of a GanetiBackend.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct GanetiBackendStatus {
    /// Generation of the spec that the conditions speak of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// UUID of the Ganeti cluster this backend is bound to. Another cluster behind the same endpoints is refused.
    #[serde(default, rename = "clusterUUID", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    pub cluster_uuid: Option<String>,
    /// The cluster's own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub cluster_name: Option<String>,
    /// Ganeti's version, e.g. `3.0.2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub software_version: Option<String>,
    /// Enabled hypervisors; the first one is the default.
    #[serde(default)]
    #[schemars(length(max = 16), inner(length(max = 63)))]
    pub hypervisors: Vec<String>,
    /// Enabled disk templates.
    #[serde(default)]
    #[schemars(length(max = 16), inner(length(max = 63)))]
    pub disk_templates: Vec<String>,
    /// What the cluster has in all, over nodes that take instances. Quantised, so that it changes rarely.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Capacity>,
    /// Instances of the cluster that no VirtualMachine declares. They are never touched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undeclared: Option<Undeclared>,
    /// The replica of the operator that works on the cluster; none while it changes hands. It is written when that
    /// changes, and only upon the version that it was decided on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub holder: Option<String>,
    /// How often the cluster was taken over: it stands in the reason of every job, and Ganeti rejects those of a holder
    /// before that come late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 9_999_999_999i64))]
    pub epoch: Option<u64>,
    /// Ready, Reconciling, Stalled, Reachable.
    #[serde(default)]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}

/// Totals of a cluster, over nodes that are online, not drained and take instances.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Capacity {
    /// Number of such nodes.
    pub nodes: u32,
    /// Physical CPUs.
    pub cpus: u32,
    /// Memory for people, in Gi.
    #[schemars(length(max = 16))]
    pub memory: String,
    /// Memory in MiB, rounded down to a multiple of 256.
    #[serde(rename = "memoryMiB")]
    pub memory_mib: u64,
    /// Disk in MiB, rounded down to a multiple of 1,024; 0 where Ganeti reports none.
    #[serde(rename = "diskMiB")]
    pub disk_mib: u64,
}

/// Longest list of orphans in a status; `kubectl cyclades orphans` reads all of them from Ganeti.
pub const ORPHAN_NAMES_MAX: usize = 20;

/// Instances of a cluster that no VirtualMachine declares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Undeclared {
    /// Number of instances that somebody else made. `kubectl cyclades import` writes manifests to look at them with.
    pub instances: u32,
    /// Number of instances that carry the tags of this installation and whose VirtualMachine does not exist, as after a
    /// restore of etcd. `kubectl cyclades import --orphans` writes the manifests that are missing.
    pub orphans: u32,
    /// Names of the orphans in alphabetical order, of at most 20.
    // Written also where there is none: a merge patch that does not speak of a list leaves it as it is.
    #[serde(default)]
    #[schemars(length(max = 20), inner(length(max = 255)))]
    pub orphan_names: Vec<String>,
}
