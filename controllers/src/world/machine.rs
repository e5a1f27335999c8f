//! What is kept of a VirtualMachine.

use std::{borrow::Cow, collections::BTreeMap, rc::Rc, sync::Arc};

use cyclades_crds::{
    condition::{ConditionType, Reason},
    disk::DiskStatus,
    names,
    nic::Nic,
    virtual_machine::{
        ActionResult, ActionType, DeletionPolicy, DriftPolicy, ManagementPolicy, OnMissing, PowerPolicy,
        PowerState, RescuePolicy, ResizePolicy,
    },
};
use cyclades_domain::{
    conditions::Verdict,
    naming::{image_label, image_of, user_tag},
    shape::own_disk,
    vm::{Desired, Disk, Extras, LastAction, OwnBoot, Request, Setback, Stage, Status},
};
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    intern::Interner,
    key::ObjectName,
    memory::Memory,
    wire::{ConditionWire, LastActionWire, VmSpecWire, VmStatusWire, VmWire},
};

/// A VirtualMachine as decisions need it: about a kilobyte, whatever the object weighs.
#[derive(Debug)]
pub(crate) struct Machine {
    /// Its object.
    pub(crate) key: ObjectName,
    /// uid of the object.
    pub(crate) uid: Uuid,
    /// Id of the machine: `spec.id`, else the uid.
    pub(crate) id: Uuid,
    /// Resource version that this is.
    pub(crate) version: u64,
    /// Generation of the spec.
    pub(crate) generation: i64,
    /// When the object was created.
    pub(crate) created: jiff::Timestamp,
    /// Being deleted.
    pub(crate) deleting: bool,
    /// Paused by annotation.
    pub(crate) paused: bool,
    /// All finalizers, ours included; the list is replaced whole when ours is added or removed.
    pub(crate) finalizers: Rc<[Box<str>]>,
    /// Name of its Flavor.
    pub(crate) flavor: Arc<str>,
    /// Its Image, as the status tells it.
    pub(crate) image_label: Arc<str>,
    /// Declared power.
    pub(crate) power: PowerState,
    /// Declared power policy.
    pub(crate) power_policy: PowerPolicy,
    /// Declared behaviour when the instance is missing.
    pub(crate) on_missing: OnMissing,
    /// Whether it is worked on.
    pub(crate) management: ManagementPolicy,
    /// Name of an instance to be taken over.
    pub(crate) adopt: Option<Arc<str>>,
    /// When another flavor takes effect.
    pub(crate) resize_policy: ResizePolicy,
    /// The Image that it is to be rescued from, as the status tells it.
    pub(crate) rescue: Option<Arc<str>>,
    /// When a rescue, or its end, takes effect.
    pub(crate) rescue_policy: RescuePolicy,
    /// What to do about changes of the shape made elsewhere.
    pub(crate) drift_policy: DriftPolicy,
    /// What becomes of the instance in the end.
    pub(crate) deletion: DeletionPolicy,
    /// It may not be deleted.
    pub(crate) protected: bool,
    /// An administrator wants it stopped.
    pub(crate) suspended: bool,
    /// The words of its owner as Ganeti's tags, sorted; `None` for none, which is what most machines have.
    tags: Option<Rc<[Box<str>]>>,
    /// Its NICs; `None` for none.
    nics: Option<Rc<[Nic]>>,
    /// What it declares beside its flavor and its image; `None` for nothing, which is what most machines have.
    own: Option<Box<Own>>,
    /// Something to be done once, with its id.
    pub(crate) action: Option<(Arc<str>, ActionType)>,
    /// Declared shutdown timeout, in seconds.
    pub(crate) shutdown_timeout_seconds: u32,
    /// User data, kept only until the instance exists, and while it is to be rebuilt.
    pub(crate) user_data: Option<Box<str>>,
    /// Backend it is placed on.
    pub(crate) backend: Option<Arc<str>>,
    /// Status as the object has it.
    pub(crate) status: Status,
    /// Transition times of the status's verdicts, in the same order.
    pub(crate) times: Rc<[jiff::Timestamp]>,
    /// What is remembered between passes and not stored.
    pub(crate) memory: Memory,
}

/// What a machine declares beside its flavor and its image.
#[derive(Debug)]
struct Own {
    extras: Option<Arc<Extras>>,
    os_parameters: BTreeMap<Box<str>, Box<str>>,
}

