//! VirtualMachine: the machine itself.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    disk::{Disk, DiskStatus},
    nic::{Nic, NicStatus},
    reference::{ClusterRef, ImageRef},
};

/// What the machine is made of and whether it should run.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[kube(
    group = "cyclades.io",
    version = "v1alpha1",
    kind = "VirtualMachine",
    plural = "virtualmachines",
    shortname = "vm",
    category = "cyclades",
    namespaced,
    status = "VirtualMachineStatus",
    derive = "PartialEq",
    selectable = ".spec.id",
    selectable = ".spec.backendName",
    selectable = ".spec.flavorRef.name",
    doc = "A virtual machine. The operator chooses a Ganeti cluster for it, creates an instance there and keeps it as the spec says; deleting the object removes the instance and its disks.",
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status", description = "Whether the machine is as the spec says"),
    printcolumn(name = "State", type_ = "string", json_path = ".status.powerState", description = "What Ganeti reports of it"),
    printcolumn(name = "Address", type_ = "string", json_path = ".status.nics[0].address", description = "Address of its first NIC"),
    printcolumn(name = "Flavor", type_ = "string", json_path = ".spec.flavorRef.name", description = "Its shape"),
    printcolumn(name = "Backend", type_ = "string", json_path = ".spec.backendName", description = "Ganeti cluster it is on"),
    printcolumn(name = "Node", type_ = "string", json_path = ".status.node", priority = 1, description = "Ganeti node it runs on"),
    printcolumn(name = "Instance", type_ = "string", json_path = ".status.instanceName", priority = 1, description = "Its name in Ganeti"),
    printcolumn(name = "Disks", type_ = "string", json_path = ".status.disks", priority = 1, description = "Disks of its own"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].reason", priority = 1, description = "Why it is ready or not"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp", description = "Time since creation"),
    validation = Rule::new("has(oldSelf.spec.id) ? (has(self.spec.id) && self.spec.id == oldSelf.spec.id) : (!has(self.spec.id) || (has(self.status) && has(self.status.id) && self.spec.id == self.status.id))").message("spec.id cannot change once the object exists: leave it as it was, or set it to the value of status.id").field_path(".spec.id").reason(Reason::FieldValueForbidden),
    validation = Rule::new("!has(oldSelf.spec.backendName) || (has(self.spec.backendName) && self.spec.backendName == oldSelf.spec.backendName)").message("spec.backendName is set once, by the scheduler or at creation, and cannot change or be removed: use kubectl apply or patch, which keep it, or copy the value into the manifest").field_path(".spec.backendName").reason(Reason::FieldValueForbidden),
    validation = Rule::new("!self.spec.protected || !has(self.spec.action) || self.spec.action.type != 'Rebuild' || (has(oldSelf.spec.action) && self.spec.action == oldSelf.spec.action)").message("a rebuild erases the system disk, and spec.protected is true: set it to false first").field_path(".spec.action").reason(Reason::FieldValueForbidden),
    validation = Rule::new("!has(self.spec.adopt) || has(self.spec.backendName)").message("spec.adopt needs spec.backendName: say on which backend the instance is").field_path(".spec.adopt").reason(Reason::FieldValueRequired),
    validation = Rule::new("(has(self.spec.adopt) ? self.spec.adopt : '') == (has(oldSelf.spec.adopt) ? oldSelf.spec.adopt : '') || !has(self.spec.adopt) || !has(oldSelf.status) || !has(oldSelf.status.instanceUUID)").message("spec.adopt names an instance to be taken over and cannot be set once the machine has one").field_path(".spec.adopt").reason(Reason::FieldValueForbidden),
    validation = Rule::new("self.spec.managementPolicy != 'Observe' || has(self.spec.backendName)").message("managementPolicy: Observe needs spec.backendName: nothing that is only observed is placed").field_path(".spec.managementPolicy").reason(Reason::FieldValueRequired),
    validation = Rule::new("!has(oldSelf.status) || !has(oldSelf.status.disks) || oldSelf.status.disks.all(had, had.sizeMiB == 0 || (has(self.spec.disks) && self.spec.disks.exists(disk, disk.name == had.name && (!isQuantity(disk.size) || quantity(disk.size).asInteger() + 4194304 > had.sizeMiB * 1048576))))").message("a disk that the machine has (status.disks) can be neither taken away nor made smaller, as its data would be lost: leave it as it is; it goes with the machine, or after an administrator has removed it in Ganeti").field_path(".spec.disks").reason(Reason::FieldValueForbidden),
    validation = Rule::new("!has(oldSelf.status) || !has(oldSelf.status.instanceUUID) || (has(self.spec.nics) ? self.spec.nics : []) == (has(oldSelf.spec.nics) ? oldSelf.spec.nics : [])").message("spec.nics cannot change while the machine has an instance: leave them as they are, or make another machine").field_path(".spec.nics").reason(Reason::FieldValueForbidden),
    validation = Rule::new("(has(self.spec.userData) ? self.spec.userData : '') == (has(oldSelf.spec.userData) ? oldSelf.spec.userData : '') || !has(oldSelf.status) || !has(oldSelf.status.instanceUUID) || (has(self.spec.action) && self.spec.action.type == 'Rebuild' && (!has(oldSelf.spec.action) || self.spec.action.id != oldSelf.spec.action.id))").message("spec.userData is read when the operating system is installed: change it together with a new spec.action of type Rebuild, which erases the system disk").field_path(".spec.userData").reason(Reason::FieldValueForbidden)
)]
#[serde(rename_all = "camelCase")]
pub struct VirtualMachineSpec {
    /// Id of the machine (UUID), by which its instance is found in Ganeti; the object's uid where absent. Set it to keep
    /// the machine's identity when its manifest is applied to another cluster.
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
    /// Flavor of the machine: its virtual CPUs, memory and root disk. Another one resizes the machine, as `resizePolicy`
    /// says; its disk may be larger and never smaller.
    pub flavor_ref: ClusterRef,
    /// Image that the machine is made from. Another one is installed by `action` with `type: Rebuild` and not before:
    /// until then the guest is left alone, and `InSync` is False with reason `RebuildPending`.
    pub image_ref: ImageRef,
    /// Whether the machine should run. `Running`: it is started. `Stopped`: its guest is asked to shut down and is stopped
    /// by force after `shutdownTimeoutSeconds`; its disks stay.
    #[serde(default)]
    pub power_state: PowerState,
    /// What happens when somebody starts or stops the machine elsewhere, in Ganeti or from inside the guest. `Follow`: it
    /// is shown (`Ready=False`, reason `StoppedOutside` or `StartedOutside`) and respected until `powerState` changes.
    /// `Enforce`: the declared `powerState` is brought back. A crash is neither: the machine is started again.
    #[serde(default)]
    pub power_policy: PowerPolicy,
    /// What happens when the instance vanishes from Ganeti. `Stall`: the machine is `Stalled` with reason `InstanceLost`
    /// until it is deleted or this field changes. `Recreate`: a new, blank instance is made; what was on the old one's
    /// disks is not brought back.
    #[serde(default)]
    pub on_missing: OnMissing,
    /// Whether the machine is worked on. `Managed`: it is made and kept as the spec says. `Observe`: it is only looked at;
    /// nothing is sent to Ganeti for it, and nothing is done to its instance when the object is deleted.
    #[serde(default)]
    pub management_policy: ManagementPolicy,
    /// Name of an instance in Ganeti that nobody declared, to be taken over as this machine with its disks and its guest;
    /// only our tags are put on it. With `managementPolicy: Observe` not even that. It needs `backendName`, and the verb
    /// `adopt` on virtualmachines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255), regex(pattern = "^[A-Za-z0-9._-]+$"))]
    pub adopt: Option<String>,
    /// When another flavor, other hypervisor parameters and disks that cannot be plugged into the running guest take effect.
    /// `WhenStopped`: the next time that the machine is stopped; until then `InSync` is False with reason `ResizePending`
    /// and the guest is left alone. `Restart`: the machine is shut down for it and started again.
    #[serde(default)]
    pub resize_policy: ResizePolicy,
    /// Boots the machine from a medium instead of its disk, to repair what is on the disk. It needs the hypervisor kvm, and
    /// takes effect as `rescuePolicy` says. Without it, the machine boots from its disk again, as that policy says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rescue: Option<Rescue>,
    /// When `rescue`, or its end, takes effect. `WhenStopped`: the next time that the machine is stopped; until then
    /// `InSync` is False with reason `RescuePending` and the guest is left alone. `Restart`: the machine is shut down for
    /// it and started again.
    #[serde(default)]
    pub rescue_policy: RescuePolicy,
    /// What happens when an administrator changes CPUs, memory, disks or declared hypervisor parameters in Ganeti. `Report`:
    /// it is shown (`Ready=False`, reason `Drifted`) and left alone. `Correct`: what is declared is brought back, as
    /// `resizePolicy` says; a disk that was removed is made again, blank. `Accept`: the condition `InSync` shows it, and the
    /// machine is Ready all the same. A disk never shrinks.
    #[serde(default)]
    pub drift_policy: DriftPolicy,
    /// Something to be done once. It is done at most once for each `id`, whatever restarts in between; `status.lastAction`
    /// says what came of it. One that is there before the machine is made is not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// An administrator's stop: the machine is shut down and kept so, and `powerState` and `action` wait until it is
    /// released. Setting and clearing it needs the verb `suspend` on virtualmachines.
    #[serde(default)]
    pub suspended: bool,
    /// The object cannot be deleted while this is true, nor the machine with its namespace.
    #[serde(default)]
    pub protected: bool,
    /// What becomes of the instance when the object is deleted. `Delete`: it is removed with its disks. `Detach`: it stays
    /// as it is and is nobody's from then on. Setting `Detach` needs the verb `detach` on virtualmachines.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,
    /// Words of the owner, which Ganeti keeps as tags of the instance (`cyclades:user:…`) for scripts on its nodes. At most
    /// 50, of at most 60 characters each, without `/` and `,`. They are put on and taken off while the guest runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), inner(length(min = 1, max = 60), regex(pattern = "^[^/,]+$")))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub tags: Vec<String>,
    /// Texts of the owner under names of his own, as OpenStack clients set and read them. They are kept here alone: Ganeti
    /// is not told. At most 128; names of 1 to 255 letters, digits, blanks and the characters `-_:.`, texts of at most 255
    /// characters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "crate::text::metadata")]
    pub metadata: BTreeMap<String, String>,
    /// Disks of the machine's own, beside the root disk that its flavor gives it; stored as its flavor's VolumeType says. A
    /// new one is made and plugged into the running guest where the hypervisor can, else it is there after the next stop,
    /// as `resizePolicy` says; a larger size grows it in the same way. None shrinks, and none can be taken away while it
    /// holds data: see `status.disks`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 15))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub disks: Vec<Disk>,
    /// NICs of the machine, in the order in which the guest sees them; at most 8. They are made with the instance and stay as
    /// they are while it exists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub nics: Vec<Nic>,
    /// Parameters for the scripts of the machine's operating system, beside those of its Image, which must list each in
    /// `allowedParameters`. They are read when the machine is made and when it is rebuilt; a change in between does nothing
    /// before that. Everybody who can read the object or the instance can read them: no secrets here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "crate::text::parameters")]
    pub os_parameters: BTreeMap<String, String>,
    /// Parameters of Ganeti's hypervisor (`gnt-instance info`), such as `serial_console: "false"`. The machine's backend must
    /// list each in `allowedHypervisorParameters`. They take effect when the machine is started; a change on a running one
    /// waits, as `resizePolicy` says. One that is taken away has the cluster's default again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "crate::text::hypervisor_parameters")]
    pub hypervisor_parameters: BTreeMap<String, String>,
    /// Seconds that a guest has to shut down by itself before it is stopped by force; 0 stops it at once.
    #[serde(default = "shutdown_timeout_default")]
    #[schemars(range(min = 0, max = 3600))]
    pub shutdown_timeout_seconds: u32,
    /// User data for the guest's first boot, e.g. a cloud-init document. Its image must name the OS parameter that takes
    /// it. At most 65,535 characters. Everybody who can read the object or the instance can read it: no secrets here. Once
    /// the instance exists, it changes only together with a new `action` of `type: Rebuild`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 65535))]
    pub user_data: Option<String>,
    /// GanetiBackend that the machine is on. Leave it out: the scheduler sets it, once, and it never changes. Somebody with
    /// the verb `pin` on virtualmachines may set it at creation, also to a drained backend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::text::name")]
    pub backend_name: Option<String>,
}

