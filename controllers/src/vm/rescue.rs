//! The medium that a machine is to be rescued with.

use std::sync::Arc;

use cyclades_crds::condition::Reason;
use cyclades_domain::vm::Rescue;

use super::{image::source, missing::Missing};
use crate::world::{Backend, Machine, World, needs::Need};

/// A rescue that is asked for or to be ended, and what it waits for.
pub(super) fn rescue_of(
    world: &World,
    machine: &Machine,
    backend: Option<&Backend>,
) -> (Option<Rescue>, Option<Need>) {
    let Some(label) = &machine.rescue else {
        return (machine.status.rescue.is_some().then_some(Rescue::Over), None);
    };
    match location(world, machine, backend, label) {
        Ok(location) => {
            let noted = machine.status.rescue.as_ref() == Some(label);
            (Some(Rescue::From { image: Arc::clone(label), location, noted }), None)
        }
        Err(Missing { need, reason, message }) => {
            (Some(Rescue::Refused { reason, message: message.into() }), need)
        }
    }
}

/// Where the medium of an image is, if the backend allows it: what lies on the nodes may be anybody's.
fn location(
    world: &World,
    machine: &Machine,
    backend: Option<&Backend>,
    label: &str,
) -> Result<Arc<str>, Missing> {
    let (image, source) = source(world, machine, label)?;
    let need = Some(Need::Image(image.clone()));
    let refused = |message| Missing { need: need.clone(), reason: Reason::RescueRefused, message };
    let Some(cdrom) = &source.cdrom else {
        return Err(refused(format!("Image {image} is no medium, its spec.source has no cdrom")));
    };
    let Some(backend) = backend else {
        return Err(refused("it has no backend yet".to_owned()));
    };
    let location = cdrom.location.as_str();
    let is_below = |start: &String| location.starts_with(start.as_str());
    let climbs = location.split('/').any(|part| part == "." || part == "..");
    if climbs || !backend.object.spec.rescue_media.iter().any(is_below) {
        return Err(refused(format!(
            "GanetiBackend {} does not allow the medium of image {image}: its spec.rescueMedia names no directory or URL that {location} is below",
            backend.name
        )));
    }
    Ok(location.into())
}