impl Machine {
    /// Reads a machine; `None` where the object's identity does not parse.
    pub(crate) fn read(wire: &VmWire<'_>, interner: &mut Interner) -> Option<Self> {
        let meta = &wire.metadata;
        let namespace = meta.namespace.as_deref()?;
        let uid = Uuid::try_parse(&meta.uid).ok()?;
        let id = match &wire.spec.id {
            Some(id) => Uuid::try_parse(id).ok()?,
            None => uid,
        };
        let (status, times) = read_status(&wire.status, interner);
        let image_namespace = wire.spec.image_ref.namespace.as_deref().unwrap_or(namespace);
        let action = wire.spec.action.as_ref().map(|action| (Arc::from(&*action.id), action.kind));
        let wants_user_data = wants_user_data(&status, action.as_ref());
        Some(Self {
            key: ObjectName::new(namespace, &meta.name),
            uid,
            id,
            version: meta.version(),
            generation: meta.generation,
            created: meta.creation_timestamp.unwrap_or_default(),
            deleting: meta.deletion_timestamp.is_some(),
            paused: meta.marks.paused,
            finalizers: meta.finalizers.iter().map(|text| Box::from(text.as_ref())).collect(),
            flavor: interner.text(&wire.spec.flavor_ref.name),
            image_label: interner.text(&image_label(namespace, image_namespace, &wire.spec.image_ref.name)),
            power: wire.spec.power_state,
            power_policy: wire.spec.power_policy,
            on_missing: wire.spec.on_missing,
            management: wire.spec.management_policy,
            adopt: wire.spec.adopt.as_deref().map(Arc::from),
            resize_policy: wire.spec.resize_policy,
            rescue: wire.spec.rescue.as_ref().map(|rescue| {
                let of = rescue.image_ref.namespace.as_deref().unwrap_or(namespace);
                interner.text(&image_label(namespace, of, &rescue.image_ref.name))
            }),
            rescue_policy: wire.spec.rescue_policy,
            drift_policy: wire.spec.drift_policy,
            deletion: wire.spec.deletion_policy,
            protected: wire.spec.protected,
            suspended: wire.spec.suspended,
            tags: tags_of(&wire.spec.tags),
            nics: (!wire.spec.nics.is_empty()).then(|| wire.spec.nics.as_slice().into()),
            own: own_of(&wire.spec),
            action,
            shutdown_timeout_seconds: wire.spec.shutdown_timeout_seconds,
            user_data: wire.spec.user_data.as_deref().filter(|_| wants_user_data).map(Box::from),
            backend: wire.spec.backend_name.as_deref().map(|name| interner.text(name)),
            status,
            times,
            memory: Memory::default(),
        })
    }

    /// Its NICs, as declared.
    pub(crate) fn nics(&self) -> &[Nic] {
        self.nics.as_deref().unwrap_or_default()
    }

    /// The networks that its NICs are in.
    pub(crate) fn networks(&self) -> impl Iterator<Item = ObjectName> {
        self.nics().iter().map(|nic| ObjectName::new(self.key.namespace(), &nic.network_ref.name))
    }

    /// Whether our finalizer is on the object.
    pub(crate) fn has_finalizer(&self) -> bool {
        self.finalizers.iter().any(|finalizer| &**finalizer == names::VM_FINALIZER)
    }

    /// The Image that a label of its status means.
    pub(crate) fn image_named(&self, label: &str) -> ObjectName {
        let (namespace, name) = image_of(self.key.namespace(), label);
        ObjectName::new(namespace, name)
    }

    /// What the spec asks for. Whether its namespace is paused, the object does not say.
    pub(crate) fn desired(&self) -> Desired {
        Desired {
            deleting: self.deleting,
            paused: self.paused,
            namespace_paused: false,
            observe: self.management == ManagementPolicy::Observe,
            adopts: self.adopt.is_some(),
            protected: self.protected,
            suspended: self.suspended,
            generation: self.generation,
            power: self.power,
            power_policy: self.power_policy,
            resize_policy: self.resize_policy,
            rescue_policy: self.rescue_policy,
            drift_policy: self.drift_policy,
            deletion: self.deletion,
            on_missing: self.on_missing,
        }
    }

