//! The job queue.

mod advance;
mod cancel;
mod job;
mod locks;
mod rule;
mod submit;

use std::collections::{BTreeSet, BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;

use tokio::time::Instant;

pub(crate) use job::{Job, JobOp, Status};
pub(crate) use locks::{LockKey, Locks};
pub(crate) use rule::{Action, Predicate, Rule, Rules};

use advance::Active;

/// All jobs and what moves them.
#[derive(Debug)]
pub(crate) struct Queue {
    /// Consecutive ids, the first one being `first`.
    jobs: VecDeque<Arc<Job>>,
    first: u64,
    keep: usize,
    pub drained: bool,
    /// Ready to be picked up: priority, then id.
    enqueued: BTreeSet<(i64, u64)>,
    /// Queued, and held back by a filter rule.
    held: BTreeSet<u64>,
    /// Jobs that wait for another one's end.
    dependents: HashMap<u64, Vec<u64>>,
    /// Picked up and not finished: these take the places of running jobs.
    active: HashMap<u64, Active>,
    /// Those of them that can go on now.
    ready: VecDeque<u64>,
    /// Those of them that go on at a time.
    timers: BinaryHeap<std::cmp::Reverse<(Instant, u64)>>,
    locks: Locks,
    /// When the master's cores have done all that was given to them.
    busy_until: Instant,
}

impl Queue {
    pub fn new(keep: usize) -> Self {
        Self {
            jobs: VecDeque::new(),
            first: 1,
            keep,
            drained: false,
            enqueued: BTreeSet::new(),
            held: BTreeSet::new(),
            dependents: HashMap::new(),
            active: HashMap::new(),
            ready: VecDeque::new(),
            timers: BinaryHeap::new(),
            locks: Locks::default(),
            busy_until: Instant::now(),
        }
    }

    /// The highest id given so far.
    pub fn last(&self) -> u64 {
        self.first + self.jobs.len() as u64 - 1
    }

    pub fn get(&self, id: u64) -> Option<&Arc<Job>> {
        self.jobs.get(usize::try_from(id.checked_sub(self.first)?).ok()?)
    }

    fn get_mut(&mut self, id: u64) -> Option<&mut Job> {
        self.jobs.get_mut(usize::try_from(id.checked_sub(self.first)?).ok()?).map(Arc::make_mut)
    }

    /// Jobs whose ids are within the bounds, both included.
    pub fn range(&self, from: u64, to: u64) -> impl Iterator<Item = &Arc<Job>> {
        let start = from.saturating_sub(self.first);
        let end = to.saturating_add(1).saturating_sub(self.first).min(self.jobs.len() as u64);
        let (start, end) = (start.min(end), end);
        self.jobs.range(usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(0))
    }

    /// Every job there is.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Job>> {
        self.jobs.iter()
    }

    /// Names of all locks that jobs hold, and their holders.
    pub fn locks(&self) -> &Locks {
        &self.locks
    }

    /// Forgets the oldest finished jobs beyond the bound.
    fn trim(&mut self) {
        while self.jobs.len() > self.keep && self.jobs.front().is_some_and(|job| job.status.is_final()) {
            self.jobs.pop_front();
            self.first += 1;
        }
    }
}