/// Ganeti's own default for a soft shutdown (`DEFAULT_SHUTDOWN_TIMEOUT`), in seconds.
pub const SHUTDOWN_TIMEOUT_DEFAULT_SECONDS: u32 = 120;

fn shutdown_timeout_default() -> u32 {
    SHUTDOWN_TIMEOUT_DEFAULT_SECONDS
}

/// The schema of an optional enum, without a null: the documentation of the field is then kept, where the derive
/// macro would put that of the enum in its place.
fn described_here<T: JsonSchema>(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    T::json_schema(generator)
}

/// Whether a machine should run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum PowerState {
    /// It runs.
    #[default]
    Running,
    /// It is shut down; its disks stay.
    Stopped,
}

/// What happens when somebody starts or stops the machine elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum PowerPolicy {
    /// It is shown (`Ready=False`, reason `StoppedOutside` or `StartedOutside`) and respected until `powerState` changes.
    #[default]
    Follow,
    /// The declared `powerState` is brought back.
    Enforce,
}

/// Whether a machine is worked on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ManagementPolicy {
    /// It is made and kept as the spec says.
    #[default]
    Managed,
    /// It is only looked at.
    Observe,
}

/// When another flavor takes effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ResizePolicy {
    /// The next time that the machine is stopped.
    #[default]
    WhenStopped,
    /// At once: the machine is shut down for it and started again.
    Restart,
}

