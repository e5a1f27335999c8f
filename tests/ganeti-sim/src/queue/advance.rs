//! Moving jobs: queued → waiting → running → ended.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::submit::dependencies;
use super::{Job, LockKey, Status};
use crate::exec::{self, Pending};
use crate::fault::FaultKind;
use crate::latency::Cost;
use crate::opcode::{Op, OpError};
use crate::state::State;

/// Steps taken before others may have the lock.
const STEPS_AT_ONCE: usize = 64;
/// How long a job's process takes to start, seconds: the job reads `waiting` meanwhile.
const PROCESS_START: f64 = 0.2;

/// A job that was picked up.
#[derive(Debug)]
pub(super) struct Active {
    /// The opcode it is at.
    pub index: usize,
    stage: Stage,
    key: Option<LockKey>,
    fault: Option<FaultKind>,
}

#[derive(Debug)]
enum Stage {
    /// Its process is starting.
    Starting,
    /// Next comes an opcode.
    Opening,
    /// It waits for its lock, or has just got it.
    Locking,
    /// It works, and this is left to do.
    Working(Pending),
    /// Its prechecks failed, and that is about to be told.
    Failing(OpError),
}

/// What a round has done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    pub changed: bool,
    /// When there is more to do, if ever.
    pub next: Option<Instant>,
    /// Whether there is more to do at once.
    pub more: bool,
}

impl State {
    /// Moves jobs as far as they can go now.
    pub fn advance(&mut self, now: Instant) -> Progress {
        let mut changed = false;
        for _ in 0..STEPS_AT_ONCE {
            if let Some(id) = self.next_ready(now) {
                self.drive(id, now);
            } else if !self.pick_up(now) {
                let next = self.queue.timers.peek().map(|Reverse((at, _))| *at);
                return Progress { changed, next, more: false };
            }
            changed = true;
        }
        Progress { changed, next: None, more: true }
    }

    fn next_ready(&mut self, now: Instant) -> Option<u64> {
        if let Some(id) = self.queue.ready.pop_front() {
            return Some(id);
        }
        let due = self.queue.timers.peek().is_some_and(|Reverse((at, _))| *at <= now);
        due.then(|| self.queue.timers.pop().map(|Reverse((_, id))| id)).flatten()
    }

    /// Picks up the next queued job, if there is one and a place for it.
    fn pick_up(&mut self, now: Instant) -> bool {
        if self.queue.active.len() >= self.cluster.max_running_jobs {
            return false;
        }
        let Some((_, id)) = self.queue.enqueued.pop_first() else { return false };
        let (stamp, delay) = (self.now(), self.latency.scaled(PROCESS_START));
        if let Some(job) = self.queue.get_mut(id) {
            job.status = Status::Waiting;
            job.started = Some(stamp);
            for op in &mut job.ops {
                op.status = Status::Waiting;
            }
        }
        let active = Active { index: 0, stage: Stage::Starting, key: None, fault: None };
        self.queue.active.insert(id, active);
        self.resume(id, now, delay);
        true
    }

    fn resume(&mut self, id: u64, now: Instant, delay: Duration) {
        if delay.is_zero() {
            self.queue.ready.push_back(id);
        } else {
            self.queue.timers.push(Reverse((now + delay, id)));
        }
    }

    /// Takes the next step of a job. Nothing happens if it was cancelled meanwhile.
    fn drive(&mut self, id: u64, now: Instant) {
        let Some(mut active) = self.queue.active.remove(&id) else { return };
        let Some(op) =
            self.queue.get(id).and_then(|job| job.ops.get(active.index)).map(|op| Arc::clone(&op.op))
        else {
            return;
        };
        match std::mem::replace(&mut active.stage, Stage::Locking) {
            Stage::Starting | Stage::Opening => self.open(id, active, &op, now),
            Stage::Locking => self.work(id, active, &op, now),
            Stage::Working(pending) => self.conclude(id, active, &op, pending),
            Stage::Failing(error) => self.fail(id, active, &error),
        }
    }

