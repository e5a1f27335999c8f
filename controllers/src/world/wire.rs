//! Lean views of objects as they come over a watch: borrowed, and only what decisions need.
//!
//! A watch event of a machine has 2–4 KB, most of it bookkeeping that nobody here reads (managed fields, the
//! last-applied annotation, user data of machines that were made long ago). These types skip it without allocating.

use std::{borrow::Cow, collections::BTreeMap};

use cyclades_crds::{
    disk::{Disk, DiskStatus},
    names,
    nic::{Nic, NicStatus},
    virtual_machine::{
        ActionResult, ActionType, DeletionPolicy, DriftPolicy, ManagementPolicy, ObservedPower, OnMissing,
        OwnBoot, PowerPolicy, PowerState, RescuePolicy, ResizePolicy, SHUTDOWN_TIMEOUT_DEFAULT_SECONDS,
        Shape,
    },
};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};

/// What every object has.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MetaWire<'a> {
    #[serde(borrow)]
    pub(crate) name: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) namespace: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) uid: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) resource_version: Cow<'a, str>,
    #[serde(default)]
    pub(crate) generation: i64,
    #[serde(default)]
    pub(crate) creation_timestamp: Option<jiff::Timestamp>,
    #[serde(borrow, default)]
    pub(crate) deletion_timestamp: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) finalizers: Vec<Cow<'a, str>>,
    #[serde(default, rename = "annotations")]
    pub(crate) marks: Marks,
}

impl MetaWire<'_> {
    /// The resource version as a number; the API server documents that versions of one kind are ordered.
    pub(crate) fn version(&self) -> u64 {
        self.resource_version.parse().unwrap_or(0)
    }
}

/// What the annotations say to us; the rest of them is skipped. An annotation counts whatever it says but `false`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// Nothing is done to the object.
    pub(crate) paused: bool,
    /// The cluster of this backend is gone for good.
    pub(crate) forget: bool,
}

impl<'de> Deserialize<'de> for Marks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Annotations;
        impl<'de> Visitor<'de> for Annotations {
            type Value = Marks;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("annotations")
            }
            fn visit_unit<E>(self) -> Result<Marks, E> {
                Ok(Marks::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Marks, A::Error> {
                let mut marks = Marks::default();
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    let mark = match key.as_ref() {
                        names::PAUSED_ANNOTATION => &mut marks.paused,
                        names::FORGET_ANNOTATION => &mut marks.forget,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    *mark = map.next_value::<Cow<'de, str>>()? != "false";
                }
                Ok(marks)
            }
        }
        deserializer.deserialize_any(Annotations)
    }
}

/// A VirtualMachine.
#[derive(Debug, Deserialize)]
pub(crate) struct VmWire<'a> {
    #[serde(borrow)]
    pub(crate) metadata: MetaWire<'a>,
    #[serde(borrow)]
    pub(crate) spec: VmSpecWire<'a>,
    #[serde(borrow, default)]
    pub(crate) status: VmStatusWire<'a>,
}

