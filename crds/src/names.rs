//! Every string that Cyclades writes into Kubernetes or Ganeti and that others may match on.

/// API group of all kinds.
pub const GROUP: &str = "cyclades.io";
/// Served and stored version of all kinds.
pub const VERSION: &str = "v1alpha1";
/// Field manager of every write the operator makes.
pub const FIELD_MANAGER: &str = "cyclades-operator";
/// Component name in Events.
pub const EVENT_REPORTER: &str = "cyclades.io/operator";
/// How the names of the Leases of the operator's replicas begin; the replica's name follows.
pub const LEASE_PREFIX: &str = "cyclades-replica-";
/// Finalizer on a VirtualMachine while a Ganeti instance of it may exist.
pub const VM_FINALIZER: &str = "cyclades.io/instance";
/// Finalizer on a GanetiBackend while VirtualMachines are placed on it.
pub const BACKEND_FINALIZER: &str = "cyclades.io/placed-machines";
/// Finalizer on a Network while it has a MAC prefix, addresses or a network in Ganeti.
pub const NETWORK_FINALIZER: &str = "cyclades.io/network";
/// Annotation on an object (any value but `false`): the operator leaves it alone, deletion included.
pub const PAUSED_ANNOTATION: &str = "cyclades.io/paused";
/// Label on a Namespace (any value but `false`): the operator leaves all machines in it alone. It is the annotation's word.
pub const PAUSED_LABEL: &str = PAUSED_ANNOTATION;
/// Annotation on a GanetiBackend whose cluster is gone for good: machines placed on it are let go without it.
pub const FORGET_ANNOTATION: &str = "cyclades.io/forget";
/// Type of the Secrets the operator reads RAPI credentials from: Kubernetes' own, with the keys
/// `username` and `password`. Secrets of any other type are never read.
pub const CREDENTIALS_SECRET_TYPE: &str = "kubernetes.io/basic-auth";
/// Custom verb on `virtualmachines` that lets a user set `spec.backendName` at creation.
pub const VERB_PIN: &str = "pin";
/// Custom verb on `virtualmachines` that lets a user set `spec.adopt`.
pub const VERB_ADOPT: &str = "adopt";
/// Custom verb on `virtualmachines` that lets a user suspend and release machines.
pub const VERB_SUSPEND: &str = "suspend";
/// Custom verb on `virtualmachines` that lets a user set `spec.deletionPolicy: Detach`.
pub const VERB_DETACH: &str = "detach";

/// Custom verb on `networks` that lets a user make networks of type `Custom`.
pub const VERB_PROVIDE: &str = "provide";

/// How every tag of ours on an instance begins.
pub const TAG_ROOT: &str = "cyclades:";
/// Tag on an instance: `cyclades:id:<VM id>`. An instance is found by this tag, whatever its name.
pub const TAG_ID: &str = "cyclades:id:";
/// Tag on an instance: `cyclades:ns:<namespace>`, for Ganeti's administrators.
pub const TAG_NAMESPACE: &str = "cyclades:ns:";
/// Tag on an instance: `cyclades:name:<object name>`, for Ganeti's administrators.
pub const TAG_NAME: &str = "cyclades:name:";
/// Tag on an instance: `cyclades:cluster:<clusterID>`, the installation that owns it.
pub const TAG_CLUSTER: &str = "cyclades:cluster:";
/// Tag on an instance: `cyclades:user:<tag>`, one for each of `spec.tags`, as Synnefo wrote them.
pub const TAG_USER: &str = "cyclades:user:";
/// Tag on a Ganeti cluster: `cyclades:claim:<prefix>:<clusterID>:<incarnation>`: which installation
/// manages instances with that name prefix, and which life of it (the uid of `kube-system`).
pub const TAG_CLAIM: &str = "cyclades:claim:";
/// First part of every job reason: `cyclades/<clusterID>/<epoch>.<life>/<id>/<generation>/<step>`.
pub const REASON_ROOT: &str = "cyclades";
/// Longest tag Ganeti takes, in characters (`TagMaxLength` in Ganeti's constants).
pub const TAG_LENGTH_MAX: usize = 128;
