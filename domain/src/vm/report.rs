//! How a machine is told: its status, from what was observed and decided.

use std::sync::Arc;

use cyclades_crds::{
    condition::{ConditionType, Reason},
    nic::NicStatus,
    virtual_machine::{ActionResult, ActionType, DriftPolicy, ObservedPower, PowerState, Shape},
};

use super::{
    BackendView, Decision, Desired, Extras, Instance, LastAction, Observed, OwnBoot, Presence, Record,
    Resize, Step,
    apart::{Apart, drift, in_sync, pending, unplugged},
    last_action::last_action,
    rescue,
    standing::standing,
};
use crate::{
    conditions::{Verdict, kstatus},
    reason::JobStep,
};

/// Status of a machine as a value: compared with what the object has, written only if it differs. Shared texts are
/// `Arc`s, since thousands of machines say the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Generation that the conditions speak of.
    pub observed_generation: i64,
    /// Name of the instance.
    pub instance_name: Option<Arc<str>>,
    /// UUID of the instance.
    pub instance_uuid: Option<Arc<str>>,
    /// Its primary node.
    pub node: Option<Arc<str>>,
    /// What Ganeti reports.
    pub power: Option<ObservedPower>,
    /// The power state that was last brought about.
    pub applied: Option<PowerState>,
    /// Its shape.
    pub shape: Option<Arc<Shape>>,
    /// Flavor whose shape that is.
    pub flavor: Option<Arc<str>>,
    /// The image that is installed, where that is known.
    pub image: Option<Arc<str>>,
    /// The image whose medium it boots from, or will.
    pub rescue: Option<Arc<str>>,
    /// What the instance itself was set to boot from before the rescue; `None` for nothing.
    pub own_boot: Option<Arc<OwnBoot>>,
    /// A disk is not in the guest that runs.
    pub restart_required: bool,
    /// What was brought about of its extras; `None` for nothing.
    pub extras: Option<Arc<Extras>>,
    /// Its NICs, with what each was given; `None` for none.
    pub nics: Option<Arc<[NicStatus]>>,
    /// The last action, and what came of it.
    pub last_action: Option<Arc<LastAction>>,
    /// Conditions.
    pub verdicts: Vec<Verdict>,
}

impl Status {
    /// The verdict of a type.
    #[must_use]
    pub fn verdict(&self, kind: ConditionType) -> Option<&Verdict> {
        self.verdicts.iter().find(|verdict| verdict.kind == kind)
    }

    /// Whether the last rebuild failed half-way: what is on the system disk is neither the old nor the new.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        let failed = |last: &LastAction| last.result == ActionResult::Failed && last.image.is_some();
        self.image.is_none() && self.last_action.as_deref().is_some_and(failed)
    }
}

/// The status that follows from a pass; `shape` is the resolved one, where it was resolved in this pass.
#[must_use]
pub fn report(
    desired: &Desired,
    observed: &Observed,
    decision: &Decision,
    before: &Status,
    shape: Option<&Arc<Shape>>,
) -> Status {
    let instance = made(desired, observed);
    let (flavor, shape) = shape_of(observed, instance, shape);
    let drift = instance.and_then(|instance| drift(desired, observed, instance, shape.as_deref()));
    let rescue = rescue::noted(observed, instance, before.rescue.as_ref());
    let image = installed(desired, observed, instance, decision, before);
    let pending = pending(desired, observed, instance, image.as_deref());
    let counted = drift.as_deref().filter(|_| desired.drift_policy != DriftPolicy::Accept);
    let unplugged = unplugged(observed, instance, decision, before);
    let apart = Apart { observed, drift: counted, pending: pending.as_ref(), unplugged };
    let (standing, reason, message) = standing(desired, decision, &apart);
    let mut verdicts = kstatus(standing, reason, &message).to_vec();
    verdicts.push(placed(observed, decision));
    let told = compared(observed, instance, before);
    verdicts.push(told.unwrap_or_else(|| in_sync(instance, drift, pending, unplugged)));
    Status {
        observed_generation: desired.generation,
        instance_name: instance.map(|i| Arc::clone(&i.name)).or_else(|| before.instance_name.clone()),
        instance_uuid: instance.map(|i| Arc::clone(&i.uuid)).or_else(|| before.instance_uuid.clone()),
        node: instance.map(|i| Arc::clone(&i.node)).or_else(|| before.node.clone()),
        power: Some(shown_power(instance, observed, decision, before)),
        applied: applied(desired, observed, decision, before),
        shape,
        flavor,
        image,
        rescue,
        own_boot: rescue::own_boot(observed, instance, before.own_boot.as_ref()),
        restart_required: unplugged,
        extras: extras(desired, observed, instance),
        nics: observed.nics.clone().or_else(|| before.nics.clone()),
        last_action: last_action(desired, observed, decision, before),
        verdicts,
    }
}

/// The shape of the machine, with its flavor: a resize has taken effect when the instance has the new one.
fn shape_of(
    observed: &Observed,
    instance: Option<&Instance>,
    resolved: Option<&Arc<Shape>>,
) -> (Option<Arc<str>>, Option<Arc<Shape>>) {
    match (&observed.resize, instance) {
        (Some(Resize::To { flavor, shape }), Some(instance)) if instance.step_towards(shape).is_none() => {
            (Some(Arc::clone(flavor)), Some(Arc::clone(shape)))
        }
        _ => (observed.flavor.clone(), observed.shape.as_ref().or(resolved).cloned()),
    }
}

