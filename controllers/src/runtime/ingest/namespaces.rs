//! Namespaces that are paused into the world: those with the label, no others. At rest there are none.

use cyclades_crds::names;
use kube::Client;

use super::{Intake, take};
use crate::{
    runtime::{
        context::Ctx,
        queue::Urgency,
        watch::{Unparsed, Watched},
    },
    world::{ObjectName, World},
};

/// The intake.
#[derive(Debug)]
pub(crate) struct Namespaces;

/// Watches the paused namespaces for ever.
pub(crate) async fn run(ctx: Ctx, client: Client) {
    let label = names::PAUSED_LABEL.replace('/', "%2F");
    let watched = Watched {
        path: "/api/v1/namespaces".to_owned(),
        selector: format!("&labelSelector={label}%2C{label}%21%3Dfalse"),
    };
    take::<Namespaces>(ctx, client, watched).await;
}

impl Intake for Namespaces {
    type Name = Box<str>;
    const PLURAL: &'static str = "namespaces";

    fn name(object: &Unparsed<'_>) -> Box<str> {
        object.plain_name().into()
    }

    fn names(world: &World) -> Vec<Box<str>> {
        world.paused_namespaces.iter().cloned().collect()
    }

    fn put(ctx: &Ctx, object: &Unparsed<'_>, urgency: Urgency) {
        let name = Self::name(object);
        if ctx.world.change(|world| world.paused_namespaces.insert(name.clone())) {
            wake(ctx, &name, urgency);
        }
    }

    fn remove(ctx: &Ctx, name: &Box<str>) {
        if ctx.world.change(|world| world.paused_namespaces.remove(name)) {
            wake(ctx, name, Urgency::User);
        }
    }

    fn listed(ctx: &Ctx) {
        ctx.world.change(|world| world.listed.namespaces = true);
    }
}

/// Wakes the machines of a namespace. There is no index of them by namespace: it would cost every machine some memory for
/// what happens once in a while.
fn wake(ctx: &Ctx, namespace: &str, urgency: Urgency) {
    let machines: Vec<ObjectName> = ctx.world.look(|world| {
        let all = world.listed.all();
        let here = world.machines.keys().filter(|key| all && key.namespace() == namespace);
        here.cloned().collect()
    });
    ctx.wake_machines(machines, urgency);
}