/// What a machine boots from instead of its disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rescue {
    /// Image with the medium: one with `source.cdrom`.
    pub image_ref: ImageRef,
}

/// What an instance itself is set to boot from, as hypervisor parameters; what is absent is as the cluster says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnBoot {
    /// `boot_order`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub boot_order: Option<String>,
    /// `cdrom_image_path`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub cdrom_image_path: Option<String>,
}

/// When a rescue, or its end, takes effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum RescuePolicy {
    /// The next time that the machine is stopped.
    #[default]
    WhenStopped,
    /// At once: the machine is shut down for it and started again.
    Restart,
}

/// What happens when an administrator changes the shape in Ganeti.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum DriftPolicy {
    /// It is shown and left alone.
    #[default]
    Report,
    /// The flavor's shape is brought back, as `resizePolicy` says.
    Correct,
    /// It is shown, and the machine is Ready all the same.
    Accept,
}

/// What becomes of the instance when the object is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    /// It is removed with its disks.
    #[default]
    Delete,
    /// It stays as it is and is nobody's from then on.
    Detach,
}

/// Something to be done once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct Action {
    /// Any text that is new, such as the time: what was done for an id is not done again for the same one.
    #[schemars(length(min = 1, max = 63))]
    pub id: String,
    /// What to do. `RebootSoft`: the hypervisor resets the guest. `RebootHard`: the guest is shut down, or stopped by force
    /// after `shutdownTimeoutSeconds`, and started again. `Rebuild`: it is shut down likewise, the image that `imageRef`
    /// names is installed on its system disk, whose content is lost, and it is as `powerState` says again.
    #[serde(rename = "type")]
    pub kind: ActionType,
}

