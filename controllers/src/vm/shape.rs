//! The shape that a flavor gives.

use std::sync::Arc;

use cyclades_crds::{condition::Reason, virtual_machine::Shape};
use cyclades_domain::shape;

use super::missing::Missing;
use crate::world::{World, needs::Need};

/// The shape of a flavor, or what is missing for it.
pub(super) fn of_flavor(world: &World, flavor: &str) -> Result<Shape, Missing> {
    let missing = |need, reason, message| Missing { need, reason, message };
    let Some(entry) = world.catalog.flavors.get(flavor) else {
        let message = format!("Flavor {flavor} does not exist: create it, and the machine goes on.");
        return Err(missing(Some(Need::Flavor(flavor.into())), Reason::FlavorNotFound, message));
    };
    let name = entry.spec.volume_type_ref.name.as_str();
    let Some(volume_type) = world.catalog.volume_types.get(name) else {
        let message = format!(
            "VolumeType {name} of flavor {flavor} does not exist: create it, and the machine goes on."
        );
        return Err(missing(Some(Need::VolumeType(name.into())), Reason::VolumeTypeNotFound, message));
    };
    shape::resolve(&entry.spec, &volume_type.spec)
        .map_err(|error| missing(None, Reason::InvalidSpec, format!("Flavor {flavor}: {error}")))
}

/// The shape for a machine that is new to a flavor: the flavor must allow that.
pub(super) fn for_new(world: &World, flavor: &Arc<str>) -> Result<Shape, Missing> {
    let shape = of_flavor(world, flavor)?;
    if world.catalog.flavors.get(&**flavor).is_some_and(|entry| !entry.spec.allow_create) {
        return Err(Missing {
            need: Some(Need::Flavor(Arc::clone(flavor))),
            reason: Reason::FlavorNotAllowed,
            message: format!(
                "Flavor {flavor} has allowCreate: false; name another flavor, or ask for this one to be opened."
            ),
        });
    }
    Ok(shape)
}
