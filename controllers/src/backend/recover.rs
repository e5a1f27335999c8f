//! Recovery: what an operator before us, or we before a break, left in the job queue.

use std::collections::HashMap;

use cyclades_domain::naming::{JobReason, instance_name};
use ganeti_rapi::{Answer, JobId, JobStatus, JobSummary};
use tokio::time::Instant;
use tracing::warn;
use uuid::Uuid;

use super::{session::Session, setback};
use crate::world::{World, window::Job};

impl Session {
    /// Finds our jobs, of an operator before us as well: what unfinished ones do is not submitted again, and what failed
    /// creates have left is recognised.
    pub(super) async fn read_jobs(&self) -> Answer<()> {
        let all = self.ask("jobs_above", self.client.jobs_above(0, &[])).await?;
        let last = all.iter().map(|job| job.id.0).max().unwrap_or(0);
        let mut wanted: Vec<JobId> =
            all.iter().filter(|job| !job.status.is_final()).map(|job| job.id).collect();
        wanted.extend(self.suspicious_creates(&all));
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
        });
        Ok(())
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
        let taken = Job {
            machine: key,
            step: reason.step,
            shape: None,
            instance,
            reason: text.clone(),
            id: Some(job.id),
            above: job.id.0.saturating_sub(1),
            submitted: Instant::now(),
            outcome_unknown: false,
            misses: 0,
            ended: None,
        };
        backend.window.adopt(reason.id, taken);
    }
}
