//! Act: the one outside effect of a pass.

use std::sync::Arc;

use cyclades_crds::{names, virtual_machine::Shape};
use cyclades_domain::{
    reason::JobStep,
    vm::{BackendView, Decision, Presence, Step},
};
use serde::Serialize;

use super::{
    observe::ObservedMachine,
    resolve::{Effect, Planned},
    tell::tell,
};
use crate::{
    backend::{
        ahead,
        order::Order,
        proof,
        submit::{Submitted, submit},
    },
    runtime::{
        context::Ctx,
        kube_api::{Patch, Place, WriteError, Written},
        queue::Urgency,
    },
};

/// What a pass did.
#[derive(Debug)]
pub(crate) struct Acted {
    /// What was decided.
    pub(crate) decision: Decision,
    /// What came of it.
    pub(crate) outcome: Outcome,
}

/// What came of the effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// There was no effect to make.
    None,
    /// The object was written; the next pass goes on from there.
    Written,
    /// A job was accepted, or waits for its turn.
    Submitted,
    /// Nothing came of it; the next pass sees why.
    Refused,
    /// The object is let go.
    Released,
}

/// Makes the effect.
pub(crate) async fn act(ctx: &Ctx, seen: &ObservedMachine, planned: Planned) -> Result<Acted, WriteError> {
    let Planned { decision, effect } = planned;
    if !matches!(effect, Some(Effect::Submit(_))) {
        decline_slot(ctx, seen);
    }
    let outcome = match effect {
        None => Outcome::None,
        Some(Effect::Place { backend, shape, explanation }) => {
            put_on(ctx, seen, &backend, &shape, explanation).await?;
            Outcome::Written
        }
        Some(Effect::Guard) => {
            let written = write(ctx, seen, &with_finalizer(seen), None).await?;
            note(ctx, seen, &written);
            Outcome::Written
        }
        Some(Effect::Release) if !may_go(ctx, seen).await => Outcome::Refused,
        Some(Effect::Release) => {
            let kept: Vec<&str> =
                seen.finalizers.iter().map(|f| &**f).filter(|f| *f != names::VM_FINALIZER).collect();
            let written = write(ctx, seen, &kept, None).await?;
            note(ctx, seen, &written);
            Outcome::Released
        }
        Some(Effect::Submit(order)) => send(ctx, seen, &order).await,
    };
    Ok(Acted { decision, outcome })
}

/// Whether nothing of a machine that was placed can be left in Ganeti.
async fn may_go(ctx: &Ctx, seen: &ObservedMachine) -> bool {
    let observed = &seen.observed;
    let is_ready = matches!(observed.backend, BackendView::Ready { .. });
    let is_unshown = observed.presence == Presence::Absent && seen.rival.is_none();
    match &seen.backend {
        Some(backend) if is_ready && is_unshown && !seen.desired.observe => {
            proof::is_gone(ctx, backend, seen.id, &seen.instance).await
        }
        _ => true,
    }
}

/// A slot that was kept for this machine and is not wanted goes to the next one.
fn decline_slot(ctx: &Ctx, seen: &ObservedMachine) {
    let woken = ctx.world.change(|world| {
        let backend = seen.backend.as_ref().and_then(|name| world.backends.get_mut(name));
        let Some(backend) = backend else { return Vec::new() };
        if backend.window.decline(seen.id) { backend.window.offer() } else { Vec::new() }
    });
    ctx.wake_machines(woken, Urgency::User);
}

fn with_finalizer(seen: &ObservedMachine) -> Vec<&str> {
    let mut finalizers: Vec<&str> = seen.finalizers.iter().map(|f| &**f).collect();
    if !finalizers.contains(&names::VM_FINALIZER) {
        finalizers.push(names::VM_FINALIZER);
    }
    finalizers
}

