//! How a machine is told: its status, from what was observed and decided.

use std::sync::Arc;

use cyclades_crds::{
    condition::{ConditionType, Reason},
    virtual_machine::{ObservedPower, PowerState, Shape},
};

use super::{BackendView, Decision, Desired, Instance, Observed, Presence, Step};
use crate::{
    conditions::{Standing, Verdict, kstatus},
    naming::JobStep,
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
    /// The shape it was made with.
    pub shape: Option<Arc<Shape>>,
    /// Conditions.
    pub verdicts: Vec<Verdict>,
}

impl Status {
    /// The verdict of a type.
    #[must_use]
    pub fn verdict(&self, kind: ConditionType) -> Option<&Verdict> {
        self.verdicts.iter().find(|verdict| verdict.kind == kind)
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
    let instance = made(observed);
    let shape = observed.shape.as_ref().or(shape).cloned();
    let drift = drift(instance, shape.as_deref());
    let (standing, reason, message) = standing(desired, decision, drift.as_deref());
    let mut verdicts = kstatus(standing, reason, &message).to_vec();
    verdicts.push(placed(observed, decision));
    verdicts.push(in_sync(instance, drift));
    Status {
        observed_generation: desired.generation,
        instance_name: instance.map(|i| Arc::clone(&i.name)).or_else(|| before.instance_name.clone()),
        instance_uuid: instance.map(|i| Arc::clone(&i.uuid)).or_else(|| before.instance_uuid.clone()),
        node: instance.map(|i| Arc::clone(&i.node)).or_else(|| before.node.clone()),
        power: Some(shown_power(observed, decision, before)),
        applied: if *decision == Decision::Settled { Some(desired.power) } else { before.applied },
        shape,
        verdicts,
    }
}

/// The instance, once it is a machine: while its creation runs, Ganeti shows it already, and whether anything will boot
/// is not known.
fn made(observed: &Observed) -> Option<&Instance> {
    match (&observed.presence, observed.job) {
        (_, Some((JobStep::Create, _))) => None,
        (Presence::Present(instance), _) if !instance.half_made => Some(instance),
        _ => None,
    }
}

fn shown_power(observed: &Observed, decision: &Decision, before: &Status) -> ObservedPower {
    match (made(observed), decision) {
        (Some(instance), _) => instance.power.observed(),
        (_, Decision::Stall { reason: Reason::InstanceLost, .. }) => ObservedPower::Lost,
        _ if observed.was_created => before.power.unwrap_or(ObservedPower::Unknown),
        _ => ObservedPower::Pending,
    }
}

/// Fields of the shape in which Ganeti differs from what the machine was made with.
fn drift(instance: Option<&Instance>, shape: Option<&Shape>) -> Option<String> {
    let (instance, shape) = (instance?, shape?);
    let mut fields = Vec::new();
    if instance.vcpus != shape.vcpus {
        fields.push(format!("vcpus: declared {}, Ganeti has {}", shape.vcpus, instance.vcpus));
    }
    if instance.memory_mib != shape.memory_mib {
        fields.push(format!(
            "memory: declared {} MiB, Ganeti has {} MiB",
            shape.memory_mib, instance.memory_mib
        ));
    }
    (!fields.is_empty()).then(|| fields.join("; "))
}

fn standing(desired: &Desired, decision: &Decision, drift: Option<&str>) -> (Standing, Reason, Arc<str>) {
    match decision {
        Decision::Settled => match drift {
            Some(fields) => (Standing::Settled, Reason::Drifted, format!("Ganeti differs: {fields}.").into()),
            None => (Standing::Ready, Reason::Ready, settled(desired.power).into()),
        },
        Decision::Follow { reason } => (Standing::Settled, *reason, followed(*reason).into()),
        Decision::Wait { reason: Reason::Paused, message } => {
            (Standing::Settled, Reason::Paused, Arc::clone(message))
        }
        Decision::Wait { reason, message } | Decision::Held { reason, message } => {
            (Standing::Reconciling, *reason, Arc::clone(message))
        }
        Decision::Stall { reason, message } => (Standing::Stalled, *reason, Arc::clone(message)),
        Decision::Progress { job, id } => {
            let id = id.map_or(String::new(), |id| format!(" (job {id})"));
            let (reason, what) = progress(*job);
            (Standing::Reconciling, reason, format!("The instance is being {what}{id}.").into())
        }
        Decision::Act(Step::Submit { job, .. }) => {
            let (reason, what) = progress(*job);
            (Standing::Reconciling, reason, format!("The instance is to be {what}.").into())
        }
        Decision::Act(Step::Place | Step::Guard) => {
            (Standing::Reconciling, Reason::Creating, "A backend is being chosen.".into())
        }
        Decision::Act(Step::Release) | Decision::Gone => {
            (Standing::Reconciling, Reason::Deleting, "The instance is gone; the object follows.".into())
        }
    }
}

fn settled(power: PowerState) -> &'static str {
    match power {
        PowerState::Running => "The machine runs as declared.",
        PowerState::Stopped => "The machine is stopped as declared.",
    }
}

fn followed(reason: Reason) -> &'static str {
    match reason {
        Reason::StoppedOutside => {
            "The machine was stopped in Ganeti or by its guest, and powerPolicy Follow respects that. To start it, set powerState to Stopped and then to Running, or set powerPolicy: Enforce."
        }
        _ => {
            "The machine was started in Ganeti, and powerPolicy Follow respects that. To stop it, set powerState to Running and then to Stopped, or set powerPolicy: Enforce."
        }
    }
}

fn progress(job: JobStep) -> (Reason, &'static str) {
    match job {
        JobStep::Create => (Reason::Creating, "created"),
        JobStep::Start => (Reason::Starting, "started"),
        JobStep::Stop => (Reason::Stopping, "shut down"),
        JobStep::Remove => (Reason::Deleting, "removed"),
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
            BackendView::Missing { name } | BackendView::NotReady { name, .. } | BackendView::Ready { name },
            _,
        ) => Verdict::new(ConditionType::Placed, true, Reason::BackendChosen, format!("On {name}.")),
    }
}

fn in_sync(instance: Option<&Instance>, drift: Option<String>) -> Verdict {
    let kind = ConditionType::InSync;
    match (instance, drift) {
        (Some(_), Some(fields)) => Verdict::new(kind, false, Reason::Drifted, fields),
        (Some(_), None) => Verdict::new(kind, true, Reason::InSync, "Ganeti has what the spec says."),
        (None, _) => Verdict {
            kind,
            status: None,
            reason: Reason::Creating,
            message: "There is no instance to compare with.".into(),
        },
    }
}
