//! Recovery: what an operator before us, or we before a break, left in the job queue.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use cyclades_domain::naming::instance_name;
use cyclades_domain::reason::{JobReason, JobStep};
use ganeti_rapi::{Answer, JobId, JobStatus, JobSummary};
use tokio::time::Instant;
use tracing::{info, warn};
use uuid::Uuid;

use super::{session::Session, setback};
use crate::world::{
    ObjectName, World,
    window::{Ended, Job, is_reinstall},
};

impl Session {
    /// Finds our jobs, of an operator before us as well: what unfinished ones do is not submitted again, and what failed
    /// creates have left is recognised.
    pub(super) async fn read_jobs(&self) -> Answer<()> {
        let all = self.ask("jobs_above", self.client.jobs_above(0, &[])).await?;
        let last = all.iter().map(|job| job.id.0).max().unwrap_or(0);
        let rebuilds = self.unfinished_rebuilds(&all);
        let mut wanted: Vec<JobId> =
            all.iter().filter(|job| !job.status.is_final()).map(|job| job.id).collect();
        wanted.extend(self.suspicious_creates(&all));
        wanted.extend(rebuilds.values());
        let telling = self.told_meanwhile(&all);
        wanted.extend(&telling.jobs);
        let details = match wanted.is_empty() {
            true => Vec::new(),
            false => self.ask("job_details", self.client.job_details(&wanted)).await?,
        };
        self.ctx.world.change(|world| {
            if let Some(backend) = world.backends.get_mut(&self.backend) {
                backend.last_job = backend.last_job.max(last);
            }
            for job in &details {
                self.take_over(world, job);
            }
            telling.hear(world, &self.ctx.installation.cluster_id, &details);
            for (key, id) in &rebuilds {
                if let Some(job) = details.iter().find(|job| job.id == *id) {
                    self.take_rebuild_over(world, key, job);
                }
            }
        });
        Ok(())
    }

    /// The jobs of rebuilds that are noted as being done. They carry no reason: the status says which job came before.
    fn unfinished_rebuilds(&self, jobs: &[JobSummary]) -> BTreeMap<ObjectName, JobId> {
        self.ctx.world.look(|world| {
            let machines = world.machines.on_backend(&self.backend).filter_map(|key| world.machines.get(key));
            let found = machines.filter_map(|machine| {
                let last =
                    machine.status.last_action.as_deref().filter(|last| last.is_unfinished_rebuild())?;
                let (after, instance) = (last.after_job?, machine.known_instance()?);
                let is = |job: &&JobSummary| job.id.0 > after && is_reinstall(&job.summary, instance);
                Some((machine.key.clone(), jobs.iter().find(is)?.id))
            });
            found.collect()
        })
    }

    /// Takes the job of a rebuild into what is known of its machine: one that runs is followed, one that has ended has
    /// done it, or not.
    fn take_rebuild_over(&self, world: &mut World, key: &ObjectName, job: &ganeti_rapi::Job) {
        let Some(machine) = world.machines.get_mut(key) else { return };
        let Some(last) = machine.status.last_action.clone() else { return };
        let Some(backend) = world.backends.get_mut(&self.backend) else { return };
        if backend.window.job(machine.id).is_some() {
            return;
        }
        info!(backend = %self.backend, machine = %key, job = %job.id, "found the job of a rebuild");
        let ended = match &job.status {
            JobStatus::Success => Some(Ended::Success),
            JobStatus::Error => job.error.clone().map(Ended::Failed),
            JobStatus::Canceled => Some(Ended::Canceled),
            _ => None,
        };
        if let Some(ended) = ended {
            setback::after(machine, JobStep::Reinstall, &ended, machine.generation, true);
            machine.memory.action = Some((Arc::clone(&last.id), setback::reinstalled(&ended)));
        } else if !job.status.is_final() {
            let instance = machine.known_instance().cloned().unwrap_or_else(|| Arc::from(""));
            let taken = taken(key.clone(), JobStep::Reinstall, instance, job.id, String::new());
            let id = machine.id;
            backend.window.adopt(id, taken);
        }
    }

    /// The last create of each instance that failed, for machines of which no instance has ever been ready.
    fn suspicious_creates(&self, jobs: &[JobSummary]) -> Vec<JobId> {
        let mut last_create: HashMap<&str, &JobSummary> = HashMap::new();
        for job in jobs {
            let name =
                job.summary.iter().find_map(|text| text.strip_prefix("INSTANCE_CREATE(")?.strip_suffix(')'));
            if let Some(name) = name {
                let latest = last_create.entry(name).or_insert(job);
                if latest.id < job.id {
                    *latest = job;
                }
            }
        }
        let prefix = &self.settings.spec.instance_name_prefix;
        self.ctx.world.look(|world| {
            let never_ready = |name: &str| {
                let id = name.strip_prefix(prefix.as_str()).and_then(|id| Uuid::try_parse(id).ok());
                let machine = id.and_then(|id| world.machines.get(world.machines.by_id(id)?));
                machine.is_some_and(|machine| machine.status.instance_uuid.is_none())
            };
            let failed =
                last_create.iter().filter(|(name, job)| job.status == JobStatus::Error && never_ready(name));
            failed.map(|(_, job)| job.id).collect()
        })
    }

    /// Takes a job of ours into what is known of its machine.
    fn take_over(&self, world: &mut World, job: &ganeti_rapi::Job) {
        let reason = job.reasons.iter().find_map(|text| JobReason::parse(text).map(|reason| (text, reason)));
        let ours = |reason: &JobReason<'_>| reason.cluster_id == self.ctx.installation.cluster_id;
        let Some((text, reason)) = reason.filter(|(_, reason)| ours(reason)) else { return };
        let Some(key) = world.machines.by_id(reason.id).cloned() else {
            warn!(backend = %self.backend, job = %job.id, machine = %reason.id, "a job of ours is for a machine that does not exist any more");
            return;
        };
        if let Some(error) = &job.error {
            if let Some(machine) = world.machines.get_mut(&key) {
                machine.memory.half_made = setback::leaves_half_made(error);
            }
            return;
        }
        let known = world.machines.get(&key).and_then(|machine| machine.known_instance().cloned());
        let Some(backend) = world.backends.get_mut(&self.backend) else { return };
        if job.status.is_final() || backend.window.job(reason.id).is_some() {
            return;
        }
        let prefix = &backend.object.spec.instance_name_prefix;
        let instance = known.unwrap_or_else(|| instance_name(prefix, reason.id).into());
        backend.window.adopt(reason.id, taken(key, reason.step, instance, job.id, text.clone()));
    }
}

/// A job that runs already.
fn taken(machine: ObjectName, step: JobStep, instance: Arc<str>, id: JobId, reason: String) -> Job {
    Job {
        machine,
        step,
        shape: None,
        source: None,
        due: None,
        unplugged: None,
        instance,
        reason,
        id: Some(id),
        above: id.0.saturating_sub(1),
        submitted: Instant::now(),
        outcome_unknown: false,
        misses: 0,
        ended: None,
    }
}
