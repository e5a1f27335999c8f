//! Report: at most one status write, only if it says something new; events on transitions.

use std::{collections::BTreeMap, rc::Rc, sync::Arc, time::Duration};

use cyclades_crds::{
    condition::{ConditionType, Reason},
    nic::NicStatus,
};
use cyclades_domain::vm::{
    BackendView, Decision, Extras, LastAction, OwnBoot, Record, Stage, Status, Step, report as tell_status,
};
use serde::Serialize;
use tokio::time::Instant;

use super::{
    act::{Acted, Outcome, is_transitional},
    observe::ObservedMachine,
    tell::tell,
};
use crate::runtime::{
    conditions::{self, ConditionOut},
    context::Ctx,
    jitter,
    kube_api::{Patch, Place},
    pass::{Next, PassError},
};

/// A transition that takes longer than this is told; a shorter one is only its end.
const TELL_TRANSITION_AFTER: Duration = Duration::from_secs(3);
/// How often a machine that waits looks again by itself, in case a wake-up was missed.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Ends a pass.
pub(crate) async fn report(ctx: &Ctx, seen: &ObservedMachine, acted: Acted) -> Result<Next, PassError> {
    let Acted { decision, outcome } = acted;
    match outcome {
        Outcome::Written | Outcome::Refused => return Ok(Next::Again),
        Outcome::Released => return Ok(Next::Rest),
        Outcome::None | Outcome::Submitted => {}
    }
    if decision == Decision::Gone {
        return Ok(Next::Rest);
    }
    let settled = matches!(decision, Decision::Settled | Decision::Follow { .. });
    let status = tell_status(&seen.desired, &seen.observed, &decision, &seen.before, None);
    ctx.world.change(|world| world.machines.set_verified(&seen.key, settled));
    if status == seen.before || keeps_quiet(seen, &decision) {
        transition(ctx, seen, false);
        return Ok(next(seen, &decision));
    }
    if is_transitional(&decision) {
        let since = transition(ctx, seen, true);
        let age = since.elapsed();
        if age < TELL_TRANSITION_AFTER {
            return Ok(Next::After(TELL_TRANSITION_AFTER - age));
        }
    } else {
        transition(ctx, seen, false);
    }
    let last = status.last_action.clone();
    write(ctx, seen, status).await?;
    if let Decision::Act(Step::Record(record)) = &decision {
        recorded(ctx, seen, *record, last.as_deref());
        return Ok(Next::Again);
    }
    Ok(next(seen, &decision))
}

/// What the status now says is ours to do; an action that is over is told.
fn recorded(ctx: &Ctx, seen: &ObservedMachine, record: Record, last: Option<&LastAction>) {
    let (Some(request), Some(last)) = (&seen.observed.request, last) else { return };
    if record == Record::Take {
        ctx.world.change(|world| {
            if let Some(machine) = world.machines.get_mut(&seen.key) {
                machine.memory.action = Some((Arc::clone(&request.id), Stage::Taken));
            }
        });
    }
    let why = last.message.as_deref().unwrap_or_default();
    let id = &last.id;
    let (warning, reason, message) = match record {
        Record::Restart | Record::Rescue | Record::Take => return,
        Record::Done => match &last.image {
            Some(image) => (false, "Rebuilt", format!("Action {id} is done: image {image} is installed.")),
            None => (false, "Rebooted", format!("Action {id} is done.")),
        },
        Record::Failed | Record::Refused => {
            (true, "ActionFailed", format!("Action {id} failed and is not repeated: {why}"))
        }
        Record::Decline => (true, "ActionDeclined", format!("Action {id} was not done: {why}.")),
        Record::Forget => (true, "ActionUnknown", format!("Action {id}: {why}")),
    };
    tell(ctx, seen, warning, reason, "Act", message);
}

