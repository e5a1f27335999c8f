//! What a failed job means for its machine: when it is tried again, and what its owner is told.

use std::{sync::Arc, time::Duration};

use cyclades_crds::{
    condition::Reason,
    virtual_machine::{ActionResult, PowerState},
};
use cyclades_domain::{
    backoff::Backoff,
    reason::JobStep,
    vm::{Setback, Stage},
};
use ganeti_rapi::{ErrorClass, ErrorCode, Failure, JobError, Retry};
use tokio::time::Instant;

use crate::{
    runtime::jitter,
    world::{Held, Machine, window::Ended},
};

/// Backoff after a job that failed for a passing cause.
const PASSING: Backoff = Backoff { first: Duration::from_secs(5), longest: Duration::from_secs(300) };
/// Backoff while Ganeti has no room; a change of capacity wakes the machine earlier.
const CAPACITY: Backoff = Backoff { first: Duration::from_secs(15), longest: Duration::from_secs(300) };
/// Backoff after an outcome that calls for another look first.
const LOOK_AGAIN: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };
/// Hold after somebody cancelled a job of ours.
const CANCELED: Backoff = Backoff { first: Duration::from_secs(60), longest: Duration::from_secs(600) };
/// Pause between starts of an instance that keeps dying.
const CRASHES: Backoff = Backoff { first: Duration::from_secs(2), longest: Duration::from_secs(300) };
/// An instance that runs this long after a start has not kept dying.
const STABLE_AFTER: Duration = Duration::from_secs(600);

/// Takes the end of a job into a machine's memory. `left_behind`: an instance of the machine exists after it.
pub(crate) fn after(
    machine: &mut Machine,
    step: JobStep,
    outcome: &Ended,
    generation: i64,
    left_behind: bool,
) {
    act_on(machine, step, outcome);
    let memory = &mut machine.memory;
    let what = match step {
        JobStep::Create => "creating the instance",
        JobStep::Start => "starting the instance",
        JobStep::Stop => "shutting the instance down",
        JobStep::Remove => "removing the instance",
        JobStep::RebootSoft | JobStep::RebootHard => "rebooting the instance",
        JobStep::Modify => "setting the instance's CPUs, memory and hypervisor parameters",
        JobStep::Grow | JobStep::GrowDisk => "growing the instance's disk",
        JobStep::AddDisk => "adding a disk to the instance",
        JobStep::Detach => "taking our tags off the instance",
        JobStep::Adopt => "taking the instance over",
        JobStep::Tag | JobStep::Untag => "giving the instance its tags",
        JobStep::SetOs => "preparing another installation",
        JobStep::Reinstall => "installing the image",
        JobStep::SetBoot => "saying what the instance boots from",
    };
    let (reason, message, backoff, permanent) = match outcome {
        Ended::Success => {
            succeeded(machine, step);
            return;
        }
        Ended::Canceled => (
            Reason::JobCanceled,
            format!("Somebody cancelled our job for {what} in Ganeti; it is tried again later."),
            CANCELED,
            false,
        ),
        Ended::Vanished => (
            Reason::JobFailed,
            format!("The job for {what} was not accepted; it is tried again."),
            LOOK_AGAIN,
            false,
        ),
        Ended::Failed(error) => {
            // Ganeti says so where it is asked to plug a disk in and the guest takes none.
            memory.unpluggable |= step == JobStep::AddDisk && error.ecode == Some(ErrorCode::WrongState);
            memory.half_made = step == JobStep::Create && left_behind && leaves_half_made(error);
            let message = format!("Ganeti failed at {what}: {error}");
            match error.retry() {
                Retry::BackOff => (Reason::JobFailed, message, PASSING, false),
                Retry::OnCapacity => (Reason::InsufficientCapacity, message, CAPACITY, false),
                Retry::OnSpecChange => (Reason::JobRefused, message, PASSING, true),
                // The instance is not as it was thought to be: the next look may already show what to do.
                Retry::Reobserve if error.ecode.is_some() => (Reason::JobFailed, message, LOOK_AGAIN, false),
                Retry::Reobserve => (Reason::JobFailed, message, PASSING, false),
            }
        }
    };
    hold(machine, reason, message, backoff, permanent, generation);
}

