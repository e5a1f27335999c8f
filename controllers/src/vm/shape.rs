//! The shape that a flavor gives.

use std::sync::Arc;

use cyclades_crds::{FlavorSpec, virtual_machine::Shape};
use cyclades_domain::references;

use super::missing::Missing;
use crate::world::World;

fn spec<'a>(world: &'a World, flavor: &str) -> Option<&'a FlavorSpec> {
    world.catalog.flavors.get(flavor).map(|entry| &*entry.spec)
}

/// The shape of a flavor, or what is missing for it.
pub(super) fn of_flavor(world: &World, flavor: &str) -> Result<Shape, Missing> {
    let volume_type = |name: &str| world.catalog.volume_types.get(name).map(|entry| &*entry.spec);
    references::shape(flavor, spec(world, flavor), volume_type).map_err(|lack| Missing::flavor(lack, flavor))
}

/// The shape for a machine that is new to a flavor: the flavor must allow that.
pub(super) fn for_new(world: &World, flavor: &Arc<str>) -> Result<Shape, Missing> {
    let shape = of_flavor(world, flavor)?;
    references::open(flavor, spec(world, flavor)).map_err(|lack| Missing::flavor(lack, flavor))?;
    Ok(shape)
}
