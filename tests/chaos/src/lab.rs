//! A real Ganeti on which points are played, one after the other.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use ganeti_lab::{Cluster, Config};
use ganeti_rapi::{Client, Credentials, DeleteInstance, JobId, ShutdownInstance, Submit, Trust};
use tokio::time::{Instant, sleep};

use crate::lane::Folder;

/// What the former point has left may have to end first: a job takes a second, or two on a machine that has much to do.
const ENDED_WITHIN: Duration = Duration::from_secs(120);
/// Pause between two looks at jobs.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A real Ganeti: one node with the fake hypervisor.
#[derive(Debug)]
pub struct Lab {
    pub(crate) cluster: Cluster,
    /// Its administrator's, which nobody stands in the way of.
    pub(crate) client: Client,
    // Dropped last.
    _dir: Folder,
}

impl Lab {
    /// Starts one, which ends with the value. Needs root.
    pub(crate) async fn start(number: usize) -> Result<Self> {
        let dir = Folder::new()?;
        let cluster = Cluster::up(Config::new(format!("chaos-{number}"), dir.path().join("cluster"))).await?;
        // Images of these scenarios are called as the definitions that they are made from.
        cluster.run(&["cp", "--recursive", "/srv/ganeti/os/noop", "/srv/ganeti/os/other"]).await?;
        let user = cluster.write_credentials();
        let credentials = Credentials::new(user.username.clone(), user.password.clone());
        let trust = Trust::Pins(vec![cluster.certificate_sha256()?.parse()?]);
        let client = Client::new(ganeti_rapi::Config::new([cluster.rapi_url()], credentials, trust))?;
        Ok(Self { cluster, client, _dir: dir })
    }

    /// Where RAPI listens.
    pub(crate) fn rapi(&self) -> Result<SocketAddr> {
        let url = self.cluster.rapi_url();
        let address = url.strip_prefix("https://").context("RAPI is spoken over TLS")?;
        address.parse().with_context(|| format!("{url} names no address"))
    }

    /// Removes all that a point has left, and answers the number of the last job.
    pub(crate) async fn clear(&self) -> Result<u64> {
        for filter in self.client.job_filters().await? {
            self.client.delete_job_filter(&filter.uuid).await?;
        }
        let submit = Submit::default();
        let mut jobs: Vec<JobId> = self.client.jobs_above(0, &[]).await?.iter().map(|job| job.id).collect();
        // Jobs that still run may make something.
        self.ended(&jobs).await?;
        for name in self.client.instances().await? {
            // Without this, it is waited for a guest that may not even be there.
            let now = ShutdownInstance { timeout: Some(0), ..ShutdownInstance::default() };
            jobs.push(self.client.shutdown_instance(&name, &now, &submit).await?);
            jobs.push(self.client.delete_instance(&name, &DeleteInstance::default(), &submit).await?);
        }
        let tags = self.client.cluster_tags().await?;
        if !tags.is_empty() {
            jobs.push(self.client.remove_cluster_tags(&tags, &submit).await?);
        }
        self.ended(&jobs).await?;
        let left = self.client.instances().await?;
        ensure!(left.is_empty(), "instances of the last point cannot be removed: {}", left.join(", "));
        self.cluster.run(&["gnt-job", "autoarchive", "all"]).await?;
        Ok(jobs.iter().map(|job| job.0).max().unwrap_or(0))
    }

    /// Waits until these jobs have ended, one way or the other.
    pub(crate) async fn ended(&self, jobs: &[JobId]) -> Result<()> {
        let deadline = Instant::now() + ENDED_WITHIN;
        loop {
            let all = self.client.job_details(jobs).await?;
            let Some(open) = all.iter().find(|job| !job.status.is_final()) else { return Ok(()) };
            let within = ENDED_WITHIN.as_secs();
            ensure!(
                Instant::now() < deadline,
                "job {} ({}) has not ended within {within} s",
                open.id,
                open.summary.join(", ")
            );
            sleep(LOOK_EVERY).await;
        }
    }
}
