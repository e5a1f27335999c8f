//! Whether a running guest has all its disks. Ganeti's configuration does not tell: a disk that could not be plugged in
//! stands there like any other. The results of jobs do, ours and everybody's, as long as the queue has them.

use std::collections::HashMap;

use cyclades_domain::reason::{JobReason, JobStep};
use ganeti_rapi::{Job, JobId, JobStatus, JobSummary};
use uuid::Uuid;

use super::session::Session;
use crate::world::{Machine, ObjectName, World};

/// What stands in the result of a job that plugged a device into the running guest.
const PLUGGED: &str = "\"hotplug:done\"";
/// What stands in the result of a job that could not. The job succeeds all the same.
const NOT_PLUGGED: &str = "\"hotplug:failed\"";
/// Beginnings of the summaries of jobs after which a guest is another one, or has other disks.
const TELLING: [&str; 5] = [
    "INSTANCE_SET_PARAMS(",
    "INSTANCE_STARTUP(",
    "INSTANCE_SHUTDOWN(",
    "INSTANCE_REBOOT(",
    "INSTANCE_FAILOVER(",
];
/// Opcodes after which it is another one.
const ANOTHER_GUEST: [&str; 4] =
    ["OP_INSTANCE_STARTUP", "OP_INSTANCE_SHUTDOWN", "OP_INSTANCE_REBOOT", "OP_INSTANCE_FAILOVER"];

/// Whether a job that was to add a disk has left the guest without it: Ganeti 3.1 does not say that it failed where the
/// guest takes nothing at all. For a machine that is stopped this says nothing; its next guest has all disks.
pub(super) fn left_out(job: &Job) -> bool {
    let says = |word: &str| job.results.iter().any(|result| result.get().contains(word));
    says(NOT_PLUGGED) || !says(PLUGGED)
}

/// What a job tells: the guest lacks a disk, or is another one and has them all; `None` for nothing.
pub(super) fn told_by(job: &Job, cluster_id: &str) -> Option<bool> {
    if job.status != JobStatus::Success {
        return None;
    }
    let is = |id: &String| ANOTHER_GUEST.contains(&id.as_str());
    if job.op_ids.iter().any(is) && !job.soft_reboot {
        return Some(false);
    }
    let reason = job.reasons.iter().find_map(|text| JobReason::parse(text))?;
    let adds = reason.cluster_id == cluster_id && reason.step == JobStep::AddDisk;
    adds.then(|| left_out(job))
}

/// The instance that a job may tell something of.
fn told_of(summary: &[String]) -> Option<&str> {
    summary.iter().find_map(|text| {
        let start = TELLING.iter().find(|start| text.starts_with(*start))?;
        text.strip_prefix(*start)?.strip_suffix(')')
    })
}

/// Whether it is to be found out of a machine what jobs tell: it is said to lack a disk, or has one by now whose job's end
/// nobody has heard of.
fn is_in_doubt(machine: &Machine) -> bool {
    let told = machine.memory.unplugged.unwrap_or(machine.status.restart_required);
    let heard = |name: &str| {
        let applied = machine.status.extras.as_ref().and_then(|extras| extras.disk(name));
        applied.is_some_and(|size| size > 0)
    };
    let wanted = machine.extras().into_iter().flat_map(|extras| extras.disks.iter());
    told || (machine.status.instance_uuid.is_some() && wanted.into_iter().any(|disk| !heard(&disk.name)))
}

/// Jobs that tell of machines in doubt, and of which: the machines' ids by the names of their instances.
#[derive(Debug, Default)]
pub(super) struct Telling {
    pub(super) jobs: Vec<JobId>,
    machines: HashMap<Box<str>, Uuid>,
}

impl Telling {
    /// Of ended jobs, those of instances that `doubted` knows.
    fn of<'a>(
        jobs: impl Iterator<Item = &'a JobSummary>,
        mut doubted: impl FnMut(&str) -> Option<Uuid>,
    ) -> Self {
        let mut telling = Self::default();
        for job in jobs.filter(|job| job.status == JobStatus::Success) {
            let Some(name) = told_of(&job.summary) else { continue };
            if let Some(id) = telling.machines.get(name).copied().or_else(|| doubted(name)) {
                telling.machines.insert(name.into(), id);
                telling.jobs.push(job.id);
            }
        }
        telling
    }

    /// Takes what the jobs have told, oldest first, into what is known of the machines; gives those that heard of it.
    pub(super) fn hear(&self, world: &mut World, cluster_id: &str, jobs: &[Job]) -> Vec<ObjectName> {
        let mut jobs: Vec<&Job> = jobs.iter().filter(|job| self.jobs.contains(&job.id)).collect();
        jobs.sort_by_key(|job| job.id);
        let mut heard = Vec::new();
        for job in jobs {
            let id = told_of(&job.summary).and_then(|name| self.machines.get(name));
            let (Some(id), Some(told)) = (id, told_by(job, cluster_id)) else { continue };
            let Some(key) = world.machines.by_id(*id).cloned() else { continue };
            if let Some(machine) = world.machines.get_mut(&key) {
                machine.memory.unplugged = Some(told);
                heard.push(key);
            }
        }
        heard
    }
}

