//! Submitting a job for a machine: a slot, one request, and what its answer means.

use std::sync::Arc;

use cyclades_domain::{reason::JobReason, term::Term};
use ganeti_rapi::{Client, Failure, JobId, Submit};
use tokio::time::Instant;
use tracing::{info, warn};

use super::{
    order::Order,
    request::{NotSent, send},
    setback,
    trouble::health_of,
};
use crate::{
    runtime::{context::Ctx, queue::Urgency},
    world::{
        Backend, Key,
        window::{Job, Slot, lane},
    },
};

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Submitted {
    /// Ganeti accepted it as this job.
    Accepted(JobId),
    /// The window is full: the machine is woken when it has a slot.
    Queued,
    /// It was refused, or could not be sent; the machine's memory or the backend's health says why.
    Refused,
    /// The answer was lost. The job is looked for by its reason before anything else is done.
    Unknown,
}

/// Submits an order: at most one request.
pub(crate) async fn submit(ctx: &Ctx, order: &Order) -> Submitted {
    let Some(reserved) = reserve(ctx, order) else { return Submitted::Queued };
    let Reserved { client, connections, reason, term } = reserved;
    let start = Instant::now();
    let answer = {
        let _connection = connections.acquire().await;
        let holds = || still_held(ctx, order, term);
        send(&client, &ctx.installation.cluster_id, order, &Submit::because(reason), holds).await
    };
    let step = order.work.step();
    let outcome = match &answer {
        Ok(_) => "done",
        Err(NotSent::Changed | NotSent::NotHeld) => "not_sent",
        Err(NotSent::Failed(failure)) => failure.category(),
    };
    ctx.metrics.rapi(&order.backend, step.as_str(), outcome, start.elapsed());
    match answer {
        Ok(job) => {
            info!(backend = %order.backend, machine = %order.machine, %job, step = step.as_str(), "job accepted");
            with_backend(ctx, order, |backend| backend.window.accepted(order.id, job));
            Submitted::Accepted(job)
        }
        Err(NotSent::Changed) => {
            warn!(backend = %order.backend, machine = %order.machine, step = step.as_str(), "the instance is not whose it was, nothing was submitted");
            leave_alone(ctx, order);
            Submitted::Refused
        }
        Err(NotSent::NotHeld) => {
            warn!(backend = %order.backend, machine = %order.machine, step = step.as_str(), "the backend may be another replica's by now, nothing was submitted");
            ctx.world.change(|world| {
                let held =
                    world.backends.get_mut(&order.backend).filter(|backend| backend.held == Some(term));
                held.and_then(|backend| backend.window.finish(order.id))
            });
            Submitted::Refused
        }
        Err(NotSent::Failed(failure @ Failure::UnknownOutcome(_))) => {
            warn!(backend = %order.backend, machine = %order.machine, step = step.as_str(), %failure, "the answer to a submission was lost");
            with_backend(ctx, order, |backend| {
                if let Some(job) = backend.window.job_mut(order.id) {
                    job.outcome_unknown = true;
                }
            });
            Submitted::Unknown
        }
        Err(NotSent::Failed(failure)) => {
            warn!(backend = %order.backend, machine = %order.machine, step = step.as_str(), %failure, "a submission was refused");
            give_back(ctx, order, &failure);
            Submitted::Refused
        }
    }
}

/// What a submission needs.
struct Reserved {
    client: Client,
    connections: std::rc::Rc<tokio::sync::Semaphore>,
    reason: String,
    term: Term,
}

/// Whether a backend is held for the term that stands in the job's reason, and can be nobody else's at this moment.
fn still_held(ctx: &Ctx, order: &Order, term: Term) -> bool {
    let held = ctx.world.look(|world| world.backends.get(&order.backend).and_then(|backend| backend.held));
    held == Some(term) && ctx.replica.may_act()
}

/// Takes a slot and notes the job before it is sent: whatever happens to the answer, it is known to be possible.
fn reserve(ctx: &Ctx, order: &Order) -> Option<Reserved> {
    let step = order.work.step();
    let (cluster_id, id, generation) = (ctx.installation.cluster_id.as_str(), order.id, order.generation);
    ctx.world.change(|world| {
        let backend = world.backends.get_mut(&order.backend)?;
        let client = backend.client.clone()?;
        let term = backend.held?;
        let reason = JobReason { cluster_id, term, id, generation, step }.to_string();
        if backend.window.take(order.id, &order.machine, lane(step)) == Slot::Queued {
            return None;
        }
        let job = Job {
            machine: order.machine.clone(),
            step,
            shape: order.work.shape().cloned(),
            source: order.work.source().cloned(),
            due: order.work.due().cloned(),
            unplugged: None,
            instance: Arc::clone(&order.instance),
            reason: reason.clone(),
            id: None,
            above: backend.last_job,
            submitted: Instant::now(),
            outcome_unknown: false,
            misses: 0,
            ended: None,
        };
        backend.window.fill(order.id, job);
        Some(Reserved { client, connections: std::rc::Rc::clone(&backend.connections), reason, term })
    })
}

/// Nothing was done, as the instance has changed hands: it is looked at before anything is tried again.
fn leave_alone(ctx: &Ctx, order: &Order) {
    let woken = ctx.world.change(|world| {
        if let Some(machine) = world.machines.get_mut(&order.machine) {
            setback::changed_hands(machine);
        }
        let Some(backend) = world.backends.get_mut(&order.backend) else { return Vec::new() };
        backend.window.finish(order.id);
        backend.window.offer()
    });
    ctx.wake_machines(woken, Urgency::User);
}

/// Nothing was done: the slot is free again, and the cause is noted where it belongs.
fn give_back(ctx: &Ctx, order: &Order, failure: &Failure) {
    let backend_in_trouble = failure.is_queue_drained()
        || matches!(failure, Failure::Unreachable(_) | Failure::UntrustedPeer(_) | Failure::NotAuthorised(_));
    let woken = ctx.world.change(|world| {
        if !backend_in_trouble && let Some(machine) = world.machines.get_mut(&order.machine) {
            setback::refused(machine, failure);
        }
        let Some(backend) = world.backends.get_mut(&order.backend) else { return Vec::new() };
        backend.window.finish(order.id);
        if backend_in_trouble {
            backend.trouble = Some(health_of(failure));
            backend.troubled.notify_one();
            return Vec::new();
        }
        backend.window.offer()
    });
    ctx.wake_machines(woken, Urgency::User);
}

fn with_backend(ctx: &Ctx, order: &Order, change: impl FnOnce(&mut Backend)) {
    let nudge = ctx.world.change(|world| {
        let backend = world.backends.get_mut(&order.backend)?;
        change(backend);
        Some(std::rc::Rc::clone(&backend.nudge))
    });
    if let Some(nudge) = nudge {
        nudge.notify_one();
    }
    ctx.queue.wake(&Key::Vm(order.machine.clone()), Urgency::User);
}
