//! Networks, Subnets and LinkPools: a network gets the prefix of its MACs and gives back all that it has when it goes; the
//! others tell whether they add anything.

mod act;
mod claims;
mod observe;
mod report;
mod seen;

use std::rc::Rc;

use cyclades_crds::condition::Reason;
use cyclades_domain::{
    conditions::Standing,
    network::{
        self,
        plan::{Decision, plan},
    },
};

use self::{
    observe::{observe, prefixes},
    report::{Told, report},
    seen::Seen,
};
use crate::{
    runtime::{
        context::Ctx,
        kube_api::Place,
        pass::{Next, PassError},
    },
    world::ObjectName,
};

/// One pass of a Network: its claims are written, and at most one other effect is made, by who leads.
pub(crate) async fn network(ctx: &Ctx, name: &ObjectName) -> Result<Next, PassError> {
    let again = ctx.replica.leads().then(|| claims::sweep(ctx, name)).flatten();
    let written = claims::write(ctx, name).await;
    claims::wake(ctx, name);
    written?;
    if !ctx.replica.leads() {
        return Ok(Next::Rest);
    }
    match lead(ctx, name).await? {
        Next::Rest => Ok(again.map_or(Next::Rest, Next::After)),
        next => Ok(next),
    }
}

async fn lead(ctx: &Ctx, name: &ObjectName) -> Result<Next, PassError> {
    let Some(seen) = observe(ctx, name) else { return Ok(Next::Rest) };
    let decision = plan(&seen.observed);
    match &decision {
        Decision::Guard => act::guard(ctx, &seen).await?,
        Decision::Take { told } => act::take(ctx, &seen, *told).await?,
        Decision::Return => act::give_back(ctx, &seen).await?,
        Decision::DropBlocks => return Ok(act::drop_blocks(ctx, &seen).await?),
        Decision::Release => {
            act::release(ctx, &seen).await?;
            return Ok(Next::Rest);
        }
        Decision::Gone => return Ok(Next::Rest),
        Decision::Ready { .. } | Decision::Wait(_) | Decision::Stall(_) => {
            return report::network(ctx, &seen, &decision).await;
        }
    }
    Ok(Next::Again)
}

/// One pass of a Subnet: whether its network has addresses of it.
pub(crate) async fn subnet(ctx: &Ctx, name: &ObjectName) -> Result<Next, PassError> {
    let seen = ctx.world.look(|world| {
        let subnet = world.networks.subnet(name)?;
        let spec = &subnet.entry.spec;
        let network = ObjectName::new(name.namespace(), &spec.network_ref.name);
        let candidates = world.networks.candidates(&network);
        let told = match network::subnet(name.name(), spec, &candidates) {
            Err(flaw) => Told::new(Standing::Stalled, flaw.reason, flaw.message),
            Ok(_) if world.networks.get(&network).is_none() => Told::new(
                Standing::Reconciling,
                Reason::NetworkNotFound,
                format!("Network {} does not exist: create it, and it has these addresses.", network.name()),
            ),
            Ok(_) => {
                Told::new(Standing::Ready, Reason::Accepted, "Its network has these addresses.".to_owned())
            }
        };
        Seen::of(&subnet.entry).map(|seen| (seen, told))
    });
    let Some((seen, told)) = seen else { return Ok(Next::Rest) };
    let place = Place { plural: "subnets", namespace: Some(name.namespace()), name: name.name() };
    report(ctx, place, seen, &told).await
}

/// One pass of a LinkPool: whether networks get prefixes of it.
pub(crate) async fn link_pool(ctx: &Ctx, name: &Rc<str>) -> Result<Next, PassError> {
    let seen = ctx.world.look(|world| {
        let pool = world.networks.link_pools.get(name)?;
        let told = match prefixes(pool) {
            Err(error) => {
                Told::new(Standing::Stalled, Reason::InvalidSpec, format!("spec.macPrefixes: {error}."))
            }
            Ok(_) => Told::new(Standing::Ready, Reason::Accepted, "Networks get prefixes of it.".to_owned()),
        };
        Seen::of(&pool.entry).map(|seen| (seen, told))
    });
    let Some((seen, told)) = seen else { return Ok(Next::Rest) };
    report(ctx, Place { plural: "linkpools", namespace: None, name }, seen, &told).await
}
