//! What a machine needs before it can be placed and made. The rules and their words are the operator's.

use cyclades_crds::{VirtualMachine, condition::Reason, image::Visibility, virtual_machine::Shape};
use cyclades_domain::shape;

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
    let subject = || Subject::global("Flavor", name);
    let flavor = match scene.flavor(name) {
        Look::Found(flavor) => flavor,
        Look::Hidden => return Ok(None),
        Look::Absent => {
            let message = format!("Flavor {name} does not exist: create it, and the machine goes on.");
            return Err(Obstacle { way: vec![subject()], reason: Reason::FlavorNotFound, message });
        }
    };
    let of = &flavor.spec.volume_type_ref.name;
    match scene.volume_type(of) {
        Look::Found(volume_type) => {
            shape::resolve(&flavor.spec, &volume_type.spec).map(Some).map_err(|error| Obstacle {
                way: vec![subject()],
                reason: Reason::InvalidSpec,
                message: format!("Flavor {name}: {error}"),
            })
        }
        Look::Hidden => Ok(None),
        Look::Absent => Err(Obstacle {
            way: vec![subject(), Subject::global("VolumeType", of)],
            reason: Reason::VolumeTypeNotFound,
            message: format!(
                "VolumeType {of} of flavor {name} does not exist: create it, and the machine goes on."
            ),
        }),
    }
}

/// Whether the flavor takes new machines.
pub(crate) fn allows_new(machine: &VirtualMachine, scene: &Scene) -> Result<(), Obstacle> {
    let name = &machine.spec.flavor_ref.name;
    match scene.flavor(name) {
        Look::Found(flavor) if !flavor.spec.allow_create => Err(Obstacle {
            way: vec![Subject::global("Flavor", name)],
            reason: Reason::FlavorNotAllowed,
            message: format!(
                "Flavor {name} has allowCreate: false; name another flavor, or ask for this one to be opened."
            ),
        }),
        _ => Ok(()),
    }
}

/// Whether the image can be used and takes what the machine hands over.
pub(crate) fn software(machine: &VirtualMachine, scene: &Scene) -> Result<(), Obstacle> {
    let (namespace, name) = image_of(machine);
    let at_home = Some(&namespace) == machine.metadata.namespace.as_ref();
    let obstacle =
        |reason, message| Obstacle { way: vec![Subject::local("Image", &namespace, &name)], reason, message };
    let image = match scene.image(machine) {
        Look::Found(image) => image,
        Look::Hidden => return Ok(()),
        Look::Absent => {
            let message = format!(
                "Image {name} does not exist in namespace {namespace}: create it, and the machine goes on."
            );
            return Err(obstacle(Reason::ImageNotFound, message));
        }
    };
    if !at_home && image.spec.visibility != Visibility::Public {
        let message = format!(
            "Image {namespace}/{name} is private to its namespace: it must say visibility: Public to be used here."
        );
        return Err(obstacle(Reason::ImageNotShared, message));
    }
    let takes_user_data =
        image.spec.source.ganeti_os.as_ref().is_some_and(|os| os.user_data_parameter.is_some());
    if machine.spec.user_data.is_some() && !takes_user_data {
        let message = format!(
            "The machine has userData, but Image {namespace}/{name} has no userDataParameter to hand it over by: set that, or use another image."
        );
        return Err(obstacle(Reason::UserDataNotSupported, message));
    }
    Ok(())
}
