//! Flavors, VolumeTypes and Images into the world.

use std::{rc::Rc, sync::Arc};

use cyclades_crds::{FlavorSpec, FlavorStatus, ImageSpec, ImageStatus, VolumeTypeSpec, VolumeTypeStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use serde::de::DeserializeOwned;
use tracing::warn;

use super::Intake;
use crate::{
    runtime::{context::Ctx, queue::Urgency, watch::Unparsed},
    world::{Key, ObjectName, World, catalog::Entry, needs::Need, wire::WholeWire},
};

/// The parts of a status that all kinds of the catalog have.
trait CatalogStatus: Default + DeserializeOwned {
    fn into_parts(self) -> (Option<i64>, Vec<Condition>);
}

macro_rules! catalog_status {
    ($($status:ty),+) => {
        $(impl CatalogStatus for $status {
            fn into_parts(self) -> (Option<i64>, Vec<Condition>) {
                (self.observed_generation, self.conditions)
            }
        })+
    };
}

catalog_status!(FlavorStatus, ImageStatus, VolumeTypeStatus);

fn read<Spec: DeserializeOwned, Status: CatalogStatus>(
    ctx: &Ctx,
    object: &Unparsed<'_>,
) -> Option<Entry<Spec>> {
    match serde_json::from_str::<WholeWire<'_, Spec, Status>>(object.json()) {
        Ok(wire) => {
            let (observed_generation, conditions) = wire.status.into_parts();
            Some(Entry {
                version: wire.metadata.version(),
                generation: wire.metadata.generation,
                deleting: wire.metadata.deletion_timestamp.is_some(),
                spec: Rc::new(wire.spec),
                observed_generation,
                conditions,
            })
        }
        Err(error) => {
            ctx.metrics.unparsed();
            warn!(object = %object.object_name(), %error, "the object does not parse, it is left as it was");
            None
        }
    }
}

/// Wakes an object of the catalog and the machines that waited for it.
fn wake(ctx: &Ctx, key: &Key, need: &Need, urgency: Urgency) {
    let machines = ctx.world.change(|world| world.needs.met(need));
    if ctx.world.look(|world| world.listed.all()) {
        ctx.queue.wake(key, urgency);
        ctx.wake_machines(machines, Urgency::User);
    }
}

macro_rules! intake {
    ($(#[doc = $doc:literal])* $intake:ident, $spec:ty, $status:ty, $plural:literal, $store:ident, $name:ty, $of:expr, $key:expr, $need:expr) => {
        $(#[doc = $doc])*
        #[derive(Debug)]
        pub(crate) struct $intake;

        impl Intake for $intake {
            type Name = $name;
            const PLURAL: &'static str = $plural;

            fn name(object: &Unparsed<'_>) -> $name {
                $of(object)
            }

            fn names(world: &World) -> Vec<$name> {
                world.catalog.$store.keys().cloned().collect()
            }

            fn put(ctx: &Ctx, object: &Unparsed<'_>, urgency: Urgency) {
                let name = Self::name(object);
                let Some(entry) = read::<$spec, $status>(ctx, object) else { return };
                let known = ctx.world.change(|world| {
                    let store = &mut world.catalog.$store;
                    if store.get(&name).is_some_and(|known| known.version >= entry.version) {
                        return true;
                    }
                    store.insert(name.clone(), entry);
                    false
                });
                if !known {
                    wake(ctx, &$key(&name), &$need(&name), urgency);
                }
            }

            fn remove(ctx: &Ctx, name: &$name) {
                ctx.world.change(|world| world.catalog.$store.remove(name));
                ctx.queue.wake(&$key(name), Urgency::User);
            }

            fn listed(ctx: &Ctx) {
                ctx.world.change(|world| world.listed.$store = true);
            }
        }
    };
}

fn plain_name(object: &Unparsed<'_>) -> Rc<str> {
    object.plain_name().into()
}

intake!(
    /// The intake of Flavors.
    Flavors, FlavorSpec, FlavorStatus, "flavors", flavors, Rc<str>, plain_name,
    |name: &Rc<str>| Key::Flavor(Rc::clone(name)), |name: &Rc<str>| Need::Flavor(Arc::from(&**name))
);
intake!(
    /// The intake of VolumeTypes.
    VolumeTypes, VolumeTypeSpec, VolumeTypeStatus, "volumetypes", volume_types, Rc<str>, plain_name,
    |name: &Rc<str>| Key::VolumeType(Rc::clone(name)), |name: &Rc<str>| Need::VolumeType(Arc::from(&**name))
);
intake!(
    /// The intake of Images.
    Images, ImageSpec, ImageStatus, "images", images, ObjectName, Unparsed::object_name,
    |name: &ObjectName| Key::Image(name.clone()), |name: &ObjectName| Need::Image(name.clone())
);
