//! What every case needs: clients of the cluster, and waits with an end.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use ganeti_rapi::{
    Answer, Client, Config, CreateInstance, Credentials, DeleteInstance, Instance, Job, JobId, JobStatus,
    Submit, Trust,
};

use crate::Bed;
use crate::notes::ending;

/// How long a job may take. The lab makes about 1.5 instances a second, and cases run side by side.
const JOB_WITHIN: Duration = Duration::from_secs(90);
/// How long Ganeti may serve what was before a job's end. Its own fallback is to read every 17 s.
const SEEN_WITHIN: Duration = Duration::from_secs(20);
/// The pace of polling.
const POLL_EVERY: Duration = Duration::from_millis(60);
/// Memory of an instance of the suite, MiB: many of them fit on any machine.
const SMALL_MIB: u64 = 16;

/// A bed and its clients.
pub struct World {
    /// The cluster.
    pub bed: Box<dyn Bed>,
    /// A client that may write.
    pub client: Client,
    /// A client that may only read.
    pub reader: Client,
}

impl World {
    /// Makes the clients.
    ///
    /// # Errors
    /// When the bed's URL, pin or credentials are unusable.
    pub fn open(bed: Box<dyn Bed>) -> Result<Self> {
        let pins = || Trust::Pins(vec![bed.pin()]);
        let client = Client::new(Config::new([bed.url()], bed.writer(), pins()))?;
        let reader = Client::new(Config::new([bed.url()], bed.reader(), pins()))?;
        Ok(Self { bed, client, reader })
    }

    pub(crate) fn client_as(&self, credentials: Credentials, trust: Trust) -> Result<Client> {
        Ok(Client::new(Config::new([self.bed.url()], credentials, trust))?)
    }

    /// The least instance there is: fake hypervisor, no disk, no NIC.
    pub(crate) fn small(&self, name: &str) -> CreateInstance {
        let mut create = CreateInstance::named(name);
        create.disk_template = Some("diskless".to_owned());
        create.hypervisor = Some("fake".to_owned());
        create.os_type = Some(self.bed.os());
        create.beparams.insert("minmem".to_owned(), SMALL_MIB.into());
        create.beparams.insert("maxmem".to_owned(), SMALL_MIB.into());
        create
    }

    /// Waits for the end of a job, whatever it is.
    pub(crate) async fn end(&self, submitted: Answer<JobId>) -> Result<Job> {
        let id = submitted?;
        let start = Instant::now();
        loop {
            let job = self.client.job(id).await?.with_context(|| format!("job {id} is not known"))?;
            if job.status.is_final() {
                return Ok(job);
            }
            ensure!(
                start.elapsed() < JOB_WITHIN,
                "job {id} {:?} is {} after {JOB_WITHIN:?}",
                job.summary,
                job.status
            );
            tokio::time::sleep(POLL_EVERY).await;
        }
    }

    /// Waits for the end of a job, which has to be `success`.
    pub(crate) async fn done(&self, submitted: Answer<JobId>) -> Result<Job> {
        let job = self.end(submitted).await?;
        if job.status != JobStatus::Success {
            bail!(
                "{:?}: {}: {}",
                job.summary,
                ending(&job),
                job.error.map(|e| e.to_string()).unwrap_or_default()
            );
        }
        Ok(job)
    }

    /// Creates a small instance and waits until it is seen running.
    pub(crate) async fn running(&self, name: &str) -> Result<Instance> {
        self.done(self.client.create_instance(&self.small(name), &Submit::default()).await).await?;
        self.status(name, "running").await
    }

    /// Waits until the instance has this status.
    pub(crate) async fn status(&self, name: &str, status: &str) -> Result<Instance> {
        self.seen(name, status, |instance| instance.status.as_str() == status).await
    }

    /// Waits until the instance is as wanted: Ganeti may serve an older state for a moment.
    pub(crate) async fn seen(
        &self,
        name: &str,
        wanted: &str,
        is_wanted: impl Fn(&Instance) -> bool,
    ) -> Result<Instance> {
        let start = Instant::now();
        loop {
            let instance = self.client.instance(name).await?;
            if let Some(instance) = instance.clone().filter(&is_wanted) {
                return Ok(instance);
            }
            let now = instance.map_or("absent".to_owned(), |instance| instance.status.to_string());
            ensure!(start.elapsed() < SEEN_WITHIN, "{name} is {now} after {SEEN_WITHIN:?}, not {wanted}");
            tokio::time::sleep(POLL_EVERY).await;
        }
    }

    /// Waits until the instance is gone.
    pub(crate) async fn gone(&self, name: &str) -> Result<()> {
        let start = Instant::now();
        while self.client.instance(name).await?.is_some() {
            ensure!(start.elapsed() < SEEN_WITHIN, "{name} is there {SEEN_WITHIN:?} after its removal");
            tokio::time::sleep(POLL_EVERY).await;
        }
        Ok(())
    }

    /// Removes an instance at once.
    pub(crate) async fn remove(&self, name: &str) -> Result<Job> {
        let delete = DeleteInstance { shutdown_timeout: Some(0), ..DeleteInstance::default() };
        self.done(self.client.delete_instance(name, &delete, &Submit::default()).await).await
    }

    /// The highest job id there is, from which a case follows its own.
    pub(crate) async fn last_job(&self) -> Result<u64> {
        let jobs = self.client.jobs_above(0, &[]).await?;
        Ok(jobs.iter().map(|job| job.id.0).max().unwrap_or(0))
    }
}
