//! Report: the status of a Network, a Subnet or a LinkPool, written if it says something new.

use cyclades_crds::condition::Reason;
use cyclades_domain::{
    conditions::{Standing, kstatus},
    network::plan::Decision,
};
use serde_json::{Value, json};

use super::{observe::ObservedNetwork, seen::Seen};
use crate::runtime::{
    conditions,
    context::Ctx,
    kube_api::Place,
    pass::{Next, PassError},
};

/// What is told of an object.
#[derive(Debug)]
pub(super) struct Told {
    standing: Standing,
    reason: Reason,
    message: String,
    /// What its status has beside the conditions, where that is news.
    more: Value,
}

impl Told {
    pub(super) fn new(standing: Standing, reason: Reason, message: String) -> Self {
        Self { standing, reason, message, more: Value::Null }
    }
}

/// Tells how a Network stands.
pub(super) async fn network(
    ctx: &Ctx,
    seen: &ObservedNetwork,
    decision: &Decision,
) -> Result<Next, PassError> {
    let mut told = match decision {
        Decision::Wait(flaw) => Told::new(Standing::Reconciling, flaw.reason, flaw.message.clone()),
        Decision::Stall(flaw) => Told::new(Standing::Stalled, flaw.reason, flaw.message.clone()),
        _ => Told::new(Standing::Ready, Reason::Accepted, "Machines can have NICs in it.".to_owned()),
    };
    if let Decision::Ready { prefix } = decision
        && seen.observed.told != Some(*prefix)
    {
        told.more = json!({ "id": seen.id.hyphenated().to_string(), "macPrefix": prefix.to_string() });
    }
    let place = Place { plural: "networks", namespace: Some(seen.name.namespace()), name: seen.name.name() };
    let seen = Seen { conditions: seen.seen.conditions.clone(), ..seen.seen };
    report(ctx, place, seen, &told).await
}

/// Writes the status. The watch brings what was written, and wakes who is concerned.
pub(super) async fn report(ctx: &Ctx, place: Place<'_>, seen: Seen, told: &Told) -> Result<Next, PassError> {
    let verdicts = kstatus(told.standing, told.reason, &told.message.as_str().into());
    let (were, since) = conditions::read(&seen.conditions);
    if were == verdicts && seen.observed_generation == Some(seen.generation) && told.more.is_null() {
        return Ok(Next::Rest);
    }
    let times = conditions::times(&verdicts, &were, &since, ctx.clock.now());
    let mut status = json!({
        "observedGeneration": seen.generation,
        "conditions": conditions::out(&verdicts, &times, seen.generation),
    });
    if let (Some(status), Value::Object(more)) = (status.as_object_mut(), &told.more) {
        status.extend(more.clone());
    }
    let patch = json!({ "metadata": { "resourceVersion": seen.version.to_string() }, "status": status });
    ctx.kube.patch(place, true, &patch).await?;
    Ok(Next::Rest)
}