    /// The power that was last brought about. A wish that was overtaken by another left a power that the status does not
    /// speak of.
    pub(crate) fn applied(&self) -> Option<PowerState> {
        self.status.applied.filter(|applied| self.memory.ordered.is_none_or(|it| it == *applied))
    }

    /// Whether its status tells that it waits for its backend.
    pub(crate) fn waits_for_backend(&self) -> bool {
        use Reason::{BackendNotFound, BackendNotReady, BackendOffline, Synchronising};
        let told = self.status.verdict(ConditionType::Ready).map(|verdict| verdict.reason);
        matches!(told, Some(BackendNotFound | BackendNotReady | BackendOffline | Synchronising))
    }

    /// Name of its instance, as far as the object tells.
    pub(crate) fn known_instance(&self) -> Option<&Arc<str>> {
        self.status.instance_name.as_ref().or(self.adopt.as_ref())
    }

    /// The words of its owner as Ganeti's tags, sorted.
    pub(crate) fn tags(&self) -> &[Box<str>] {
        self.tags.as_deref().unwrap_or_default()
    }

    /// What it declares beside its flavor's shape.
    pub(crate) fn extras(&self) -> Option<&Arc<Extras>> {
        self.own.as_ref()?.extras.as_ref()
    }

    /// The OS parameters that it declares.
    pub(crate) fn os_parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = self.own.iter().flat_map(|own| &own.os_parameters);
        own.map(|(name, value)| (&**name, &**value))
    }

    /// What its own disks need, in MiB.
    pub(crate) fn own_disk_mib(&self) -> u64 {
        self.extras().map_or(0, |extras| extras.disk_mib())
    }

    /// When what holds it back ends.
    pub(crate) fn held_until(&self) -> Option<Instant> {
        self.memory.setback.as_ref().map(|held| held.until).max(self.memory.crash_pause_until)
    }

    /// The action that is asked for and not yet over. A rebuild that was begun comes to its end whatever the spec says
    /// meanwhile.
    pub(crate) fn request(&self, last_job: u64) -> Option<Request> {
        let remembered = |id: &Arc<str>| match &self.memory.action {
            Some((ours, stage)) if ours == id => *stage,
            _ => Stage::Orphaned,
        };
        let last = self.status.last_action.as_deref();
        if let Some(last) = last.filter(|last| last.is_unfinished_rebuild()) {
            let is_asked_for = self.action.as_ref().is_some_and(|(id, _)| *id == last.id);
            let stage = match remembered(&last.id) {
                Stage::Taken | Stage::Prepared if !is_asked_for => Stage::Withdrawn,
                stage => stage,
            };
            return Some(Request { id: Arc::clone(&last.id), kind: ActionType::Rebuild, stage, last_job });
        }
        let (id, kind) = self.action.as_ref()?;
        let stage = match last.filter(|last| last.id == *id) {
            Some(last) if last.result == ActionResult::Taken => remembered(id),
            Some(_) => return None,
            None => Stage::New,
        };
        Some(Request { id: Arc::clone(id), kind: *kind, stage, last_job })
    }

    /// Whether its user data may still be handed over.
    pub(crate) fn wants_user_data(&self) -> bool {
        wants_user_data(&self.status, self.action.as_ref())
    }

    /// The setback that still counts: of this generation, from memory or, after a restart, from the status.
    pub(crate) fn setback(&self, now: Instant) -> Option<Setback> {
        if let Some(held) = &self.memory.setback {
            let counts = held.generation == self.generation && (held.setback.permanent || now < held.until);
            return counts.then(|| Setback { holding: now < held.until, ..held.setback.clone() });
        }
        let stalled = self.status.verdict(ConditionType::Stalled)?;
        let ours = matches!(stalled.reason, Reason::JobRefused) && stalled.status == Some(true);
        (ours && self.status.observed_generation == self.generation).then(|| Setback {
            reason: stalled.reason,
            message: Arc::clone(&stalled.message),
            permanent: true,
            holding: true,
        })
    }
}

fn wants_user_data(status: &Status, action: Option<&(Arc<str>, ActionType)>) -> bool {
    let is_over = |id: &Arc<str>| {
        let last = status.last_action.as_deref().filter(|last| last.id == *id);
        last.is_some_and(|last| last.result != ActionResult::Taken)
    };
    let rebuild = action.is_some_and(|(id, kind)| *kind == ActionType::Rebuild && !is_over(id));
    status.instance_uuid.is_none() || rebuild
}

