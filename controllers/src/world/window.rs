//! The job window of a backend: our unfinished jobs, and who waits for a slot.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::Arc,
};

use cyclades_crds::virtual_machine::Shape;
use cyclades_domain::{
    lanes::{Lane, admits},
    reason::JobStep,
    vm::Due,
};
use ganeti_rapi::JobId;
use tokio::time::Instant;
use uuid::Uuid;

use super::ObjectName;

/// A job of ours on a machine's instance, from before it is submitted until its effect has been read.
#[derive(Debug)]
pub(crate) struct Job {
    /// The machine.
    pub(crate) machine: ObjectName,
    pub(crate) step: JobStep,
    /// The shape that it brings about, where it does that.
    pub(crate) shape: Option<Arc<Shape>>,
    /// The image that it creates an instance from, or where the medium is that it has an instance boot from.
    pub(crate) source: Option<Arc<str>>,
    /// The extras that it brings about, where it does that.
    pub(crate) due: Option<Arc<Due>>,
    /// It has ended, and tells whether the guest that runs lacks a disk.
    pub(crate) unplugged: Option<bool>,
    /// Name of the instance.
    pub(crate) instance: Arc<str>,
    /// Its reason, by which it is found when the answer to its submission was lost.
    pub(crate) reason: String,
    /// Its id, once it is known.
    pub(crate) id: Option<JobId>,
    /// Highest job id seen when it was submitted: it is above.
    pub(crate) above: u64,
    /// When it was submitted.
    pub(crate) submitted: Instant,
    /// The answer to its submission was lost.
    pub(crate) outcome_unknown: bool,
    /// Looks for it, or for its effect, that found nothing.
    pub(crate) misses: u32,
    /// It has ended; its effect remains to be read.
    pub(crate) ended: Option<Ended>,
}

impl Job {
    /// Whether a job of Ganeti's queue is this one. One that RAPI takes no reason for is known by what it does to whom;
    /// nobody else's `gnt-instance reinstall` stops the instance in the same job.
    pub(crate) fn is(&self, found: &ganeti_rapi::Job) -> bool {
        found.id.0 > self.above
            && match self.step {
                JobStep::Reinstall => is_reinstall(&found.summary, &self.instance),
                _ => found.reasons.contains(&self.reason),
            }
    }
}

/// Whether these opcodes are those of a reinstall of ours.
pub(crate) fn is_reinstall(summary: &[String], instance: &str) -> bool {
    let is = |text: &str, opcode: &str| {
        text.strip_prefix(opcode).and_then(|rest| rest.strip_prefix('(')?.strip_suffix(')')) == Some(instance)
    };
    matches!(summary, [stop, install] if is(stop, "INSTANCE_SHUTDOWN") && is(install, "INSTANCE_REINSTALL"))
}

/// How a job ended.
#[derive(Clone, Debug)]
pub(crate) enum Ended {
    /// Done.
    Success,
    /// Failed, with Ganeti's words.
    Failed(ganeti_rapi::JobError),
    /// Cancelled; not by us.
    Canceled,
    /// It cannot be found: it was never accepted.
    Vanished,
}

/// Whether a machine may submit a job now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// It has a slot.
    Taken,
    /// It is in its lane's queue, and is woken when a slot is free.
    Queued,
}

/// The window.
#[derive(Debug)]
pub(crate) struct Window {
    slots: u32,
    jobs: BTreeMap<Uuid, Job>,
    by_job: HashMap<JobId, Uuid>,
    in_use: [u32; 3],
    queues: [VecDeque<(Uuid, ObjectName)>; 3],
    queued: HashSet<Uuid>,
    /// Slots kept for machines that have been woken to use them.
    promised: HashMap<Uuid, Lane>,
    /// Jobs of ours that others cancelled since this was last asked.
    cancels: usize,
}

