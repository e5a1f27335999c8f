//! From watches into the world: what was told is stored, and who is concerned is woken.

pub(crate) mod backends;
pub(crate) mod catalog;
pub(crate) mod leases;
pub(crate) mod machines;
pub(crate) mod namespaces;
pub(crate) mod networks;
pub(crate) mod secrets;

use std::collections::BTreeSet;

use cyclades_crds::names;
use kube::Client;

use super::{
    context::Ctx,
    queue::Urgency,
    watch::{Told, Unparsed, Watched, follow},
};
use crate::world::World;

/// How one kind is taken into the world.
pub(crate) trait Intake {
    /// How an object is named in the store.
    type Name: Clone + Ord;
    /// Plural of the kind.
    const PLURAL: &'static str;

    /// The name of an object.
    fn name(object: &Unparsed<'_>) -> Self::Name;
    /// All names in the store.
    fn names(world: &World) -> Vec<Self::Name>;
    /// Stores an object that is there, and wakes who is concerned. Before the first list is complete nobody is woken.
    fn put(ctx: &Ctx, object: &Unparsed<'_>, urgency: Urgency);
    /// Forgets an object that is gone, and wakes who is concerned.
    fn remove(ctx: &Ctx, name: &Self::Name);
    /// Notes that the list is complete.
    fn listed(ctx: &Ctx);
}

/// Watches one of our kinds for ever.
pub(crate) async fn run<I: Intake>(ctx: Ctx, client: Client) {
    let path = format!("/apis/{}/{}/{}", names::GROUP, names::VERSION, I::PLURAL);
    take::<I>(ctx, client, Watched { path, selector: String::new() }).await;
}

/// Takes a watch into the world for ever.
pub(crate) async fn take<I: Intake>(ctx: Ctx, client: Client, watched: Watched) {
    // What has not been shown when a list is complete is gone. `None` between lists.
    let mut unseen: Option<BTreeSet<I::Name>> = None;
    let told = |told: Told<'_>| match told {
        Told::Restart => unseen = Some(ctx.world.look(|world| I::names(world)).into_iter().collect()),
        Told::Object(object) => {
            let urgency = match &mut unseen {
                Some(unseen) => {
                    unseen.remove(&I::name(&object));
                    Urgency::Resync
                }
                None => Urgency::User,
            };
            I::put(&ctx, &object, urgency);
        }
        Told::Gone(object) => I::remove(&ctx, &I::name(&object)),
        Told::Complete => {
            for name in unseen.take().into_iter().flatten() {
                I::remove(&ctx, &name);
            }
            let before = ctx.world.look(|world| world.listed.all());
            I::listed(&ctx);
            if !before && ctx.world.look(|world| world.listed.all()) {
                begin(&ctx);
            }
        }
    };
    follow(client, &watched, told).await;
}

/// Everything has been listed once: decisions may begin.
fn begin(ctx: &Ctx) {
    let keys = ctx.world.look(World::all_keys);
    tracing::info!(objects = keys.len(), "all objects are listed");
    for key in keys {
        ctx.queue.wake(&key, Urgency::Resync);
    }
}
