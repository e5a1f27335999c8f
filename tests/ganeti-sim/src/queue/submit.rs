//! Taking jobs.

use std::sync::Arc;

use serde_json::Value;

use super::{Action, Job, Status};
use crate::opcode::Op;
use crate::state::State;

/// The queue takes no jobs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Drained;

impl State {
    /// Takes a job and gives its id. It is run later.
    pub fn submit(&mut self, ops: Vec<Op>) -> Result<u64, Drained> {
        if self.queue.drained {
            return Err(Drained);
        }
        Ok(self.submit_anyway(ops))
    }

    /// Takes a job even into a drained queue, as the administrator's own tools can.
    pub fn submit_anyway(&mut self, ops: Vec<Op>) -> u64 {
        let id = self.queue.last() + 1;
        let job = Job::new(id, ops, self.now());
        self.queue.jobs.push_back(Arc::new(job));
        self.queue.trim();
        self.enqueue(id);
        id
    }

    /// Puts a queued job where its dependencies and the filter rules want it.
    pub(super) fn enqueue(&mut self, id: u64) {
        let Some(job) = self.queue.get(id).cloned() else { return };
        let canceled = job.ops.first().is_some_and(|op| self.job_faults.cancels(&op.op));
        if canceled {
            self.cancel_queued(id);
            return;
        }
        match self.rules.action_for(&job) {
            Action::Reject => self.cancel_queued(id),
            Action::Pause => drop(self.queue.held.insert(id)),
            Action::RateLimit(limit) if self.running_under(&job) >= limit => {
                self.queue.held.insert(id);
            }
            Action::Accept | Action::Continue | Action::RateLimit(_) => {
                if let Some(blocker) = self.unfinished_dependency(&job) {
                    self.queue.dependents.entry(blocker).or_default().push(id);
                } else {
                    self.queue.enqueued.insert((job.priority(), id));
                }
            }
        }
    }

    /// Jobs picked up or ready to be that the same rule limits.
    fn running_under(&self, job: &Job) -> usize {
        let rule = self.rules.applying(job).map(|rule| rule.uuid.clone());
        let enqueued = self.queue.enqueued.iter().map(|(_, id)| id);
        let ids = self.queue.active.keys().chain(enqueued).filter_map(|id| self.queue.get(*id));
        ids.filter(|other| self.rules.applying(other).map(|rule| rule.uuid.clone()) == rule).count()
    }

    /// A job that this one has to wait for.
    fn unfinished_dependency(&self, job: &Job) -> Option<u64> {
        let depends = job.ops.iter().flat_map(|op| dependencies(&op.op));
        let mut unfinished = depends.filter(|(id, _)| {
            self.queue.get(*id).is_some_and(|other| !other.status.is_final() && other.id != job.id)
        });
        unfinished.next().map(|(id, _)| id)
    }

    /// Looks again at jobs that were held back by filter rules.
    pub fn requeue_held(&mut self) {
        for id in std::mem::take(&mut self.queue.held) {
            self.enqueue(id);
        }
    }

    /// Applies a new or changed set of rules to all jobs that are still queued.
    pub fn requeue_all(&mut self) {
        for (_, id) in std::mem::take(&mut self.queue.enqueued) {
            self.enqueue(id);
        }
        self.requeue_held();
    }

    /// Cancels a job that no one has picked up.
    pub(super) fn cancel_queued(&mut self, id: u64) {
        let now = self.now();
        if let Some(job) = self.queue.get_mut(id) {
            job.end_remaining(0, Status::Canceled, "null", now);
            job.status = Status::Canceled;
            job.ended = Some(now);
        }
        self.wake_dependents(id);
    }

    /// Lets those go on that waited for this job's end.
    pub(super) fn wake_dependents(&mut self, id: u64) {
        for dependent in self.queue.dependents.remove(&id).unwrap_or_default() {
            if self.queue.get(dependent).is_some_and(|job| job.status == Status::Queued) {
                self.enqueue(dependent);
            }
        }
    }
}

/// The jobs that an opcode depends on, and the final states it accepts of each.
pub(super) fn dependencies(op: &Op) -> impl Iterator<Item = (u64, Vec<&str>)> {
    op.list("depends").iter().filter_map(|dependency| {
        let id = dependency.get(0)?;
        let id = id.as_u64().or_else(|| id.as_str()?.parse().ok())?;
        let statuses = dependency.get(1)?.as_array()?.iter().filter_map(Value::as_str).collect();
        Some((id, statuses))
    })
}