/// The lane of a step.
pub(crate) fn lane(step: JobStep) -> Lane {
    match step {
        JobStep::Create => Lane::Create,
        JobStep::Start
        | JobStep::Stop
        | JobStep::RebootSoft
        | JobStep::RebootHard
        | JobStep::Modify
        | JobStep::Grow
        | JobStep::AddDisk
        | JobStep::GrowDisk
        | JobStep::Adopt
        | JobStep::Tag
        | JobStep::Untag
        | JobStep::SetOs
        | JobStep::SetBoot
        | JobStep::Reinstall => Lane::Action,
        JobStep::Remove | JobStep::Detach => Lane::Delete,
    }
}

impl Window {
    pub(crate) fn new(slots: u32) -> Self {
        Self {
            slots,
            jobs: BTreeMap::new(),
            by_job: HashMap::new(),
            in_use: [0; 3],
            queues: std::array::from_fn(|_| VecDeque::new()),
            queued: HashSet::new(),
            promised: HashMap::new(),
            cancels: 0,
        }
    }

    pub(crate) fn resize(&mut self, slots: u32) {
        self.slots = slots;
    }

    /// The unfinished job on a machine's instance.
    pub(crate) fn job(&self, machine: Uuid) -> Option<&Job> {
        self.jobs.get(&machine)
    }

    pub(crate) fn job_mut(&mut self, machine: Uuid) -> Option<&mut Job> {
        self.jobs.get_mut(&machine)
    }

    pub(crate) fn jobs_mut(&mut self) -> impl Iterator<Item = &mut Job> {
        self.jobs.values_mut()
    }

    /// All unfinished jobs, with their machines.
    pub(crate) fn jobs(&self) -> impl Iterator<Item = (Uuid, &Job)> {
        self.jobs.iter().map(|(machine, job)| (*machine, job))
    }

    /// The machine that a job is for.
    pub(crate) fn machine_of(&self, job: JobId) -> Option<Uuid> {
        self.by_job.get(&job).copied()
    }

    /// Instances that our jobs are removing.
    pub(crate) fn leaving(&self) -> HashSet<Arc<str>> {
        let removals = self.jobs.values().filter(|job| job.step == JobStep::Remove);
        removals.map(|job| Arc::clone(&job.instance)).collect()
    }

    /// Number of unfinished jobs.
    pub(crate) fn len(&self) -> usize {
        self.jobs.len()
    }

    /// Machines that wait for a slot.
    pub(crate) fn waiting(&self) -> usize {
        self.queued.len()
    }

    /// Whether a job of this lane would go out at once.
    pub(crate) fn has_room(&self, lane: Lane) -> bool {
        self.queues[lane.index()].is_empty() && admits(self.slots, self.in_use, lane)
    }

    /// Takes a slot for a machine, or queues it behind those of its lane that came before.
    pub(crate) fn take(&mut self, id: Uuid, machine: &ObjectName, lane: Lane) -> Slot {
        if self.promised.remove(&id).is_some_and(|promised| {
            let same = promised == lane;
            if !same {
                self.in_use[promised.index()] -= 1;
            }
            same
        }) {
            return Slot::Taken;
        }
        if self.has_room(lane) {
            self.in_use[lane.index()] += 1;
            return Slot::Taken;
        }
        if self.queued.insert(id) {
            self.queues[lane.index()].push_back((id, machine.clone()));
        }
        Slot::Queued
    }

    /// Fills a slot that was taken with the job it is for.
    pub(crate) fn fill(&mut self, machine: Uuid, job: Job) {
        if let Some(id) = job.id {
            self.by_job.insert(id, machine);
        }
        self.jobs.insert(machine, job);
    }

    /// Adds a job found in Ganeti that is ours, whatever the window says.
    pub(crate) fn adopt(&mut self, machine: Uuid, job: Job) {
        self.in_use[lane(job.step).index()] += 1;
        self.fill(machine, job);
    }