/// Kinds of actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ActionType {
    /// The hypervisor resets the guest.
    RebootSoft,
    /// The guest is shut down and started again.
    RebootHard,
    /// The image of the spec is installed on the system disk, whose content is lost.
    Rebuild,
}

/// What came of the last action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastAction {
    /// Its id.
    #[schemars(length(max = 63))]
    pub id: String,
    /// `Taken`: it is being done. `Done`, `Failed`. `Declined`: the machine was not in a state for it, or suspended.
    /// `Unknown`: the operator was interrupted, and the job may or may not have been sent. `Baseline`: it was there before
    /// the machine.
    pub result: ActionResult,
    /// Why, where it was not done, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub message: Option<String>,
    /// The image that a `Rebuild` installs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 127))]
    pub image: Option<String>,
    /// While a `Rebuild` is being done: the last job of Ganeti when it was taken. Its own job is a later one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub after_job: Option<i64>,
}

/// What came of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ActionResult {
    /// It is being done.
    Taken,
    /// It was done.
    Done,
    /// Its job failed or was cancelled in Ganeti.
    Failed,
    /// The machine was not in a state for it, or suspended: nothing was done.
    Declined,
    /// The operator was interrupted, and the job may or may not have been sent.
    Unknown,
    /// It was there before the machine was made: nothing was done.
    Baseline,
}

