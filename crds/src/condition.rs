//! Conditions: their types, and the closed list of reasons.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

macro_rules! closed_list {
    ($(#[doc = $about:literal])+ $list:ident: $($(#[doc = $doc:literal])+ $name:ident,)+) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $list { $($(#[doc = $doc])+ $name,)+ }

        impl $list {
            /// Every one there is, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The one that is written as `text`; `None` where it is not in the list.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $(stringify!($name) => Some(Self::$name),)+ _ => None }
            }

            /// As written into the object.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            /// One sentence for the reference: what it means.
            #[must_use]
            pub fn doc(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

closed_list! {
    /// Type of a condition. `Ready`, `Reconciling` and `Stalled` follow kstatus and are on every kind.
    ConditionType:
    /// What is observed equals what the spec asks for, at `observedGeneration`.
    Ready,
    /// Work is under way or waited for; the controller comes back by itself.
    Reconciling,
    /// The controller will not come back by itself: the message names what a person must change.
    Stalled,
    /// A backend has been chosen (VirtualMachine).
    Placed,
    /// Ganeti has what the spec says; the message lists the fields that differ (VirtualMachine).
    InSync,
    /// The cluster's RAPI answers us, verified and authorised (GanetiBackend).
    Reachable,
}

closed_list! {
    /// Why a condition has its status. The list is closed: dashboards and scripts may match on it.
    Reason:
    /// Observed equals desired.
    Ready,
    /// The spec is valid and everything it refers to exists.
    Accepted,
    /// The object carries the annotation `cyclades.io/paused`, or its namespace the label; nothing is done to it.
    Paused,
    /// The object does not parse, or says something no schema can catch.
    InvalidSpec,
    /// The Flavor named by `flavorRef` does not exist; the machine goes on when it appears.
    FlavorNotFound,
    /// The Flavor has `allowCreate: false`: it may not be used for new machines.
    FlavorNotAllowed,
    /// The Image named by `imageRef` does not exist; the machine goes on when it appears.
    ImageNotFound,
    /// The Image is in another namespace and not public.
    ImageNotShared,
    /// The VolumeType named by a Flavor does not exist; its machines go on when it appears.
    VolumeTypeNotFound,
    /// The machine has user data, but the Image names no OS parameter that takes it.
    UserDataNotSupported,
    /// The Image does not allow an OS parameter of the machine, or the backend a hypervisor parameter; the message names it.
    ParameterNotAllowed,
    /// No backend fits; the message says why for each. The machine goes on when capacity changes.
    NoBackendFits,
    /// A backend has been chosen and written to `spec.backendName`.
    BackendChosen,
    /// `spec.backendName` names a backend that does not exist.
    BackendNotFound,
    /// The backend is not ready; its own conditions say why.
    BackendNotReady,
    /// The backend carries the annotation `cyclades.io/forget`: its cluster is gone for good.
    BackendForgotten,
    /// The backend is marked `offline`: no request is sent to it.
    BackendOffline,
    /// The instance is being created.
    Creating,
    /// The instance is being started.
    Starting,
    /// The instance is being shut down.
    Stopping,
    /// The instance is being removed.
    Deleting,
    /// The machine is being rebooted, as `spec.action` asks.
    Rebooting,
    /// An image is being installed on the machine's system disk, as `spec.action` asks.
    Rebuilding,
    /// Another image than the installed one takes effect at a rebuild, which `spec.action` asks for.
    RebuildPending,
    /// A rebuild failed after the system disk was touched: the machine is stopped until it is rebuilt, or started as it is.
    RebuildFailed,
    /// The machine is being given the medium of `spec.rescue`, or its own disk again, to boot from.
    Rescuing,
    /// A rescue, or its end, takes effect the next time that the machine is stopped; see `spec.rescuePolicy`.
    RescuePending,
    /// The machine cannot be rescued: its hypervisor boots from no medium, or its backend does not allow this one.
    RescueRefused,
    /// The machine is being given the shape of another flavor, hypervisor parameters or disks.
    Resizing,
    /// Another flavor, hypervisor parameters or disks take effect the next time that the machine is stopped; see
    /// `spec.resizePolicy`.
    ResizePending,
    /// The machine cannot have the shape of the flavor that `flavorRef` names: disks never shrink.
    ResizeRefused,
    /// The machine cannot have the disks that `spec.disks` names; the message says why.
    DisksRefused,
    /// Ganeti could not plug a disk into the running guest: it is there when the machine is started the next time.
    HotplugFailed,
    /// An administrator suspended the machine: it is stopped until it is released.
    Suspended,
    /// The object is being deleted and `spec.protected` is true: the instance stays until that is false.
    Protected,
    /// `managementPolicy: Observe`: the machine is only looked at.
    Observed,
    /// The instance that `spec.adopt` names is not on the backend; the machine goes on when it appears.
    InstanceNotFound,
    /// The instance that `spec.adopt` names is being taken over.
    Adopting,
    /// The words of `spec.tags` are being put on the instance or taken off it.
    Tagging,
    /// The instance is being let go: it stays in Ganeti, and is nobody's.
    Detaching,
    /// Ganeti refused or failed a job; the message has Ganeti's own words. Tried again later.
    JobFailed,
    /// Ganeti refused a job for a cause that only a change of the spec can cure.
    JobRefused,
    /// Ganeti has no room for the instance; tried again when capacity changes.
    InsufficientCapacity,
    /// Somebody cancelled our job in Ganeti; this machine waits for a while.
    JobCanceled,
    /// An instance of the wanted name exists and is not ours; it is never touched.
    InstanceNameTaken,
    /// Instances on two backends carry this machine's id; neither is touched.
    DuplicateInstance,
    /// The instance once existed and is gone from Ganeti; it is not re-created behind your back.
    InstanceLost,
    /// The machine was stopped in Ganeti or by its guest; `powerPolicy: Follow` respects that.
    StoppedOutside,
    /// The machine was started in Ganeti; `powerPolicy: Follow` respects that.
    StartedOutside,
    /// Ganeti says the instance should run, and it does not; it is started again with a backoff.
    Crashed,
    /// The instance's node does not answer, so its power state is not known.
    NodeUnknown,
    /// Ganeti has what the spec says.
    InSync,
    /// The instance differs from the spec in the fields that the message names.
    Drifted,
    /// RAPI answers, its peer is verified and our credentials are accepted.
    RapiAnswers,
    /// The Secret with the RAPI credentials does not exist or has no username or password.
    CredentialsMissing,
    /// RAPI refused the user name or password.
    CredentialsRefused,
    /// The RAPI user may read but not write; the operator needs a user with `write`.
    CredentialsReadOnly,
    /// The peer's certificate is not the expected one; nothing was sent to it.
    UntrustedPeer,
    /// No endpoint answers.
    Unreachable,
    /// RAPI answers, but with errors.
    RapiFailing,
    /// The cluster behind the endpoints is not the one this backend was bound to.
    ClusterChanged,
    /// Another GanetiBackend is bound to the same cluster.
    ClusterBoundElsewhere,
    /// Another incarnation of this installation holds the claim; see `spec.takeOverFrom`.
    ClaimedByAnother,
    /// The job queue is drained by Ganeti's administrator: nothing is submitted until it is open again.
    QueueDrained,
    /// An inventory came back empty or far too short; nothing is created or deleted until it is credible.
    InventoryImplausible,
    /// The inventory is being read for the first time since the operator started.
    Synchronising,
    /// Machines are still placed on the backend; it is deleted when the last of them is gone.
    MachinesPlaced,
    /// The Network that a Subnet or a NIC names does not exist; it goes on when that appears.
    NetworkNotFound,
    /// The Network that a NIC names is not ready, or is being deleted; its own conditions say why.
    NetworkNotReady,
    /// All addresses of a Network are taken; the machine goes on when one is free.
    AddressesExhausted,
    /// A NIC asks for an address or a MAC that it cannot have; the message says why.
    AddressRefused,
    /// Machines still have NICs in the Network; it is deleted when none is left.
    NetworkInUse,
    /// No LinkPool has a MAC prefix for the Network; it goes on when one does.
    LinkPoolExhausted,
    /// The LinkPools and the Network's status do not agree on its MAC prefix; the message names both.
    LinkPoolConflict,
}

impl Reason {
    /// Whether it says that a job of the machine's own is under way.
    #[must_use]
    pub fn is_progress(self) -> bool {
        matches!(
            self,
            Self::Creating
                | Self::Starting
                | Self::Stopping
                | Self::Deleting
                | Self::Rebooting
                | Self::Rebuilding
                | Self::Rescuing
                | Self::Resizing
                | Self::Adopting
                | Self::Tagging
                | Self::Detaching
        )
    }

    /// Whether it says that a machine is not Ready because its spec wants it so.
    #[must_use]
    pub fn is_wanted(self) -> bool {
        matches!(
            self,
            Self::Paused
                | Self::Suspended
                | Self::RebuildPending
                | Self::RescuePending
                | Self::ResizePending
                | Self::Observed
                | Self::Protected
        )
    }
}

/// Finds the condition of a type.
#[must_use]
pub fn find(conditions: &[Condition], wanted: ConditionType) -> Option<&Condition> {
    conditions.iter().find(|condition| condition.type_ == wanted.as_str())
}