/// While a backend cannot be worked with, its machines keep the status they had: nothing is known to have changed, and
/// ten thousand writes would not make it better known. A machine that somebody waits for does say what it waits for.
fn keeps_quiet(seen: &ObservedMachine, decision: &Decision) -> bool {
    let backend_is_away =
        matches!(seen.observed.backend, BackendView::NotReady { .. } | BackendView::Missing { .. });
    let nothing_wanted = !seen.desired.deleting
        && seen.before.observed_generation == seen.desired.generation
        && seen
            .before
            .verdict(ConditionType::Reconciling)
            .is_some_and(|verdict| verdict.status == Some(false));
    matches!(decision, Decision::Wait { .. }) && backend_is_away && nothing_wanted
}

/// Notes whether the machine is in a transition; returns since when.
fn transition(ctx: &Ctx, seen: &ObservedMachine, under_way: bool) -> Instant {
    let now = Instant::now();
    ctx.world.change(|world| {
        let Some(machine) = world.machines.get_mut(&seen.key) else { return now };
        if !under_way {
            machine.memory.in_transition_since = None;
            return now;
        }
        *machine.memory.in_transition_since.get_or_insert(now)
    })
}

/// When the machine looks again by itself.
fn next(seen: &ObservedMachine, decision: &Decision) -> Next {
    match decision {
        Decision::Held { .. } => match seen.held_until {
            Some(until) => {
                Next::After(until.saturating_duration_since(Instant::now()) + Duration::from_millis(10))
            }
            None => Next::Again,
        },
        Decision::Wait { reason: Reason::NoBackendFits, .. }
        | Decision::Stall { reason: Reason::InvalidSpec, .. } => {
            Next::After(LOOK_AGAIN + Duration::from_millis(jitter() % 30_000))
        }
        _ => Next::Rest,
    }
}

/// Status as it is written: what is `None` is removed from the object.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusOut<'a> {
    observed_generation: i64,
    id: String,
    instance_name: Option<&'a str>,
    #[serde(rename = "instanceUUID")]
    instance_uuid: Option<&'a str>,
    node: Option<&'a str>,
    power_state: Option<cyclades_crds::virtual_machine::ObservedPower>,
    applied_power_state: Option<cyclades_crds::virtual_machine::PowerState>,
    shape: Option<&'a cyclades_crds::virtual_machine::Shape>,
    flavor: Option<&'a str>,
    image: Option<&'a str>,
    rescue: Option<&'a str>,
    boot_before_rescue: Option<OwnBootOut<'a>>,
    restart_required: Option<bool>,
    disks: Option<Vec<DiskOut<'a>>>,
    hypervisor_parameters: Option<BTreeMap<&'a str, Option<&'a str>>>,
    nics: Option<&'a [NicStatus]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_action: Option<LastActionOut<'a>>,
    conditions: Vec<ConditionOut<'a>>,
}

/// What an instance booted from, as it is written: what is `None` is removed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OwnBootOut<'a> {
    boot_order: Option<&'a str>,
    cdrom_image_path: Option<&'a str>,
}

impl<'a> OwnBootOut<'a> {
    fn of(own: &'a OwnBoot) -> Self {
        Self { boot_order: own.boot_order.as_deref(), cdrom_image_path: own.cdrom_image_path.as_deref() }
    }
}

/// A disk as it is written.
#[derive(Serialize)]
struct DiskOut<'a> {
    name: &'a str,
    #[serde(rename = "sizeMiB")]
    size_mib: u64,
}

/// The disks of a status; `None` for none.
fn disks_out(extras: Option<&Extras>) -> Option<Vec<DiskOut<'_>>> {
    let disks = &extras?.disks;
    let out = disks.iter().map(|disk| DiskOut { name: &disk.name, size_mib: disk.size_mib });
    (!disks.is_empty()).then(|| out.collect())
}

