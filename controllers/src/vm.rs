//! VirtualMachines: observe → resolve → plan → act → report.

mod act;
mod fitting;
mod image;
mod missing;
mod nics;
mod observe;
mod report;
mod rescue;
mod resolve;
mod shape;
mod tell;

use cyclades_domain::vm::plan;

pub(crate) use self::observe::account;

use crate::{
    runtime::{
        context::Ctx,
        pass::{Next, PassError},
    },
    world::ObjectName,
};

/// One pass of a machine: at most one outside effect, at most one status write.
pub(crate) async fn reconcile(ctx: &Ctx, key: &ObjectName) -> Result<Next, PassError> {
    let Some(observed) = observe::observe(ctx, key) else { return Ok(Next::Rest) };
    let decision = plan(&observed.desired, &observed.observed);
    let planned = resolve::resolve(ctx, &observed, decision);
    let acted = act::act(ctx, &observed, planned).await?;
    report::report(ctx, &observed, acted).await
}