    /// The submission was answered: the job has an id.
    pub(crate) fn accepted(&mut self, machine: Uuid, id: JobId) {
        if let Some(job) = self.jobs.get_mut(&machine) {
            job.id = Some(id);
            job.outcome_unknown = false;
            self.by_job.insert(id, machine);
        }
    }

    /// Frees a machine's slot; the caller offers it on with [`Window::offer`].
    pub(crate) fn finish(&mut self, machine: Uuid) -> Option<Job> {
        let job = self.jobs.remove(&machine)?;
        if let Some(id) = job.id {
            self.by_job.remove(&id);
        }
        let used = &mut self.in_use[lane(job.step).index()];
        *used = used.saturating_sub(1);
        self.cancels += usize::from(matches!(job.ended, Some(Ended::Canceled)));
        Some(job)
    }

    /// Number of our jobs that others cancelled since this was last asked.
    pub(crate) fn take_cancels(&mut self) -> usize {
        std::mem::take(&mut self.cancels)
    }

    /// A machine was woken for a slot and does not want it any more.
    pub(crate) fn decline(&mut self, machine: Uuid) -> bool {
        let Some(lane) = self.promised.remove(&machine) else { return false };
        let used = &mut self.in_use[lane.index()];
        *used = used.saturating_sub(1);
        true
    }

    /// Promises free slots to those who wait longest in their lanes, and returns them to be woken.
    pub(crate) fn offer(&mut self) -> Vec<ObjectName> {
        let mut woken = Vec::new();
        loop {
            let before = woken.len();
            for lane in Lane::ALL {
                if admits(self.slots, self.in_use, lane)
                    && let Some((id, machine)) = self.queues[lane.index()].pop_front()
                {
                    self.queued.remove(&id);
                    self.in_use[lane.index()] += 1;
                    self.promised.insert(id, lane);
                    woken.push(machine);
                }
            }
            if woken.len() == before {
                return woken;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(n: u128) -> ObjectName {
        ObjectName::new("default", &format!("vm-{n}"))
    }

    fn job(n: u128, step: JobStep) -> Job {
        Job {
            machine: name(n),
            step,
            shape: None,
            source: None,
            due: None,
            unplugged: None,
            instance: "i".into(),
            reason: String::new(),
            id: None,
            above: 0,
            submitted: Instant::now(),
            outcome_unknown: false,
            misses: 0,
            ended: None,
        }
    }

    #[tokio::test]
    async fn slots_go_to_those_who_wait_longest() {
        let mut window = Window::new(1);
        assert_eq!(window.take(Uuid::from_u128(1), &name(1), Lane::Create), Slot::Taken);
        window.fill(Uuid::from_u128(1), job(1, JobStep::Create));
        assert_eq!(window.take(Uuid::from_u128(2), &name(2), Lane::Create), Slot::Queued);
        assert_eq!(window.take(Uuid::from_u128(3), &name(3), Lane::Create), Slot::Queued);
        assert!(window.offer().is_empty(), "the window is full");
        window.finish(Uuid::from_u128(1));
        assert_eq!(window.offer(), [name(2)]);
        assert_eq!(
            window.take(Uuid::from_u128(4), &name(4), Lane::Create),
            Slot::Queued,
            "the slot is promised"
        );
        assert_eq!(window.take(Uuid::from_u128(2), &name(2), Lane::Create), Slot::Taken);
    }

    #[tokio::test]
    async fn a_promise_that_is_not_used_goes_on() {
        let mut window = Window::new(1);
        window.take(Uuid::from_u128(1), &name(1), Lane::Create);
        window.fill(Uuid::from_u128(1), job(1, JobStep::Create));
        window.take(Uuid::from_u128(2), &name(2), Lane::Create);
        window.take(Uuid::from_u128(3), &name(3), Lane::Delete);
        window.finish(Uuid::from_u128(1));
        assert_eq!(window.offer(), [name(2)]);
        assert!(window.decline(Uuid::from_u128(2)));
        assert_eq!(window.offer(), [name(3)]);
    }
}