    /// Checks dependencies and names, and lines up for the lock.
    fn open(&mut self, id: u64, mut active: Active, op: &Arc<Op>, now: Instant) {
        let stamp = self.now();
        if let Some(entry) = self.queue.get_mut(id).and_then(|job| job.ops.get_mut(active.index)) {
            entry.started = Some(stamp);
        }
        match self.check_dependencies(id, op) {
            Dependencies::Met => {}
            Dependencies::Canceled => {
                let result = "\"Job canceled by request\"";
                return self.abort(id, active, Status::Canceled, result);
            }
            Dependencies::Failed(error) => return self.fail(id, active, &error),
        }
        match exec::lock_of(self, op) {
            Err(error) => self.fail(id, active, &error),
            Ok(None) => self.work(id, active, op, now),
            Ok(Some(key)) => {
                let granted = self.queue.locks.acquire(&key, id);
                active.key = Some(key);
                if granted {
                    self.work(id, active, op, now);
                } else {
                    // Ready again once the lock is passed on.
                    self.queue.active.insert(id, active);
                }
            }
        }
    }

    /// Does the prechecks and the first part of the work.
    fn work(&mut self, id: u64, mut active: Active, op: &Arc<Op>, now: Instant) {
        self.set_running(id, active.index);
        active.fault = self.job_faults.take(op);
        let mut messages = Vec::new();
        let begun = match &active.fault {
            Some(fault) if !fault.lets_work_begin(op) => Err(fault.error()),
            _ => exec::begin(self, op, &mut messages).map_err(Some),
        };
        let stamp = self.now();
        if let Some(job) = self.queue.get_mut(id) {
            job.log(active.index, messages, stamp);
        }
        let (stage, cost, wait) = match begun {
            Ok(begun) => (Stage::Working(begun.pending), begun.cost, begun.wait),
            Err(Some(error)) => (Stage::Failing(error), Cost::Refused, Duration::ZERO),
            // A death before any effect.
            Err(None) => return self.die(id, active),
        };
        active.stage = stage;
        let delay = wait + self.delay_of(cost, now);
        self.queue.active.insert(id, active);
        self.resume(id, now, delay);
    }

    /// How long work takes that begins now, with all the other work there is.
    fn delay_of(&mut self, cost: Cost, now: Instant) -> Duration {
        let (alone, exclusive) = self.latency.of(cost, &mut self.random);
        if exclusive.is_zero() {
            return alone;
        }
        self.queue.busy_until = self.queue.busy_until.max(now) + exclusive;
        alone.max(self.queue.busy_until - now)
    }

    fn set_running(&mut self, id: u64, index: usize) {
        let stamp = self.now();
        if let Some(job) = self.queue.get_mut(id) {
            job.status = Status::Running;
            if let Some(entry) = job.ops.get_mut(index) {
                entry.status = Status::Running;
                entry.executed = Some(stamp);
            }
        }
    }

    /// Does the rest of the work, and goes on to the next opcode or the end.
    fn conclude(&mut self, id: u64, active: Active, op: &Arc<Op>, pending: Pending) {
        if let Some(error) = active.fault.as_ref().and_then(FaultKind::error) {
            return self.fail(id, active, &error);
        }
        let mut messages = Vec::new();
        let finished = exec::finish(self, op, pending, &mut messages);
        let stamp = self.now();
        if let Some(job) = self.queue.get_mut(id) {
            job.log(active.index, messages, stamp);
        }
        if matches!(active.fault, Some(FaultKind::JobDeath { .. })) {
            return self.die(id, active);
        }
        match finished {
            Ok(result) => self.succeed(id, active, &result),
            Err(error) => self.fail(id, active, &error),
        }
    }