/// How far the action has come whose job has ended. One that never became a job is still to be done; no other is done
/// twice.
fn act_on(machine: &mut Machine, step: JobStep, outcome: &Ended) {
    let stage = match (step, outcome) {
        (JobStep::SetOs, Ended::Success) => match &machine.memory.action {
            // Who did not take the action on does not go on with it.
            Some((_, Stage::Taken)) => Stage::Prepared,
            _ => return,
        },
        (JobStep::SetOs, Ended::Vanished) => return,
        (JobStep::SetOs, _) => Stage::Refused,
        (JobStep::Reinstall, outcome) => reinstalled(outcome),
        (JobStep::RebootSoft | JobStep::RebootHard, Ended::Success) => Stage::Done,
        (JobStep::RebootSoft | JobStep::RebootHard, Ended::Failed(_) | Ended::Canceled) => Stage::Failed,
        _ => return,
    };
    if step == JobStep::Reinstall {
        // What its power is to be is decided anew.
        machine.memory.ordered = None;
    }
    // After a restart the status tells which action it was.
    let id = match (&machine.memory.action, &machine.status.last_action) {
        (Some((id, _)), _) => Arc::clone(id),
        (None, Some(last)) if last.result == ActionResult::Taken => Arc::clone(&last.id),
        (None, _) => return,
    };
    machine.memory.action = Some((id, stage));
}

/// How far a rebuild has come whose last job has ended. One that cannot be found may have been done.
pub(crate) fn reinstalled(outcome: &Ended) -> Stage {
    match outcome {
        Ended::Success => Stage::Done,
        // Only a job that waits can be cancelled.
        Ended::Canceled => Stage::Refused,
        Ended::Failed(error) if error.class == Some(ErrorClass::OpPrereqError) => Stage::Refused,
        Ended::Failed(_) => Stage::Failed,
        Ended::Vanished => Stage::Orphaned,
    }
}

/// Whether a create that failed with this leaves something that is no machine. A script of the OS or the first start
/// failed, or the job died half-way: its instance was never used. But one that was there before is not of this create.
pub(crate) fn leaves_half_made(error: &JobError) -> bool {
    error.ecode != Some(ErrorCode::AlreadyExists)
}

/// A step succeeded. Starts are counted until the instance has been up for a while: one that keeps dying is started
/// ever less often.
fn succeeded(machine: &mut Machine, step: JobStep) {
    let memory = &mut machine.memory;
    memory.half_made = false;
    if step == JobStep::Remove {
        // What a failed create has left is gone; that it failed still counts, or it would be tried without a pause.
        return;
    }
    memory.setback = None;
    memory.failures = 0;
    if matches!(step, JobStep::Start | JobStep::Stop | JobStep::RebootHard) {
        // It is another guest from then on, and has all its disks.
        (memory.unpluggable, memory.unplugged) = (false, Some(false));
    }
    memory.ordered = match step {
        JobStep::Start => Some(PowerState::Running),
        JobStep::Stop => Some(PowerState::Stopped),
        // A reboot brings about no other power than there was.
        JobStep::RebootSoft | JobStep::RebootHard => memory.ordered,
        _ => None,
    };
    if step != JobStep::Start {
        return;
    }
    let now = Instant::now();
    memory.starts = match memory.last_start {
        Some(last) if now.duration_since(last) < STABLE_AFTER => memory.starts + 1,
        _ => 1,
    };
    memory.last_start = Some(now);
    memory.crash_pause_until = Some(now + CRASHES.delay(memory.starts, jitter()));
}

/// A job succeeded, and Ganeti shows something else than it was asked for: to ask again would be no better.
pub(crate) fn unshown(machine: &mut Machine, step: JobStep) {
    let message = format!(
        "Ganeti has done the job {} and shows something else than spec.hypervisorParameters and spec.disks ask for: write what it shows (gnt-instance info).",
        step.as_str()
    );
    hold(machine, Reason::JobRefused, message, PASSING, true, machine.generation);
}

/// A submission was refused at the door. Nothing was done.
pub(crate) fn refused(machine: &mut Machine, failure: &Failure) {
    let generation = machine.generation;
    let permanent = failure.refusal().is_some_and(|refusal| refusal.status == 400)
        || matches!(failure, Failure::Unsendable(_));
    let reason = if permanent { Reason::JobRefused } else { Reason::JobFailed };
    hold(machine, reason, failure.to_string(), PASSING, permanent, generation);
}

/// A submission was not made: the instance's tags say that it is not whose it was.
pub(crate) fn changed_hands(machine: &mut Machine) {
    let message = "The instance's tags have changed since they were read; it is looked at again.";
    hold(machine, Reason::JobFailed, message, LOOK_AGAIN, false, machine.generation);
}

fn hold(
    machine: &mut Machine,
    reason: Reason,
    message: impl Into<Arc<str>>,
    backoff: Backoff,
    permanent: bool,
    generation: i64,
) {
    let memory = &mut machine.memory;
    memory.failures += 1;
    memory.setback = Some(Held {
        setback: Setback { reason, message: message.into(), permanent, holding: true },
        until: Instant::now() + backoff.delay(memory.failures, jitter()),
        generation,
    });
}
