//! A machine as the planner sees it, from its object and, where there is one, from a look at Ganeti.

use std::sync::Arc;

use cyclades_crds::{
    VirtualMachine, VirtualMachineStatus,
    condition::{ConditionType, Reason, find},
    disk::DiskStatus,
    image::Visibility,
    names,
    virtual_machine::{ActionResult, ManagementPolicy, ObservedPower},
};
use cyclades_domain::{
    naming::{image_label, user_tag},
    power::Power,
    reason::JobStep,
    shape::refusal,
    vm::{
        BackendView, Boot, Desired, Disk, Extras, Fitting, Instance, Observed, Presence, Request, Rescue,
        Resize, Setback, Stage, TagChange,
    },
};

use super::ganeti::{Sight, Sighting};
use super::identity::wanted_name;
use crate::look::Look;
use crate::references::{allows_new, changes_refused, shape_of, wanted_extras};
use crate::scene::{Scene, image_of, rescue_image_of};
use crate::status::{is_paused, trouble};

/// A machine as the planner sees it.
#[derive(Clone, Debug)]
pub(crate) struct View {
    /// What the spec asks for.
    pub(crate) desired: Desired,
    /// What is observed.
    pub(crate) observed: Observed,
    /// Name of its instance, or the name it will get.
    pub(crate) instance: String,
    /// Whether `observed` is what Ganeti shows; else it is what the status says.
    pub(crate) by_ganeti: bool,
}

/// Puts the view together.
pub(crate) fn view(machine: &VirtualMachine, scene: &Scene, sight: Option<&Sight>) -> View {
    let status = machine.status.clone().unwrap_or_default();
    let seen = sight.and_then(Sight::seen);
    let shape = shape_of(machine, scene).ok().flatten().map(Arc::new);
    let (namespace, image) = (machine.metadata.namespace.clone().unwrap_or_default(), image_of(machine));
    let rescue = rescue(machine, &status, scene);
    let observed = Observed {
        finalizer: machine.metadata.finalizers.iter().flatten().any(|it| it == names::VM_FINALIZER),
        backend: backend(machine, scene),
        presence: presence(machine, &status, seen, rescue.as_ref()),
        was_created: status.instance_uuid.is_some(),
        applied: status.applied_power_state,
        job: seen.and_then(|seen| seen.job).or_else(|| told_job(machine, &status, seen)),
        setback: setback(machine, &status),
        crash_pause: told(machine, &status) == Some(Reason::Crashed),
        shape: status.shape.clone().map(Arc::new).or(shape),
        flavor: Some(status.flavor.as_deref().unwrap_or(&machine.spec.flavor_ref.name).into()),
        resize: resize(machine, &status, scene),
        request: request(machine, &status),
        rescue,
        image: image_label(&namespace, &image.0, &image.1).as_ref().into(),
        made_from: status.image.as_deref().map(Arc::from),
        broken: is_broken(&status),
        tags: tags(machine, seen),
        extras: fitting(machine, &status, scene),
        nics: (!status.nics.is_empty()).then(|| status.nics.as_slice().into()),
    };
    let instance = match &observed.presence {
        Presence::Present(instance) | Presence::Orphan(instance) => instance.name.to_string(),
        _ => wanted_name(machine, scene).unwrap_or_default(),
    };
    View {
        desired: Desired { namespace_paused: scene.is_paused_around(machine), ..desired(machine) },
        observed,
        instance,
        by_ganeti: seen.is_some(),
    }
}

/// How the instance's tags differ from the owner's words, where they were read.
fn tags(machine: &VirtualMachine, seen: Option<&Sighting>) -> Option<TagChange> {
    let mut wanted: Vec<Box<str>> = machine.spec.tags.iter().map(|word| user_tag(word).into()).collect();
    wanted.sort();
    TagChange::between(seen?.user_tags.as_deref()?, &wanted)
}