/// What happens when the instance vanishes from Ganeti.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum OnMissing {
    /// The machine is `Stalled` with reason `InstanceLost` until it is deleted or this field changes.
    #[default]
    Stall,
    /// A new, blank instance is created.
    Recreate,
}

/// What is observed of a VirtualMachine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct VirtualMachineStatus {
    /// Generation of the spec that the conditions speak of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The machine's id: `spec.id`, else the object's uid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    pub id: Option<String>,
    /// Name of the instance in Ganeti.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub instance_name: Option<String>,
    /// UUID of the instance in Ganeti; it changes only if the instance is made anew.
    #[serde(default, rename = "instanceUUID", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    pub instance_uuid: Option<String>,
    /// Ganeti's primary node of the instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub node: Option<String>,
    /// What Ganeti reports of the machine. `Pending`: no instance yet. `Running`, `Stopped`: as it says. `Crashed`: it
    /// should run by Ganeti's own record and does not. `Unknown`: its node does not answer. `Lost`: it existed and is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "described_here::<ObservedPower>")]
    pub power_state: Option<ObservedPower>,
    /// The `spec.powerState` that was last brought about. A difference between this and the spec is a wish of the user;
    /// a difference between this and `powerState` was made elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "described_here::<PowerState>")]
    pub applied_power_state: Option<PowerState>,
    /// The shape that the machine has; it stays when the Flavor is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Shape>,
    /// Flavor whose shape that is. Another one than `spec.flavorRef` is a resize that has not taken effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub flavor: Option<String>,
    /// Image that is installed: its name, or namespace and name where it is in another namespace. Absent where that is not
    /// known, as of an instance that was taken over. Another one than `spec.imageRef` is installed by a rebuild.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 127))]
    pub image: Option<String>,
    /// Image whose medium the machine boots from, or will the next time that it is started. Absent: it boots from its disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 127))]
    pub rescue: Option<String>,
    /// What the instance itself was set to boot from before the rescue. It is given back at the end of it. Absent: nothing,
    /// it booted as the cluster says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot_before_rescue: Option<OwnBoot>,
    /// Ganeti could not plug a disk into the guest that runs: it has the disk after the next stop and start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart_required: Option<bool>,
    /// The machine's own disks, as far as `spec.disks` was brought about. One that was removed in Ganeti has the size 0; its
    /// entry in `spec.disks` may then be taken away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 15))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub disks: Vec<DiskStatus>,
    /// The machine's NICs, with what they were given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub nics: Vec<NicStatus>,
    /// The hypervisor parameters, as far as `spec.hypervisorParameters` was brought about.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "crate::text::observed_parameters")]
    pub hypervisor_parameters: BTreeMap<String, String>,
    /// What came of the last `spec.action`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_action: Option<LastAction>,
    /// Ready, Reconciling, Stalled, Placed, InSync.
    #[serde(default)]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}

/// What Ganeti reports of a machine's power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ObservedPower {
    /// No instance yet.
    Pending,
    /// The instance runs.
    Running,
    /// The instance is shut down.
    Stopped,
    /// It should run by Ganeti's own record and does not.
    Crashed,
    /// Its node does not answer.
    Unknown,
    /// The instance existed and is gone.
    Lost,
}

/// The shape of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Shape {
    /// Virtual CPUs.
    pub vcpus: u32,
    /// Memory in MiB.
    #[serde(rename = "memoryMiB")]
    pub memory_mib: u64,
    /// Root disk in MiB; 0 for none.
    #[serde(rename = "diskMiB")]
    pub disk_mib: u64,
    /// Ganeti's name of the disk template.
    #[schemars(length(max = 63))]
    pub disk_template: String,
}
