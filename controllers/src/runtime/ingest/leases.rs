//! Leases of the operator's replicas: who lives.

use std::time::Duration;

use cyclades_crds::names;
use k8s_openapi::api::coordination::v1::Lease;
use kube::Client;

use super::{Intake, take};
use crate::{
    replica::assess::assess,
    runtime::{
        context::Ctx,
        queue::Urgency,
        watch::{Unparsed, Watched},
    },
    world::World,
};

/// How long a Lease lasts that does not say so.
const DEFAULT_SECONDS: i32 = 15;

/// The intake.
#[derive(Debug)]
pub(crate) struct Leases;

/// Watches the Leases in a namespace for ever. Those of others there are few, and left alone.
pub(crate) async fn run(ctx: Ctx, client: Client, namespace: String) {
    let path = format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases");
    take::<Leases>(ctx, client, Watched { path, selector: String::new() }).await;
}

impl Intake for Leases {
    type Name = Box<str>;
    const PLURAL: &'static str = "leases";

    fn name(object: &Unparsed<'_>) -> Box<str> {
        object.plain_name().into()
    }

    fn names(world: &World) -> Vec<Box<str>> {
        world.leases.iter().cloned().collect()
    }

    fn put(ctx: &Ctx, object: &Unparsed<'_>, urgency: Urgency) {
        let name = Self::name(object);
        let Some(replica) = name.strip_prefix(names::LEASE_PREFIX) else { return };
        if replica == ctx.replica.identity.name {
            match urgency {
                Urgency::User => ctx.replica.shown(object.version()),
                Urgency::Resync => ctx.replica.listed(object.version()),
            }
        } else {
            see(ctx, replica, object);
        }
        ctx.world.change(|world| world.leases.insert(name));
        assess(ctx);
    }

    fn remove(ctx: &Ctx, name: &Box<str>) {
        ctx.world.change(|world| world.leases.remove(name));
        if let Some(replica) = name.strip_prefix(names::LEASE_PREFIX) {
            ctx.replica.forget(replica);
            assess(ctx);
        }
    }

    fn listed(ctx: &Ctx) {
        ctx.world.change(|world| world.listed.leases = true);
        ctx.replica.list_is_complete();
        assess(ctx);
    }
}

fn see(ctx: &Ctx, replica: &str, object: &Unparsed<'_>) {
    let Some(spec) = serde_json::from_str::<Lease>(object.json()).ok().and_then(|lease| lease.spec) else {
        return;
    };
    let seconds = spec.lease_duration_seconds.unwrap_or(DEFAULT_SECONDS);
    let lasts = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    let Some(renewed) = spec.renew_time.map(|time| time.0) else { return };
    let age = Duration::try_from(ctx.clock.now().duration_since(renewed)).unwrap_or_default();
    let renewal = format!("{renewed} {}", spec.holder_identity.unwrap_or_default());
    ctx.replica.see(replica, &renewal, lasts, age);
}
