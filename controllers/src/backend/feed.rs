//! The job feed: what has happened in Ganeti, told by its job queue, ours and everybody's.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use cyclades_crds::condition::Reason;
use cyclades_domain::{backend::Health, reason::JobStep};
use ganeti_rapi::{Answer, JobId, JobStatus, JobSummary};
use tokio::time::Instant;
use tracing::{info, warn};
use uuid::Uuid;

use super::{
    effect::shows,
    plug,
    poll::{self, Tolerance},
    session::Session,
    setback,
    trouble::health_of,
};
use crate::{
    runtime::{jittered, queue::Urgency},
    world::{
        Key,
        window::{Ended, Job},
    },
};

/// Shortest time between looks while jobs of ours run. A look that finds nothing doubles it, up to the idle interval.
const BUSY_INTERVAL: Duration = Duration::from_millis(20);
/// While busy, looks take at most one part in this many of RAPI's time.
const PACE: u32 = 4;
/// Foreign jobs that are followed until they end; beyond that, the periodic readings must do.
const FOREIGN_FOLLOWED_MAX: usize = 200;
/// Looks for a job whose submission was not answered, before it counts as never accepted.
const LOOKS_FOR_UNKNOWN: u32 = 3;
/// Least time for which such a job is looked for: RAPI itself may still be sending it on.
const UNKNOWN_FOR: Duration = Duration::from_secs(10);
/// A submission that was not answered by then was abandoned: longer than a pass may take.
const SUBMISSION_ABANDONED_AFTER: Duration = Duration::from_secs(120);
/// Looks in a row that do not show a job of ours, before it counts as lost with the queue it was in.
const LOOKS_FOR_KNOWN: u32 = 5;
/// Readings of an instance after its job ended, before what they show is taken as it is. Ganeti's answers may lag behind
/// its jobs by some hundred milliseconds.
const READINGS_AFTER_END: u32 = 12;

/// Follows the job queue until something ends the session.
pub(crate) async fn run(session: &Session) -> Health {
    let idle = Duration::from_secs(session.settings.spec.polling.jobs_seconds.into());
    let mut feed = Feed { session, foreign: HashMap::new(), interval: idle };
    let mut failures = Tolerance::default();
    loop {
        tokio::select! {
            biased;
            () = tokio::time::sleep(jittered(feed.interval)) => {}
            () = session.nudge.notified() => {
                feed.interval = BUSY_INTERVAL;
                // What is submitted in one burst is looked for in one request.
                tokio::time::sleep(BUSY_INTERVAL / 2).await;
            }
        }
        let start = Instant::now();
        let looked = feed.look().await;
        let floor = BUSY_INTERVAL.max(start.elapsed() * PACE);
        match looked {
            Ok(progress) => {
                failures.reset();
                let busy = session.ctx.world.look(|world| {
                    world.backends.get(&session.backend).is_some_and(|backend| backend.window.len() > 0)
                });
                feed.interval = match (busy || !feed.foreign.is_empty(), progress) {
                    (true, true) => floor,
                    (true, false) => (feed.interval * 2).clamp(floor, idle.max(floor)),
                    (false, _) => idle,
                };
            }
            Err(failure) => {
                feed.interval = idle;
                if let Some(health) = failures.count(health_of(&failure)) {
                    return health;
                }
            }
        }
        if feed.maintenance() {
            return Health::impaired(
                Reason::QueueDrained,
                "Several of our jobs were cancelled in Ganeti at once, which looks like maintenance: nothing is submitted for a while.",
            );
        }
    }
}

/// A job of ours that has ended: machine, job, how.
type Finished = (Uuid, JobId, JobStatus);

struct Feed<'a> {
    session: &'a Session,
    /// Unfinished jobs that are not ours, with the instances they name.
    foreign: HashMap<JobId, Vec<Arc<str>>>,
    interval: Duration,
}

/// Our jobs that are cancelled by others at once from which on it looks like maintenance.
const CANCELS_MEAN_MAINTENANCE: usize = 3;