/// What it declares beside its flavor's shape, and what of it was brought about.
fn fitting(machine: &VirtualMachine, status: &VirtualMachineStatus, scene: &Scene) -> Fitting {
    let refused = match status.instance_uuid {
        Some(_) => changes_refused(machine, status, scene),
        None => None,
    };
    Fitting {
        wanted: wanted_extras(machine).map(Arc::new),
        applied: applied(status).map(Arc::new),
        refused: refused.map(|obstacle| (obstacle.reason, obstacle.message.into())),
        unpluggable: false,
        unplugged: status.restart_required,
    }
}

fn applied(status: &VirtualMachineStatus) -> Option<Extras> {
    let boxed = |text: &String| Box::from(text.as_str());
    let disk = |disk: &DiskStatus| Disk { name: boxed(&disk.name), size_mib: disk.size_mib };
    let parameters = status.hypervisor_parameters.iter().map(|(name, value)| (boxed(name), boxed(value)));
    let extras = Extras { parameters: parameters.collect(), disks: status.disks.iter().map(disk).collect() };
    (!extras.is_empty()).then_some(extras)
}

fn desired(machine: &VirtualMachine) -> Desired {
    let spec = &machine.spec;
    Desired {
        drift_policy: machine.spec.drift_policy,
        deleting: machine.metadata.deletion_timestamp.is_some(),
        paused: is_paused(&machine.metadata),
        namespace_paused: false,
        protected: spec.protected,
        suspended: spec.suspended,
        observe: spec.management_policy == ManagementPolicy::Observe,
        adopts: spec.adopt.is_some(),
        generation: machine.metadata.generation.unwrap_or_default(),
        power: spec.power_state,
        power_policy: spec.power_policy,
        resize_policy: spec.resize_policy,
        rescue_policy: spec.rescue_policy,
        deletion: spec.deletion_policy,
        on_missing: spec.on_missing,
    }
}

/// The reason of `Ready`, where that is about the present spec.
fn told(machine: &VirtualMachine, status: &VirtualMachineStatus) -> Option<Reason> {
    let ready = find(&status.conditions, ConditionType::Ready)?;
    let current = ready.observed_generation == machine.metadata.generation;
    Reason::parse(&ready.reason).filter(|_| current)
}

fn backend(machine: &VirtualMachine, scene: &Scene) -> BackendView {
    let Some(name) = machine.spec.backend_name.as_deref() else { return BackendView::Unplaced };
    let name: Arc<str> = name.into();
    match scene.backend(&name) {
        Look::Absent => BackendView::Missing { name },
        Look::Found(backend) => match trouble(backend) {
            Some(trouble) => {
                BackendView::NotReady { name, reason: trouble.reason, message: trouble.message.into() }
            }
            None => BackendView::Ready { name },
        },
        // What the machine says of a backend that may not be looked at is the best there is.
        Look::Hidden => {
            let conditions = machine.status.as_ref().map_or(&[][..], |status| &status.conditions);
            let waits = find(conditions, ConditionType::Ready).filter(|ready| {
                [Reason::BackendNotReady, Reason::BackendOffline]
                    .iter()
                    .any(|reason| reason.as_str() == ready.reason)
            });
            match waits {
                Some(ready) => BackendView::NotReady {
                    name,
                    reason: Reason::parse(&ready.reason).unwrap_or(Reason::BackendNotReady),
                    message: ready.message.as_str().into(),
                },
                None => BackendView::Ready { name },
            }
        }
    }
}

fn presence(
    machine: &VirtualMachine,
    status: &VirtualMachineStatus,
    seen: Option<&Sighting>,
    rescue: Option<&Rescue>,
) -> Presence {
    let reason = told(machine, status);
    if reason == Some(Reason::DuplicateInstance) {
        return Presence::Duplicate { elsewhere: "another backend".into() };
    }
    match seen {
        Some(Sighting { instance: Some(instance), .. }) => Presence::Present(instance.clone()),
        Some(Sighting { nobodys: Some(instance), .. }) if may_adopt(machine, status) => {
            Presence::Orphan(instance.clone())
        }
        Some(Sighting { name_taken: Some(name), .. }) if status.instance_uuid.is_none() => {
            Presence::NameTaken { name: name.as_str().into() }
        }
        Some(_) => Presence::Absent,
        // What a machine that was placed has in Ganeti, its status may not tell yet.
        None if is_untold(machine, status) => Presence::Unknown,
        None => presence_by_status(status, reason, rescue),
    }
}