impl Session {
    /// Jobs of others that have just ended. What our own jobs tell is heard where they end.
    pub(super) fn told_by_others(&self, jobs: &[JobSummary]) -> Telling {
        self.ctx.world.look(|world| {
            let Some(backend) = world.backends.get(&self.backend) else { return Telling::default() };
            let foreign = jobs.iter().filter(|job| backend.window.machine_of(job.id).is_none());
            Telling::of(foreign, |name| {
                let id = backend.inventory.machine_named(name)?;
                let machine = world.machines.get(world.machines.by_id(id)?)?;
                is_in_doubt(machine).then_some(id)
            })
        })
    }

    /// All jobs that the queue still has, of a time when nobody of us may have listened.
    pub(super) fn told_meanwhile(&self, jobs: &[JobSummary]) -> Telling {
        self.ctx.world.look(|world| {
            let machines = world.machines.on_backend(&self.backend).filter_map(|key| world.machines.get(key));
            let doubted = machines.filter(|machine| is_in_doubt(machine));
            let named = doubted.filter_map(|machine| Some((&**machine.known_instance()?, machine.id)));
            let named: HashMap<&str, Uuid> = named.collect();
            Telling::of(jobs.iter(), |name| named.get(name).copied())
        })
    }
}

#[cfg(test)]
mod tests {
    use cyclades_domain::term::Term;
    use serde_json::value::RawValue;

    use super::*;

    /// A job of ours that was to add a disk.
    fn job(op: &str, result: &str) -> Job {
        let (term, id) = (Term { epoch: 1, life: 2 }, Uuid::from_u128(3));
        let reason = JobReason { cluster_id: "bed", term, id, generation: 4, step: JobStep::AddDisk };
        Job {
            id: JobId(7),
            status: JobStatus::Success,
            summary: vec!["INSTANCE_SET_PARAMS(web)".into()],
            op_ids: vec![op.into()],
            soft_reboot: false,
            reasons: vec![reason.to_string()],
            error: None,
            results: vec![RawValue::from_string(result.into()).unwrap()],
            received: None,
            started: None,
            ended: None,
        }
    }

    #[test]
    fn a_disk_is_in_the_guest_where_ganeti_says_so_and_nowhere_else() {
        let modify = |result| told_by(&job("OP_INSTANCE_SET_PARAMS", result), "bed");
        assert_eq!(modify(r#"[["disk/1","add:size=16,mode=rw"],["disk/1","hotplug:done"]]"#), Some(false));
        assert_eq!(modify(r#"[["disk/1","add:size=16,mode=rw"],["disk/1","hotplug:failed"]]"#), Some(true));
        assert_eq!(modify(r#"[["disk/1","hotplug:done"],["disk/2","hotplug:failed"]]"#), Some(true));
        // Ganeti 3.1, where the guest takes no devices at all.
        assert_eq!(modify(r#"[["disk/1","add:size=16,mode=rw"]]"#), Some(true));
        let foreign = job("OP_INSTANCE_SET_PARAMS", "[]");
        assert_eq!(told_by(&foreign, "another"), None);
    }

    #[test]
    fn another_guest_has_all_disks() {
        for op in ANOTHER_GUEST {
            assert_eq!(told_by(&Job { reasons: Vec::new(), ..job(op, "null") }, "bed"), Some(false), "{op}");
        }
        let soft = Job { soft_reboot: true, reasons: Vec::new(), ..job("OP_INSTANCE_REBOOT", "null") };
        assert_eq!(told_by(&soft, "bed"), None);
        let failed = Job { status: JobStatus::Error, ..job("OP_INSTANCE_STARTUP", "null") };
        assert_eq!(told_by(&failed, "bed"), None);
    }
}