/// Writes backend and finalizer in one patch, before anything exists in Ganeti. The room is taken before the write, so
/// that machines placed meanwhile do not take it twice.
async fn put_on(
    ctx: &Ctx,
    seen: &ObservedMachine,
    backend: &Arc<str>,
    shape: &Arc<Shape>,
    explanation: String,
) -> Result<(), WriteError> {
    ctx.world.change(|world| world.machines.reserve(&seen.key, backend, shape));
    ahead::open(ctx, backend);
    let written = match write(ctx, seen, &with_finalizer(seen), Some(backend)).await {
        Ok(written) => written,
        Err(error) => {
            ctx.world.change(|world| world.machines.unreserve(&seen.key));
            return Err(error);
        }
    };
    ctx.world.change(|world| world.machines.place(&seen.key, backend, shape));
    ctx.guard_backend_of(&seen.key);
    note(ctx, seen, &written);
    tell(ctx, seen, false, "Scheduled", "Place", explanation);
    Ok(())
}

/// Writes the object as it was looked at, or not at all.
async fn write(
    ctx: &Ctx,
    seen: &ObservedMachine,
    finalizers: &[&str],
    backend: Option<&str>,
) -> Result<Written, WriteError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Spec<'a> {
        backend_name: &'a str,
    }
    let patch = Patch::object(seen.version, finalizers, backend.map(|backend_name| Spec { backend_name }));
    let place =
        Place { plural: "virtualmachines", namespace: Some(seen.key.namespace()), name: seen.key.name() };
    ctx.kube.patch(place, false, &patch).await
}

/// What was just written outranks what the watch will bring later.
fn note(ctx: &Ctx, seen: &ObservedMachine, written: &Written) {
    ctx.world.change(|world| {
        if let Some(machine) =
            world.machines.get_mut(&seen.key).filter(|machine| machine.version == seen.version)
        {
            machine.version = written.metadata.version();
            machine.generation = written.metadata.generation;
            machine.finalizers = written.metadata.finalizers.clone().into();
        }
    });
}

async fn send(ctx: &Ctx, seen: &ObservedMachine, order: &Order) -> Outcome {
    match submit(ctx, order).await {
        Submitted::Accepted(job) => {
            let (reason, verb) = match order.work.step() {
                JobStep::Create => ("Creating", "create"),
                JobStep::Start => ("Starting", "start"),
                JobStep::Stop => ("Stopping", "shut down"),
                JobStep::Remove => ("Deleting", "remove"),
                JobStep::RebootSoft | JobStep::RebootHard => ("Rebooting", "reboot"),
                JobStep::Modify => ("Resizing", "set CPUs, memory and hypervisor parameters of"),
                JobStep::Grow | JobStep::GrowDisk => ("Resizing", "grow the disk of"),
                JobStep::AddDisk => ("Resizing", "add disks to"),
                JobStep::Detach => ("Detaching", "take our tags off"),
                JobStep::Adopt => ("Adopting", "put our tags on"),
                JobStep::Tag => ("Tagging", "put its owner's words on"),
                JobStep::Untag => ("Tagging", "take words of its owner off"),
                JobStep::SetOs => ("Rebuilding", "prepare another installation of"),
                JobStep::SetBoot => ("Rescuing", "say what to boot from to"),
                JobStep::Reinstall => ("Rebuilding", "erase the system disk of, and install the image on,"),
            };
            tell(
                ctx,
                seen,
                false,
                reason,
                "Submit",
                format!("Job {job} on {} is to {verb} instance {}.", order.backend, order.instance),
            );
            Outcome::Submitted
        }
        Submitted::Queued | Submitted::Unknown => Outcome::Submitted,
        Submitted::Refused => Outcome::Refused,
    }
}

/// Whether a decision only passes through: what it leads to is told instead, if that comes soon.
pub(super) fn is_transitional(decision: &Decision) -> bool {
    use cyclades_crds::condition::Reason;
    matches!(
        decision,
        Decision::Act(Step::Submit { .. } | Step::Place | Step::Guard | Step::Release)
            | Decision::Progress { .. }
            | Decision::Wait { reason: Reason::Synchronising | Reason::Creating, .. }
    )
}
