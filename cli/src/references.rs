//! What a machine needs before it can be placed and made. The rules and their words are the domain's, which the operator
//! goes by as well; here stands what it means that an object may not be read.

use cyclades_crds::{VirtualMachine, VirtualMachineStatus, condition::Reason, virtual_machine::Shape};
use cyclades_domain::{
    parameters::{hypervisor_refusal, not_allowed, os_refusal},
    references::{self, ImageName, Lack, Lacking},
    shape,
    vm::Extras,
};

use crate::look::Look;
use crate::scene::{Scene, image_of};
use crate::subject::Subject;

/// Something that a machine needs and that is not there, or not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Obstacle {
    /// The objects from the machine's reference to the one that is in the way, which is the last.
    pub(crate) way: Vec<Subject>,
    /// Why, as a reason.
    pub(crate) reason: Reason,
    /// Why, and what to do.
    pub(crate) message: String,
}

/// The first thing that keeps a machine which is not made yet from being placed, and made.
pub(crate) fn first_obstacle(machine: &VirtualMachine, scene: &Scene) -> Option<Obstacle> {
    let open = || allows_new(machine, scene);
    let placed = machine.spec.backend_name.is_some();
    let found = shape_of(machine, scene).and_then(|_| if placed { Ok(()) } else { open() });
    found.and_then(|()| software(machine, scene)).and_then(|()| extras(machine, scene)).err()
}

/// The shape that a machine's flavor gives; `None` where it, or its volume type, may not be read.
pub(crate) fn shape_of(machine: &VirtualMachine, scene: &Scene) -> Result<Option<Shape>, Obstacle> {
    let name = &machine.spec.flavor_ref.name;
    let flavor = scene.flavor(name);
    let of = flavor.found().map(|flavor| scene.volume_type(&flavor.spec.volume_type_ref.name));
    if *flavor == Look::Hidden || of == Some(&Look::Hidden) {
        return Ok(None);
    }
    let volume_type = |_: &str| of.and_then(Look::found).map(|it| &it.spec);
    let shape = references::shape(name, flavor.found().map(|flavor| &flavor.spec), volume_type);
    shape.map(Some).map_err(|lack| of_flavor(lack, name))
}

/// Whether the flavor takes new machines.
pub(crate) fn allows_new(machine: &VirtualMachine, scene: &Scene) -> Result<(), Obstacle> {
    let name = &machine.spec.flavor_ref.name;
    let flavor = scene.flavor(name).found().map(|flavor| &flavor.spec);
    references::open(name, flavor).map_err(|lack| of_flavor(lack, name))
}

fn of_flavor(lack: Lack, name: &str) -> Obstacle {
    let Lack { of, reason, message } = lack;
    let mut way = vec![Subject::global("Flavor", name)];
    if let Lacking::VolumeType(name) = of {
        way.push(Subject::global("VolumeType", &name));
    }
    Obstacle { way, reason, message }
}

/// What a machine declares beside its flavor's shape; `None` for nothing.
pub(crate) fn wanted_extras(machine: &VirtualMachine) -> Option<Extras> {
    let spec = &machine.spec;
    let boxed = |text: &String| Box::from(text.as_str());
    let parameters = spec.hypervisor_parameters.iter().map(|(name, value)| (boxed(name), boxed(value)));
    let extras = Extras {
        parameters: parameters.collect(),
        disks: spec.disks.iter().filter_map(|disk| shape::own_disk(disk).ok()).collect(),
    };
    (!extras.is_empty()).then_some(extras)
}

/// Whether a machine that is to be made may have what it declares beside its shape.
pub(crate) fn extras(machine: &VirtualMachine, scene: &Scene) -> Result<(), Obstacle> {
    if let (false, Some(shape)) = (machine.spec.disks.is_empty(), shape_of(machine, scene)?) {
        disks(machine, &machine.spec.flavor_ref.name, &shape)?;
    }
    parameters(machine, scene, machine.spec.hypervisor_parameters.keys())
}

/// What a machine that is made cannot have of what it declares anew.
pub(crate) fn changes_refused(
    machine: &VirtualMachine,
    status: &VirtualMachineStatus,
    scene: &Scene,
) -> Option<Obstacle> {
    let wanted = machine.spec.hypervisor_parameters.iter();
    let anew = wanted.filter(|(name, value)| status.hypervisor_parameters.get(*name) != Some(*value));
    let refused = parameters(machine, scene, anew.map(|(name, _)| name)).err();
    refused.or_else(|| match (&status.shape, &status.flavor, machine.spec.disks.is_empty()) {
        (Some(shape), Some(flavor), false) => disks(machine, flavor, shape).err(),
        _ => None,
    })
}

fn disks(machine: &VirtualMachine, flavor: &str, shape: &Shape) -> Result<(), Obstacle> {
    let Some(message) = shape::disks_refusal(flavor, shape) else { return Ok(()) };
    Err(Obstacle { way: vec![subject_of(machine)], reason: Reason::DisksRefused, message })
}

/// Whether the backend, where one is chosen and may be read, allows hypervisor parameters.
fn parameters<'a>(
    machine: &VirtualMachine,
    scene: &Scene,
    names: impl Iterator<Item = &'a String>,
) -> Result<(), Obstacle> {
    let Some(backend) = &machine.spec.backend_name else { return Ok(()) };
    let Look::Found(object) = scene.backend(backend) else { return Ok(()) };
    match not_allowed(names.map(String::as_str), &object.spec.allowed_hypervisor_parameters) {
        None => Ok(()),
        Some(name) => Err(Obstacle {
            way: vec![Subject::global("GanetiBackend", backend)],
            reason: Reason::ParameterNotAllowed,
            message: hypervisor_refusal(backend, name),
        }),
    }
}

fn subject_of(machine: &VirtualMachine) -> Subject {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    Subject::local("VirtualMachine", &text(&machine.metadata.namespace), &text(&machine.metadata.name))
}

/// Whether the image can be used and takes what the machine hands over.
pub(crate) fn software(machine: &VirtualMachine, scene: &Scene) -> Result<(), Obstacle> {
    let (namespace, name) = image_of(machine);
    let home = machine.metadata.namespace.as_deref().unwrap_or_default();
    let image = scene.image(machine);
    if *image == Look::Hidden {
        return Ok(());
    }
    let os = image.found().and_then(|image| image.spec.source.ganeti_os.as_ref());
    let refused = os.and_then(|os| {
        not_allowed(machine.spec.os_parameters.keys().map(String::as_str), &os.allowed_parameters)
    });
    if let Some(parameter) = refused {
        return Err(Obstacle {
            way: vec![Subject::local("Image", &namespace, &name)],
            reason: Reason::ParameterNotAllowed,
            message: os_refusal(&format!("{namespace}/{name}"), parameter),
        });
    }
    let named = ImageName { namespace: &namespace, name: &name, home };
    let os = references::os(named, image.found().map(|image| &image.spec), machine.spec.user_data.is_some());
    os.map(drop).map_err(|Lack { reason, message, .. }| Obstacle {
        way: vec![Subject::local("Image", &namespace, &name)],
        reason,
        message,
    })
}
