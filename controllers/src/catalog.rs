//! Flavors, VolumeTypes and Images: their status says whether machines can be made with them.

use std::rc::Rc;

use cyclades_crds::condition::Reason;
use cyclades_domain::{
    conditions::{Standing, Verdict, kstatus},
    shape,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use serde_json::json;

use crate::{
    runtime::{
        conditions,
        context::Ctx,
        kube_api::Place,
        pass::{Next, PassError},
    },
    world::{ObjectName, catalog::Entry},
};

/// What is kept of an object's status, and where it is.
struct Seen {
    version: u64,
    generation: i64,
    observed_generation: Option<i64>,
    conditions: Vec<Condition>,
}

impl Seen {
    fn of<Spec>(entry: &Entry<Spec>) -> Option<Self> {
        (!entry.deleting).then(|| Self {
            version: entry.version,
            generation: entry.generation,
            observed_generation: entry.observed_generation,
            conditions: entry.conditions.clone(),
        })
    }
}

/// One pass of a Flavor: its VolumeType must exist.
pub(crate) async fn flavor(ctx: &Ctx, name: &Rc<str>) -> Result<Next, PassError> {
    let seen = ctx.world.change(|world| {
        let entry = world.catalog.flavors.get(name)?;
        let volume_type = entry.spec.volume_type_ref.name.clone();
        let verdict = match world.catalog.volume_types.get(volume_type.as_str()) {
            None => (
                Standing::Reconciling,
                Reason::VolumeTypeNotFound,
                format!("VolumeType {volume_type} does not exist: create it, and the flavor can be used."),
            ),
            Some(found) => match shape::resolve(&entry.spec, &found.spec) {
                Ok(_) => (Standing::Ready, Reason::Accepted, "Machines can be made with it.".to_owned()),
                Err(error) => (Standing::Stalled, Reason::InvalidSpec, error.to_string()),
            },
        };
        Seen::of(entry).map(|seen| (seen, verdict))
    });
    let Some((seen, (standing, reason, message))) = seen else { return Ok(Next::Rest) };
    let place = Place { plural: "flavors", namespace: None, name };
    report(ctx, place, seen, &kstatus(standing, reason, &message.into())).await
}

/// One pass of a VolumeType: nothing can be wrong with it that the API server lets through. Its flavors look again.
pub(crate) async fn volume_type(ctx: &Ctx, name: &Rc<str>) -> Result<Next, PassError> {
    let (seen, flavors) = ctx.world.look(|world| {
        let concerned =
            world.catalog.flavors.iter().filter(|(_, flavor)| flavor.spec.volume_type_ref.name == **name);
        let flavors: Vec<Rc<str>> = concerned.map(|(flavor, _)| Rc::clone(flavor)).collect();
        (world.catalog.volume_types.get(name).and_then(Seen::of), flavors)
    });
    for flavor in flavors {
        ctx.queue.wake(&crate::world::Key::Flavor(flavor), crate::runtime::queue::Urgency::Resync);
    }
    let Some(seen) = seen else { return Ok(Next::Rest) };
    let verdicts = kstatus(Standing::Ready, Reason::Accepted, &"Flavors can name it.".into());
    report(ctx, Place { plural: "volumetypes", namespace: None, name }, seen, &verdicts).await
}

/// One pass of an Image.
pub(crate) async fn image(ctx: &Ctx, name: &ObjectName) -> Result<Next, PassError> {
    let seen = ctx.world.look(|world| world.catalog.images.get(name).and_then(Seen::of));
    let Some(seen) = seen else { return Ok(Next::Rest) };
    let verdicts = kstatus(Standing::Ready, Reason::Accepted, &"Machines can be made from it.".into());
    let place = Place { plural: "images", namespace: Some(name.namespace()), name: name.name() };
    report(ctx, place, seen, &verdicts).await
}

/// Writes the status, if it says something new.
async fn report(ctx: &Ctx, place: Place<'_>, seen: Seen, verdicts: &[Verdict]) -> Result<Next, PassError> {
    let (were, since) = conditions::read(&seen.conditions);
    if were == verdicts && seen.observed_generation == Some(seen.generation) {
        return Ok(Next::Rest);
    }
    let times = conditions::times(verdicts, &were, &since, ctx.clock.now());
    let patch = json!({
        "metadata": { "resourceVersion": seen.version.to_string() },
        "status": {
            "observedGeneration": seen.generation,
            "conditions": conditions::out(verdicts, &times, seen.generation),
        },
    });
    let written = ctx.kube.patch(place, true, &patch).await?;
    let conditions = conditions::stored(verdicts, &times, seen.generation);
    ctx.world.change(|world| {
        let catalog = &mut world.catalog;
        let (version, generation) = (written.metadata.version(), seen.generation);
        match place.plural {
            "flavors" => {
                note(catalog.flavors.get_mut(place.name), seen.version, version, generation, conditions)
            }
            "volumetypes" => {
                note(catalog.volume_types.get_mut(place.name), seen.version, version, generation, conditions)
            }
            _ => {
                let name = ObjectName::new(place.namespace.unwrap_or(""), place.name);
                note(catalog.images.get_mut(&name), seen.version, version, generation, conditions);
            }
        }
    });
    Ok(Next::Rest)
}

/// What was just written outranks what the watch will bring later.
fn note<Spec>(
    entry: Option<&mut Entry<Spec>>,
    before: u64,
    version: u64,
    generation: i64,
    conditions: Vec<Condition>,
) {
    if let Some(entry) = entry.filter(|entry| entry.version == before) {
        entry.version = version;
        entry.observed_generation = Some(generation);
        entry.conditions = conditions;
    }
}