/// The hypervisor parameters of a status; one that is taken away is said to be, as what is written is laid over what there
/// is. `None` for none.
fn parameters_out<'a>(
    now: Option<&'a Extras>,
    before: Option<&'a Extras>,
) -> Option<BTreeMap<&'a str, Option<&'a str>>> {
    let now = &now.filter(|extras| !extras.parameters.is_empty())?.parameters;
    let gone = before.iter().flat_map(|extras| extras.parameters.keys()).map(|name| (&**name, None));
    Some(gone.chain(now.iter().map(|(name, value)| (&**name, Some(&**value)))).collect())
}

/// The last action as it is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LastActionOut<'a> {
    id: &'a str,
    result: cyclades_crds::virtual_machine::ActionResult,
    message: Option<&'a str>,
    image: Option<&'a str>,
    after_job: Option<u64>,
}

/// Longest message of an action, in bytes: within the schema's bound, whatever Ganeti said.
const MESSAGE_MAX: usize = 4000;

impl<'a> LastActionOut<'a> {
    fn of(last: &'a LastAction) -> Self {
        let cut = |text: &'a str| &text[..text.floor_char_boundary(MESSAGE_MAX)];
        Self {
            id: &last.id,
            result: last.result,
            message: last.message.as_deref().map(cut),
            image: last.image.as_deref(),
            after_job: last.after_job,
        }
    }
}

async fn write(ctx: &Ctx, seen: &ObservedMachine, status: Status) -> Result<(), PassError> {
    let times = conditions::times(&status.verdicts, &seen.before.verdicts, &seen.times, ctx.clock.now());
    let out = StatusOut {
        observed_generation: status.observed_generation,
        id: seen.id.to_string(),
        instance_name: status.instance_name.as_deref(),
        instance_uuid: status.instance_uuid.as_deref(),
        node: status.node.as_deref(),
        power_state: status.power,
        applied_power_state: status.applied,
        shape: status.shape.as_deref(),
        flavor: status.flavor.as_deref(),
        image: status.image.as_deref(),
        rescue: status.rescue.as_deref(),
        boot_before_rescue: status.own_boot.as_deref().map(OwnBootOut::of),
        restart_required: status.restart_required.then_some(true),
        disks: disks_out(status.extras.as_deref()),
        hypervisor_parameters: parameters_out(status.extras.as_deref(), seen.before.extras.as_deref()),
        nics: status.nics.as_deref(),
        last_action: status.last_action.as_deref().map(LastActionOut::of),
        conditions: conditions::out(&status.verdicts, &times, status.observed_generation),
    };
    let patch = Patch::status(seen.version, out);
    let place =
        Place { plural: "virtualmachines", namespace: Some(seen.key.namespace()), name: seen.key.name() };
    let written = ctx.kube.patch(place, true, &patch).await?;
    announce(ctx, seen, &status);
    ctx.world.change(|world| {
        let Some(machine) =
            world.machines.get_mut(&seen.key).filter(|machine| machine.version == seen.version)
        else {
            return;
        };
        machine.version = written.metadata.version();
        machine.status = status;
        if !machine.wants_user_data() {
            machine.user_data = None;
        }
        machine.times = Rc::from(times);
        world.machines.account(&seen.key, None);
    });
    Ok(())
}

/// One event for each transition of the reason of `Ready`.
fn announce(ctx: &Ctx, seen: &ObservedMachine, status: &Status) {
    let ready = |status: &Status| {
        status.verdict(ConditionType::Ready).map(|verdict| (verdict.status, verdict.reason))
    };
    let Some(verdict) = status.verdict(ConditionType::Ready) else { return };
    // Jobs are told when they are accepted, with their ids.
    let same = ready(status) == ready(&seen.before) && status.power == seen.before.power;
    if same || verdict.reason.is_progress() {
        return;
    }
    let (reason, warning) = match (verdict.status, status.power) {
        (Some(true), Some(cyclades_crds::virtual_machine::ObservedPower::Stopped)) => ("Stopped", false),
        (Some(true), _) => ("Running", false),
        _ => (verdict.reason.as_str(), !verdict.reason.is_wanted()),
    };
    tell(ctx, seen, warning, reason, "Reconcile", verdict.message.to_string());
}