/// Whether a machine is placed that goes, or takes over an instance, and of which nothing is said yet.
fn is_untold(machine: &VirtualMachine, status: &VirtualMachineStatus) -> bool {
    let asks = machine.metadata.deletion_timestamp.is_some() || machine.spec.adopt.is_some();
    asks && machine.spec.backend_name.is_some()
        && status.instance_uuid.is_none()
        && status.observed_generation.is_none()
}

/// Whether the machine looks at an instance that is nobody's, or is to take it over. One that was its own and is not any
/// more is not taken back.
fn may_adopt(machine: &VirtualMachine, status: &VirtualMachineStatus) -> bool {
    let observes = machine.spec.management_policy == ManagementPolicy::Observe;
    let is_new = status.instance_uuid.is_none() || status.applied_power_state.is_none();
    machine.spec.adopt.is_some() && (observes || is_new)
}

fn presence_by_status(
    status: &VirtualMachineStatus,
    reason: Option<Reason>,
    rescue: Option<&Rescue>,
) -> Presence {
    let name: Arc<str> = status.instance_name.as_deref().unwrap_or_default().into();
    if reason == Some(Reason::InstanceNameTaken) {
        return Presence::NameTaken { name };
    }
    let (Some(uuid), Some(power)) = (&status.instance_uuid, status.power_state) else {
        return Presence::Absent;
    };
    let power = match power {
        ObservedPower::Running => Power::Running,
        ObservedPower::Stopped => Power::Stopped,
        ObservedPower::Crashed => Power::Crashed,
        ObservedPower::Pending | ObservedPower::Lost => return Presence::Absent,
        ObservedPower::Unknown => Power::Unknown,
    };
    let shape = status.shape.clone().unwrap_or_default();
    // A rescue that is noted has taken effect, unless it is said to wait.
    let boot = match (rescue, &status.rescue) {
        _ if reason == Some(Reason::RescueRefused) => Boot::Fixed,
        (Some(Rescue::From { location, noted: true, .. }), _) if reason != Some(Reason::RescuePending) => {
            Boot::Medium(Arc::clone(location))
        }
        (Some(Rescue::Over), Some(image)) => Boot::Medium(image.as_str().into()),
        _ => Boot::Own,
    };
    Presence::Present(Instance {
        name,
        uuid: uuid.as_str().into(),
        node: status.node.as_deref().unwrap_or_default().into(),
        power,
        vcpus: shape.vcpus,
        memory_mib: shape.memory_mib,
        disk_mib: shape.disk_mib,
        boot,
        // What was brought about, as far as the status tells.
        extras: applied(status).map(Arc::new),
        can_plug: false,
        half_made: false,
    })
}

/// A job that the status speaks of, where Ganeti's own queue could not be looked at.
fn told_job(
    machine: &VirtualMachine,
    status: &VirtualMachineStatus,
    seen: Option<&Sighting>,
) -> Option<(JobStep, Option<u64>)> {
    if seen.is_some() {
        return None;
    }
    let reason = told(machine, status)?;
    let message = &find(&status.conditions, ConditionType::Ready)?.message;
    // The operator ends the sentence with the number once Ganeti has accepted the job.
    let id = message.rsplit_once("(job ")?.1.split(')').next()?.parse().ok()?;
    let step = [
        (Reason::Creating, JobStep::Create),
        (Reason::Starting, JobStep::Start),
        (Reason::Stopping, JobStep::Stop),
        (Reason::Deleting, JobStep::Remove),
    ];
    let step = step.into_iter().find(|(told, _)| *told == reason)?.1;
    Some((step, Some(id)))
}

/// What went wrong last and still counts: another spec is another try.
fn setback(machine: &VirtualMachine, status: &VirtualMachineStatus) -> Option<Setback> {
    let reason = told(machine, status)?;
    let permanent = match reason {
        Reason::JobRefused => true,
        Reason::JobFailed | Reason::InsufficientCapacity | Reason::JobCanceled => false,
        _ => return None,
    };
    let message = find(&status.conditions, ConditionType::Ready)?.message.as_str().into();
    Some(Setback { reason, message, permanent, holding: true })
}