    fn succeed(&mut self, id: u64, mut active: Active, result: &str) {
        let stamp = self.now();
        let mut more = false;
        if let Some(job) = self.queue.get_mut(id) {
            if let Some(entry) = job.ops.get_mut(active.index) {
                entry.status = Status::Success;
                entry.result = result.into();
                entry.ended = Some(stamp);
            }
            more = active.index + 1 < job.ops.len();
        }
        self.pass_on(id, active.key.take());
        if more {
            let next = Active { index: active.index + 1, stage: Stage::Opening, key: None, fault: None };
            self.queue.active.insert(id, next);
            self.queue.ready.push_back(id);
        } else {
            self.end_job(id, Status::Success);
        }
    }

    fn fail(&mut self, id: u64, active: Active, error: &OpError) {
        self.abort(id, active, Status::Error, &error.to_json());
    }

    /// Ends this opcode as given; those after it could not be tried.
    fn abort(&mut self, id: u64, active: Active, status: Status, result: &str) {
        let stamp = self.now();
        if let Some(job) = self.queue.get_mut(id) {
            let rest = if status == Status::Canceled {
                result.to_owned()
            } else {
                OpError::exec("Preceding opcode failed").to_json().into()
            };
            job.end_remaining(active.index, status, &rest, stamp);
            if let Some(entry) = job.ops.get_mut(active.index) {
                entry.result = result.into();
            }
        }
        self.pass_on(id, active.key);
        self.end_job(id, status);
    }

    /// The job's process is gone: every result is a bare text, also of opcodes that had succeeded.
    fn die(&mut self, id: u64, active: Active) {
        let stamp = self.now();
        if let Some(job) = self.queue.get_mut(id) {
            let text = format!("detected death of job {id}");
            for entry in &mut job.ops {
                let reason = ("gnt:daemon:luxid:deathdetection".to_owned(), text.clone(), stamp.nanos());
                Arc::make_mut(&mut entry.op).reason.push(reason);
            }
            job.end_remaining(0, Status::Error, &format!("\"{text}\""), stamp);
        }
        self.pass_on(id, active.key);
        self.end_job(id, Status::Error);
    }

    fn pass_on(&mut self, id: u64, key: Option<LockKey>) {
        if let Some(next) = key.and_then(|key| self.queue.locks.release(&key, id)) {
            self.queue.ready.push_back(next);
        }
    }

    /// The end of a job that was picked up.
    pub(super) fn end_job(&mut self, id: u64, status: Status) {
        let stamp = self.now();
        if let Some(job) = self.queue.get_mut(id) {
            job.status = status;
            job.ended = Some(stamp);
        }
        if let Some(active) = self.queue.active.remove(&id) {
            self.pass_on(id, active.key);
        }
        self.wake_dependents(id);
        if self.rules.limit_rates() {
            self.requeue_held();
        }
    }

    /// What became of the jobs that an opcode depends on (`_JobDependencyManager`).
    fn check_dependencies(&self, id: u64, op: &Op) -> Dependencies {
        for (other, accepted) in dependencies(op) {
            let text = if other == id {
                "Job can't depend on itself".to_owned()
            } else if let Some(job) = self.queue.get(other) {
                let status = status_of(job);
                if status == "canceled" && !accepted.contains(&status) {
                    return Dependencies::Canceled;
                }
                if accepted.is_empty() || accepted.contains(&status) {
                    continue;
                }
                let wanted = accepted.join(", ");
                format!(
                    "Dependency job {other} finished with status '{status}', not one of '{wanted}' as required"
                )
            } else {
                format!("Dependency error: Job {other} not found")
            };
            return Dependencies::Failed(OpError::exec(text));
        }
        Dependencies::Met
    }
}

enum Dependencies {
    Met,
    Canceled,
    Failed(OpError),
}

fn status_of(job: &Job) -> &'static str {
    job.status.as_str()
}

impl FaultKind {
    /// Whether an opcode that meets this fault gets as far as to change something.
    fn lets_work_begin(&self, op: &Op) -> bool {
        match self {
            Self::JobError { leaves_instance, .. } => {
                *leaves_instance && op.kind() == crate::opcode::Kind::InstanceCreate
            }
            Self::JobDeath { after_effect } => *after_effect,
            _ => true,
        }
    }
}