fn tags_of(words: &[Cow<'_, str>]) -> Option<Rc<[Box<str>]>> {
    let mut tags: Vec<Box<str>> = words.iter().map(|word| user_tag(word).into()).collect();
    tags.sort();
    tags.dedup();
    (!tags.is_empty()).then(|| tags.into())
}

fn own_of(spec: &VmSpecWire<'_>) -> Option<Box<Own>> {
    let extras = Extras {
        parameters: spec.hypervisor_parameters.clone(),
        // What is no amount, no schema lets through.
        disks: spec.disks.iter().filter_map(|disk| own_disk(disk).ok()).collect(),
    };
    let own = Own {
        extras: (!extras.is_empty()).then(|| Arc::new(extras)),
        os_parameters: spec.os_parameters.clone(),
    };
    (own.extras.is_some() || !own.os_parameters.is_empty()).then(|| Box::new(own))
}

fn read_extras(wire: &VmStatusWire<'_>) -> Option<Arc<Extras>> {
    let disk = |disk: &DiskStatus| Disk { name: disk.name.as_str().into(), size_mib: disk.size_mib };
    let extras = Extras {
        parameters: wire.hypervisor_parameters.clone(),
        disks: wire.disks.iter().map(disk).collect(),
    };
    (!extras.is_empty()).then(|| Arc::new(extras))
}

fn read_status(wire: &VmStatusWire<'_>, interner: &mut Interner) -> (Status, Rc<[jiff::Timestamp]>) {
    let known: Vec<(Verdict, jiff::Timestamp)> =
        wire.conditions.iter().filter_map(|condition| read_condition(condition, interner)).collect();
    let status = Status {
        observed_generation: wire.observed_generation,
        instance_name: wire.instance_name.as_deref().map(Arc::from),
        instance_uuid: wire.instance_uuid.as_deref().map(Arc::from),
        node: wire.node.as_deref().map(|text| interner.text(text)),
        power: wire.power_state,
        applied: wire.applied_power_state,
        shape: wire.shape.clone().map(|shape| interner.shape(shape)),
        flavor: wire.flavor.as_deref().map(|text| interner.text(text)),
        extras: read_extras(wire),
        image: wire.image.as_deref().map(|text| interner.text(text)),
        rescue: wire.rescue.as_deref().map(|text| interner.text(text)),
        own_boot: wire.boot_before_rescue.as_ref().map(|own| {
            let text = |text: &Option<String>| text.as_deref().map(Arc::from);
            let (boot_order, cdrom_image_path) = (text(&own.boot_order), text(&own.cdrom_image_path));
            Arc::new(OwnBoot { boot_order, cdrom_image_path })
        }),
        restart_required: wire.restart_required == Some(true),
        nics: (!wire.nics.is_empty()).then(|| wire.nics.as_slice().into()),
        last_action: wire.last_action.as_ref().map(|last| read_last_action(last, interner)),
        verdicts: known.iter().map(|(verdict, _)| verdict.clone()).collect(),
    };
    (status, known.into_iter().map(|(_, time)| time).collect())
}

fn read_last_action(wire: &LastActionWire<'_>, interner: &mut Interner) -> Arc<LastAction> {
    Arc::new(LastAction {
        id: Arc::from(&*wire.id),
        result: wire.result,
        message: wire.message.as_deref().map(Arc::from),
        image: wire.image.as_deref().map(|text| interner.text(text)),
        after_job: wire.after_job,
    })
}

/// Reads a condition; one that we do not know is dropped, and so overwritten.
fn read_condition(wire: &ConditionWire<'_>, interner: &mut Interner) -> Option<(Verdict, jiff::Timestamp)> {
    let kind = ConditionType::parse(&wire.kind)?;
    let reason = Reason::parse(&wire.reason)?;
    let status = match wire.status.as_ref() {
        "True" => Some(true),
        "False" => Some(false),
        _ => None,
    };
    let verdict = Verdict { kind, status, reason, message: interner.text(&wire.message) };
    Some((verdict, wire.last_transition_time.unwrap_or_default()))
}