/// Another flavor than the one whose shape the machine has.
fn resize(machine: &VirtualMachine, status: &VirtualMachineStatus, scene: &Scene) -> Option<Resize> {
    let (has, from) = (status.flavor.as_ref()?, status.shape.as_ref()?);
    let wanted = &machine.spec.flavor_ref.name;
    if has == wanted || status.instance_uuid.is_none() {
        return None;
    }
    match allows_new(machine, scene).and_then(|()| shape_of(machine, scene)) {
        Ok(None) => None,
        Ok(Some(to)) => Some(match refusal(from, &to) {
            None => Resize::To { flavor: wanted.as_str().into(), shape: Arc::new(to) },
            Some(why) => Resize::Refused {
                reason: Reason::ResizeRefused,
                message: format!(
                    "The machine cannot have flavor {wanted}: {why}. Name another one, or {has} again."
                )
                .into(),
            },
        }),
        Err(obstacle) => Some(Resize::Refused { reason: obstacle.reason, message: obstacle.message.into() }),
    }
}

/// Whether the last rebuild failed half-way.
fn is_broken(status: &VirtualMachineStatus) -> bool {
    let last = status.last_action.as_ref();
    let failed = last.is_some_and(|last| last.result == ActionResult::Failed && last.image.is_some());
    failed && status.image.is_none()
}

/// A rescue that is asked for or to be ended. The rules and their words are the operator's.
fn rescue(machine: &VirtualMachine, status: &VirtualMachineStatus, scene: &Scene) -> Option<Rescue> {
    let Some((namespace, name)) = rescue_image_of(machine) else {
        return status.rescue.is_some().then_some(Rescue::Over);
    };
    let own = machine.metadata.namespace.as_deref().unwrap_or_default();
    let label = image_label(own, &namespace, &name).into_owned();
    let refused = |reason, message: String| Some(Rescue::Refused { reason, message: message.into() });
    let image = match scene.images.get(&(namespace.clone(), name.clone())) {
        Some(Look::Found(image)) => image,
        Some(Look::Absent) => {
            let message = format!(
                "Image {name} does not exist in namespace {namespace}: create it, and the machine goes on."
            );
            return refused(Reason::ImageNotFound, message);
        }
        // Where its medium is, only who may read it knows.
        Some(Look::Hidden) | None => return Some(found(label, String::new(), status)),
    };
    if namespace != own && image.spec.visibility != Visibility::Public {
        let message = format!(
            "Image {namespace}/{name} is private to its namespace: it must say visibility: Public to be used here."
        );
        return refused(Reason::ImageNotShared, message);
    }
    let Some(cdrom) = &image.spec.source.cdrom else {
        let message = format!("Image {namespace}/{name} is no medium, its spec.source has no cdrom");
        return refused(Reason::RescueRefused, message);
    };
    let location = &cdrom.location;
    let backend = machine.spec.backend_name.as_deref().unwrap_or_default();
    match scene.backend(backend) {
        Look::Found(found) if !found.spec.rescue_media.iter().any(|start| location.starts_with(start)) => {
            let message = format!(
                "GanetiBackend {backend} does not allow the medium of image {namespace}/{name}: its spec.rescueMedia names no directory or URL that {location} is below"
            );
            refused(Reason::RescueRefused, message)
        }
        _ => Some(found(label, location.clone(), status)),
    }
}

fn found(label: String, location: String, status: &VirtualMachineStatus) -> Rescue {
    let noted = status.rescue.as_deref() == Some(&label);
    Rescue::From { image: label.into(), location: location.into(), noted }
}

/// An action that is not over.
fn request(machine: &VirtualMachine, status: &VirtualMachineStatus) -> Option<Request> {
    let action = machine.spec.action.as_ref()?;
    let last = status.last_action.as_ref().filter(|last| last.id == action.id);
    let stage = match last.map(|last| last.result) {
        None => Stage::New,
        Some(ActionResult::Taken) => Stage::Taken,
        Some(_) => return None,
    };
    Some(Request { id: action.id.as_str().into(), kind: action.kind, stage, last_job: 0 })
}