/// Spec of a VirtualMachine.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VmSpecWire<'a> {
    #[serde(borrow, default)]
    pub(crate) id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) flavor_ref: RefWire<'a>,
    #[serde(borrow)]
    pub(crate) image_ref: RefWire<'a>,
    #[serde(default)]
    pub(crate) power_state: PowerState,
    #[serde(default)]
    pub(crate) power_policy: PowerPolicy,
    #[serde(default)]
    pub(crate) on_missing: OnMissing,
    #[serde(default)]
    pub(crate) management_policy: ManagementPolicy,
    #[serde(borrow, default)]
    pub(crate) adopt: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(crate) resize_policy: ResizePolicy,
    #[serde(borrow, default)]
    pub(crate) rescue: Option<RescueWire<'a>>,
    #[serde(default)]
    pub(crate) rescue_policy: RescuePolicy,
    #[serde(default)]
    pub(crate) drift_policy: DriftPolicy,
    #[serde(default)]
    pub(crate) deletion_policy: DeletionPolicy,
    #[serde(default)]
    pub(crate) protected: bool,
    #[serde(default)]
    pub(crate) suspended: bool,
    #[serde(borrow, default)]
    pub(crate) tags: Vec<Cow<'a, str>>,
    #[serde(default)]
    pub(crate) disks: Vec<Disk>,
    #[serde(default)]
    pub(crate) nics: Vec<Nic>,
    #[serde(default)]
    pub(crate) os_parameters: BTreeMap<Box<str>, Box<str>>,
    #[serde(default)]
    pub(crate) hypervisor_parameters: BTreeMap<Box<str>, Box<str>>,
    #[serde(borrow, default)]
    pub(crate) action: Option<ActionWire<'a>>,
    #[serde(default = "shutdown_timeout")]
    pub(crate) shutdown_timeout_seconds: u32,
    #[serde(borrow, default)]
    pub(crate) user_data: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) backend_name: Option<Cow<'a, str>>,
}

fn shutdown_timeout() -> u32 {
    SHUTDOWN_TIMEOUT_DEFAULT_SECONDS
}

/// Something to be done once.
#[derive(Debug, Deserialize)]
pub(crate) struct ActionWire<'a> {
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
    #[serde(rename = "type")]
    pub(crate) kind: ActionType,
}

/// What a machine boots from instead of its disk.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RescueWire<'a> {
    #[serde(borrow)]
    pub(crate) image_ref: RefWire<'a>,
}

/// What came of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LastActionWire<'a> {
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
    pub(crate) result: ActionResult,
    #[serde(borrow, default)]
    pub(crate) message: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) image: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(crate) after_job: Option<u64>,
}

/// A reference.
#[derive(Debug, Deserialize)]
pub(crate) struct RefWire<'a> {
    #[serde(borrow)]
    pub(crate) name: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) namespace: Option<Cow<'a, str>>,
}

/// Status of a VirtualMachine.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VmStatusWire<'a> {
    #[serde(default)]
    pub(crate) observed_generation: i64,
    #[serde(borrow, default)]
    pub(crate) instance_name: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "instanceUUID")]
    pub(crate) instance_uuid: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) node: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(crate) power_state: Option<ObservedPower>,
    #[serde(default)]
    pub(crate) applied_power_state: Option<PowerState>,
    #[serde(default)]
    pub(crate) shape: Option<Shape>,
    #[serde(borrow, default)]
    pub(crate) flavor: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(crate) disks: Vec<DiskStatus>,
    #[serde(default)]
    pub(crate) hypervisor_parameters: BTreeMap<Box<str>, Box<str>>,
    #[serde(borrow, default)]
    pub(crate) image: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) rescue: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(crate) boot_before_rescue: Option<OwnBoot>,
    #[serde(default)]
    pub(crate) restart_required: Option<bool>,
    #[serde(default)]
    pub(crate) nics: Vec<NicStatus>,
    #[serde(borrow, default)]
    pub(crate) last_action: Option<LastActionWire<'a>>,
    #[serde(borrow, default)]
    pub(crate) conditions: Vec<ConditionWire<'a>>,
}

/// A condition.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConditionWire<'a> {
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) status: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) reason: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) message: Cow<'a, str>,
    #[serde(default)]
    pub(crate) last_transition_time: Option<jiff::Timestamp>,
}

/// Any object, down to its metadata: what is left of one that does not parse.
#[derive(Debug, Deserialize)]
pub(crate) struct AnyWire<'a> {
    #[serde(borrow)]
    pub(crate) metadata: MetaWire<'a>,
}

/// A cluster-scoped or namespaced object whose spec is kept whole because there are few of them.
#[derive(Debug, Deserialize)]
pub(crate) struct WholeWire<'a, Spec, Status: Default> {
    #[serde(borrow)]
    pub(crate) metadata: MetaWire<'a>,
    pub(crate) spec: Spec,
    #[serde(default)]
    pub(crate) status: Status,
}
