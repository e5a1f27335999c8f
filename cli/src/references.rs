//! What a machine needs before it can be placed and made. The rules and their words are the domain's, which the operator
//! goes by as well; here stands what it means that an object may not be read.

use cyclades_crds::{VirtualMachine, condition::Reason, virtual_machine::Shape};
use cyclades_domain::references::{self, ImageName, Lack, Lacking};

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
    found.and_then(|()| software(machine, scene)).err()
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

/// Whether the image can be used and takes what the machine hands over.
pub(crate) fn software(machine: &VirtualMachine, scene: &Scene) -> Result<(), Obstacle> {
    let (namespace, name) = image_of(machine);
    let home = machine.metadata.namespace.as_deref().unwrap_or_default();
    let image = scene.image(machine);
    if *image == Look::Hidden {
        return Ok(());
    }
    let named = ImageName { namespace: &namespace, name: &name, home };
    let os = references::os(named, image.found().map(|image| &image.spec), machine.spec.user_data.is_some());
    os.map(drop).map_err(|Lack { reason, message, .. }| Obstacle {
        way: vec![Subject::local("Image", &namespace, &name)],
        reason,
        message,
    })
}
