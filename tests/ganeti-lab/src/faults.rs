//! What a test can do to a cluster.

use std::time::Duration;

use crate::command::{self, Limit};
use crate::{Cluster, Error, RapiUser, bootstrap, credentials};

const DAEMON_UTIL: &str = "/usr/lib/ganeti/daemon-util";
/// Stopping waits up to 30 s for a daemon in the middle of something.
const DAEMON: Limit = Limit(Duration::from_secs(60));

impl Cluster {
    /// Gives RAPI a new certificate. All daemons restart, which takes about 2 s; running jobs are lost.
    ///
    /// # Errors
    /// [`Error::Command`], or [`Error::Timeout`] if RAPI does not come back.
    pub async fn renew_certificate(&self) -> Result<(), Error> {
        self.run(&["gnt-cluster", "renew-crypto", "--new-rapi-certificate", "--force"]).await?;
        bootstrap::answering(self.init()?, self.subnet()).await
    }

    /// Makes the cluster refuse new jobs.
    ///
    /// # Errors
    /// [`Error::Command`].
    pub async fn drain_queue(&self) -> Result<(), Error> {
        self.run(&["gnt-cluster", "queue", "drain"]).await.map(drop)
    }

    /// Makes the cluster accept jobs again.
    ///
    /// # Errors
    /// [`Error::Command`].
    pub async fn undrain_queue(&self) -> Result<(), Error> {
        self.run(&["gnt-cluster", "queue", "undrain"]).await.map(drop)
    }

    /// Stops RAPI alone: connections are refused, jobs go on.
    ///
    /// # Errors
    /// [`Error::Command`].
    pub async fn stop_rapi(&self) -> Result<(), Error> {
        command::run_in(self.init()?, &[DAEMON_UTIL, "stop", "ganeti-rapi"], None, DAEMON).await.map(drop)
    }

    /// Starts RAPI and waits until it answers.
    ///
    /// # Errors
    /// [`Error::Command`], [`Error::Timeout`].
    pub async fn start_rapi(&self) -> Result<(), Error> {
        command::run_in(self.init()?, &[DAEMON_UTIL, "start", "ganeti-rapi"], None, DAEMON).await?;
        bootstrap::answering(self.init()?, self.subnet()).await
    }

    /// Makes a running instance of the fake hypervisor vanish: Ganeti shows `ERROR_down`.
    ///
    /// # Errors
    /// [`Error::File`] if it does not run.
    pub fn crash_fake_instance(&self, instance: &str) -> Result<(), Error> {
        let file = self.view(&format!("/run/ganeti/fake-hypervisor/{instance}"))?;
        std::fs::remove_file(&file).map_err(Error::file("remove", &file))
    }

    /// Kills the QEMU of a kvm instance: Ganeti shows `ERROR_down`.
    ///
    /// # Errors
    /// [`Error::File`] if it does not run, [`Error::Command`].
    pub async fn crash_kvm_instance(&self, instance: &str) -> Result<(), Error> {
        let pid = self.qemu_pid(instance)?.to_string();
        self.run(&["kill", "-KILL", &pid]).await.map(drop)
    }

    /// Replaces all RAPI users. RAPI takes them up by itself, within milliseconds.
    /// [`Cluster::write_credentials`] and [`Cluster::read_credentials`] keep naming the initial ones.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn set_users(&self, users: &[RapiUser]) -> Result<(), Error> {
        credentials::write_users(self.init()?, users)
    }
}