impl Feed<'_> {
    /// One look at the queue; whether anything happened.
    async fn look(&mut self) -> Answer<bool> {
        let (last, followed) = self.followed();
        let session = self.session;
        let jobs = session.ask("jobs_above", session.client.jobs_above(last, &followed)).await?;
        let (mut touched, ended) = self.sort(&jobs);
        self.record(&ended).await?;
        self.hear(&jobs).await?;
        self.find_unknown().await?;
        let settling = self.settling();
        touched.extend(settling.iter().map(|(_, name)| Arc::clone(name)));
        touched.sort();
        touched.dedup();
        if !touched.is_empty() {
            poll::refresh(session, &touched, poll::Sample::AfterJob).await?;
        }
        self.finish(&settling);
        Ok(!ended.is_empty() || !settling.is_empty())
    }

    /// The last job id seen, and the unfinished jobs to ask for.
    fn followed(&self) -> (u64, Vec<JobId>) {
        let mut ids: Vec<JobId> = self.foreign.keys().copied().collect();
        let last = self.session.ctx.world.look(|world| {
            let Some(backend) = world.backends.get(&self.session.backend) else { return 0 };
            ids.extend(
                backend.window.jobs().filter(|(_, job)| job.ended.is_none()).filter_map(|(_, job)| job.id),
            );
            backend.last_job
        });
        (last, ids)
    }

    /// Sorts what the queue shows: instances that jobs of others touched, and our jobs that have ended.
    fn sort(&mut self, jobs: &[JobSummary]) -> (Vec<Arc<str>>, Vec<Finished>) {
        let mut touched = Vec::new();
        let mut ended = Vec::new();
        self.session.ctx.world.change(|world| {
            let Some(backend) = world.backends.get_mut(&self.session.backend) else { return };
            for job in jobs {
                backend.last_job = backend.last_job.max(job.id.0);
                if let Some(machine) = backend.window.machine_of(job.id) {
                    self.foreign.remove(&job.id);
                    if job.status.is_final() {
                        ended.push((machine, job.id, job.status.clone()));
                    }
                } else if job.status.is_final() {
                    touched.extend(self.foreign.remove(&job.id).unwrap_or_else(|| instances(job)));
                } else if self.foreign.len() < FOREIGN_FOLLOWED_MAX {
                    self.foreign.entry(job.id).or_insert_with(|| instances(job));
                }
            }
        });
        self.miss(jobs);
        (touched, ended)
    }

    /// Jobs of ours that were asked for and not shown: a queue that was lost or purged does not know them any more.
    fn miss(&self, jobs: &[JobSummary]) {
        let shown: HashSet<JobId> = jobs.iter().map(|job| job.id).collect();
        self.session.ctx.world.change(|world| {
            let Some(backend) = world.backends.get_mut(&self.session.backend) else { return };
            for job in backend.window.jobs_mut().filter(|job| job.ended.is_none()) {
                let Some(id) = job.id else { continue };
                job.misses = if shown.contains(&id) { 0 } else { job.misses + 1 };
                if job.misses >= LOOKS_FOR_KNOWN {
                    warn!(backend = %self.session.backend, machine = %job.machine, job = %id, "Ganeti does not know the job any more");
                    job.ended = Some(Ended::Vanished);
                    job.misses = 0;
                }
            }
        });
    }

    /// Notes how our ended jobs ended; for those that failed, Ganeti is asked why.
    async fn record(&self, ended: &[Finished]) -> Answer<()> {
        let session = self.session;
        let adds_disks = |machine: &Uuid| {
            session.ctx.world.look(|world| {
                let backend = world.backends.get(&session.backend);
                let job = backend.and_then(|backend| backend.window.job(*machine));
                job.is_some_and(|job| job.step == JobStep::AddDisk)
            })
        };
        // That a disk could not be plugged in is no failure of its job: only the result tells.
        let failed: Vec<JobId> = ended
            .iter()
            .filter(|(machine, _, status)| *status != JobStatus::Success || adds_disks(machine))
            .map(|(_, job, _)| *job)
            .collect();
        let details = match failed.is_empty() {
            true => Vec::new(),
            false => session.ask("job_details", session.client.job_details(&failed)).await?,
        };
        session.ctx.world.change(|world| {
            let Some(backend) = world.backends.get_mut(&session.backend) else { return };
            for (machine, id, status) in ended {
                let Some(job) = backend.window.job_mut(*machine) else { continue };
                let detail = details.iter().find(|detail| detail.id == *id);
                let error = detail.and_then(|detail| detail.error.clone());
                let adds = *status == JobStatus::Success && job.step == JobStep::AddDisk;
                job.unplugged = detail.filter(|_| adds).map(plug::left_out);
                let outcome = match (status, error) {
                    (JobStatus::Success, _) => Ended::Success,
                    (JobStatus::Error, Some(error)) => Ended::Failed(error),
                    (JobStatus::Error, None) => Ended::Failed(unexplained()),
                    _ => Ended::Canceled,
                };
                session.ctx.metrics.job(&session.backend, job.step.as_str(), outcome.as_str());
                info!(backend = %session.backend, machine = %job.machine, job = %id, step = job.step.as_str(), outcome = outcome.as_str(), "job ended");
                job.ended = Some(outcome);
                job.misses = 0;
            }
        });
        Ok(())
    }

    /// Takes what jobs of others tell of guests that lack a disk: who restarts one in Ganeti gives it all.
    async fn hear(&self, jobs: &[JobSummary]) -> Answer<()> {
        let session = self.session;
        let telling = session.told_by_others(jobs);
        if telling.jobs.is_empty() {
            return Ok(());
        }
        let details = session.ask("job_details", session.client.job_details(&telling.jobs)).await?;
        let cluster_id = &session.ctx.installation.cluster_id;
        let machines = session.ctx.world.change(|world| telling.hear(world, cluster_id, &details));
        session.ctx.wake_machines(machines, Urgency::User);
        Ok(())
    }

    /// Looks for jobs whose submission was not answered, by their reasons.
    async fn find_unknown(&self) -> Answer<()> {
        let session = self.session;
        let above = session.ctx.world.look(|world| {
            let backend = world.backends.get(&session.backend)?;
            backend.window.jobs().filter(|(_, job)| job.is_lost()).map(|(_, job)| job.above).min()
        });
        let Some(above) = above else { return Ok(()) };
        let jobs = session.ask("job_details_above", session.client.job_details_above(above)).await?;
        session.ctx.world.change(|world| {
            let Some(backend) = world.backends.get_mut(&session.backend) else { return };
            let lost: Vec<Uuid> = backend.window.jobs().filter(|(_, job)| job.is_lost()).map(|(id, _)| id).collect();
            for machine in lost {
                let Some(job) = backend.window.job_mut(machine) else { continue };
                // The same step of the same generation may have failed before: only a later job can be this one.
                let found = jobs.iter().find(|found| job.is(found));
                if let Some(found) = found {
                    info!(backend = %session.backend, machine = %job.machine, job = %found.id, "found the job whose submission was not answered");
                    backend.window.accepted(machine, found.id);
                    continue;
                }
                job.misses += 1;
                if job.misses >= LOOKS_FOR_UNKNOWN && job.submitted.elapsed() >= UNKNOWN_FOR {
                    warn!(backend = %session.backend, machine = %job.machine, "the job whose submission was not answered was never accepted");
                    job.ended = Some(Ended::Vanished);
                }
            }
        });
        Ok(())
    }

    /// Ended jobs whose effect remains to be read.
    fn settling(&self) -> Vec<(Uuid, Arc<str>)> {
        self.session.ctx.world.look(|world| {
            let Some(backend) = world.backends.get(&self.session.backend) else { return Vec::new() };
            let ended = backend.window.jobs().filter(|(_, job)| job.ended.is_some());
            ended.map(|(machine, job)| (machine, Arc::clone(&job.instance))).collect()
        })
    }

    /// Closes ended jobs whose effect has been read, and gives their slots on.
    fn finish(&self, settling: &[(Uuid, Arc<str>)]) {
        let session = self.session;
        let mut machines = Vec::new();
        let mut snapshot = false;
        session.ctx.world.change(|world| {
            let Some(backend) = world.backends.get_mut(&session.backend) else { return };
            for (id, name) in settling {
                let Some(job) = backend.window.job_mut(*id) else { continue };
                let Some(outcome) = job.ended.clone() else { continue };
                job.misses += 1;
                if matches!(outcome, Ended::Success) && job.step == JobStep::Detach {
                    backend.inventory.let_go(*id, name);
                } else if matches!(outcome, Ended::Success) && job.step == JobStep::Remove {
                    // Ganeti's lagging answers may still show it for a moment; the job's success is the proof.
                    backend.inventory.confirm_absent(*id, name);
                } else if !matches!(outcome, Ended::Success) && job.step == JobStep::Remove {
                    snapshot = true;
                } else if job.misses < READINGS_AFTER_END
                    && matches!(outcome, Ended::Success)
                    && !shows(&backend.inventory.presence(*id, name, true), job)
                {
                    continue;
                }
                let unshown = matches!(outcome, Ended::Success)
                    && job.due.is_some()
                    && !shows(&backend.inventory.presence(*id, name, true), job);
                let Some(job) = backend.window.finish(*id) else { continue };
                let generation = world.machines.get(&job.machine).map_or(0, |machine| machine.generation);
                if let Some(machine) = world.machines.get_mut(&job.machine) {
                    let left_behind = backend.inventory.has(*id);
                    if job.step == JobStep::Create && job.source.is_some() {
                        machine.memory.made_from.clone_from(&job.source);
                    }
                    setback::after(machine, job.step, &outcome, generation, left_behind);
                    if job.unplugged.is_some() {
                        machine.memory.unplugged = job.unplugged;
                    }
                    if unshown {
                        setback::unshown(machine, job.step);
                    }
                }
                snapshot |= matches!(outcome, Ended::Failed(_) | Ended::Vanished);
                machines.push(job.machine);
            }
            machines.extend(backend.window.offer());
        });
        if snapshot {
            session.snapshot_wanted.notify_one();
        }
        session.ctx.wake_machines(machines, Urgency::User);
    }

    /// Whether several of our jobs were cancelled of late, on machines that now hold.
    fn maintenance(&self) -> bool {
        let cancelled = self.session.ctx.world.change(|world| {
            world.backends.get_mut(&self.session.backend).map_or(0, |backend| backend.window.take_cancels())
        });
        if cancelled >= CANCELS_MEAN_MAINTENANCE {
            self.session.ctx.queue.wake(&Key::Backend(self.session.backend.as_ref().into()), Urgency::User);
        }
        cancelled >= CANCELS_MEAN_MAINTENANCE
    }
}