/// The power that was last brought about. A stop of our own must not be taken for somebody else's after a crash; a
/// machine that a rebuild has broken is not started again.
fn applied(
    desired: &Desired,
    observed: &Observed,
    decision: &Decision,
    before: &Status,
) -> Option<PowerState> {
    match decision {
        Decision::Settled => Some(desired.wanted_power()),
        Decision::Act(Step::Record(Record::Restart)) => None,
        Decision::Act(Step::Record(Record::Take)) if is_rebuild(observed) => None,
        Decision::Act(Step::Record(Record::Failed)) if is_rebuild(observed) => Some(desired.wanted_power()),
        _ => before.applied,
    }
}

/// Whether the action that is asked for is a rebuild.
pub(super) fn is_rebuild(observed: &Observed) -> bool {
    observed.request.as_ref().is_some_and(|request| request.kind == ActionType::Rebuild)
}

/// Whether the instance's power is what the spec wants.
pub(super) fn has_its_power(desired: &Desired, observed: &Observed) -> bool {
    matches!(&observed.presence, Presence::Present(instance) if instance.power.is(desired.wanted_power()))
}

/// The image that is installed, where that is known.
fn installed(
    desired: &Desired,
    observed: &Observed,
    instance: Option<&Instance>,
    decision: &Decision,
    before: &Status,
) -> Option<Arc<str>> {
    match decision {
        Decision::Act(Step::Record(Record::Done)) if is_rebuild(observed) => {
            before.last_action.as_ref().and_then(|last| last.image.clone())
        }
        Decision::Act(Step::Record(Record::Failed | Record::Forget)) if is_rebuild(observed) => None,
        _ => match instance {
            Some(instance) if before.instance_uuid.as_ref() != Some(&instance.uuid) => {
                let ours = !desired.adopts && !desired.observe;
                ours.then(|| observed.made_from.clone().unwrap_or_else(|| Arc::clone(&observed.image)))
            }
            _ => before.image.clone(),
        },
    }
}

/// What was brought about of the machine's extras.
fn extras(desired: &Desired, observed: &Observed, instance: Option<&Instance>) -> Option<Arc<Extras>> {
    let applied = &observed.extras.applied;
    let (Some(instance), true) = (instance, applied.is_some() || observed.extras.wanted.is_some()) else {
        return applied.clone();
    };
    // Whether the guest has the disks, only the end of their job tells. A status that has them has heard of it.
    if let Some((JobStep::AddDisk, _)) = observed.job {
        return applied.clone();
    }
    let now = observed.compared(desired, instance).brought_about();
    match applied {
        Some(applied) if **applied == now => Some(Arc::clone(applied)),
        _ => (!now.is_empty()).then(|| Arc::new(now)),
    }
}

/// The instance, once it is a machine: while its creation runs, Ganeti shows it already, and whether anything will boot
/// is not known.
fn made<'a>(desired: &Desired, observed: &'a Observed) -> Option<&'a Instance> {
    match (&observed.presence, observed.job) {
        (_, Some((JobStep::Create, _))) => None,
        (Presence::Orphan(instance), _) if desired.observe => Some(instance),
        (Presence::Present(instance), _) if !instance.half_made => Some(instance),
        _ => None,
    }
}

fn shown_power(
    instance: Option<&Instance>,
    observed: &Observed,
    decision: &Decision,
    before: &Status,
) -> ObservedPower {
    match (instance, decision) {
        (Some(instance), _) => instance.power.observed(),
        (_, Decision::Stall { reason: Reason::InstanceLost, .. }) => ObservedPower::Lost,
        _ if observed.was_created => before.power.unwrap_or(ObservedPower::Unknown),
        _ => ObservedPower::Pending,
    }
}

fn placed(observed: &Observed, decision: &Decision) -> Verdict {
    match (&observed.backend, decision) {
        (BackendView::Unplaced, Decision::Wait { reason, message } | Decision::Stall { reason, message }) => {
            Verdict::new(ConditionType::Placed, false, *reason, Arc::clone(message))
        }
        (BackendView::Unplaced, _) => Verdict::new(
            ConditionType::Placed,
            false,
            Reason::NoBackendFits,
            "No backend has been chosen yet.",
        ),
        (
            BackendView::Missing { name }
            | BackendView::Forgotten { name }
            | BackendView::NotReady { name, .. }
            | BackendView::Ready { name },
            _,
        ) => Verdict::new(ConditionType::Placed, true, Reason::BackendChosen, format!("On {name}.")),
    }
}

/// While a backend cannot be worked with, an instance that is not known to an operator that has just started is as it was
/// told before.
fn compared(observed: &Observed, instance: Option<&Instance>, before: &Status) -> Option<Verdict> {
    let away = matches!(observed.backend, BackendView::NotReady { .. } | BackendView::Missing { .. });
    if instance.is_some() || !away || !observed.was_created {
        return None;
    }
    before.verdict(ConditionType::InSync).cloned()
}