impl Job {
    /// Nobody told us its id, and it is not yet given up. A submission that nobody waits for any more, because its pass
    /// was given up, is one of these.
    fn is_lost(&self) -> bool {
        let abandoned = self.submitted.elapsed() > SUBMISSION_ABANDONED_AFTER;
        self.id.is_none() && (self.outcome_unknown || abandoned) && self.ended.is_none()
    }
}

impl Ended {
    fn as_str(&self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed(_) => "error",
            Self::Canceled => "canceled",
            Self::Vanished => "vanished",
        }
    }
}

/// The instances that a job's summary names: `INSTANCE_SHUTDOWN(web.example.com)`.
fn instances(job: &JobSummary) -> Vec<Arc<str>> {
    job.summary
        .iter()
        .filter_map(|text| text.strip_prefix("INSTANCE_")?.split_once('(')?.1.strip_suffix(')'))
        .map(Arc::from)
        .collect()
}

fn unexplained() -> ganeti_rapi::JobError {
    ganeti_rapi::JobError {
        class: None,
        ecode: None,
        message: "the job failed and says nothing about it".into(),
        death_of_job: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_names_its_instance() {
        let job = JobSummary {
            id: JobId(1),
            status: JobStatus::Success,
            summary: vec![
                "INSTANCE_SHUTDOWN(web.example.com)".into(),
                "TAGS_SET".into(),
                "CLUSTER_VERIFY".into(),
            ],
        };
        assert_eq!(instances(&job), [Arc::from("web.example.com")]);
    }
}
