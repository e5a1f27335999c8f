//! A Ganeti cluster of a stage: what its administrator sees and does, and what befalls it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use ganeti_rapi::Stream;
use secrecy::SecretString;

use crate::calls::Calls;
use crate::real::Real;
use crate::scene::{Instance, Job};
use crate::simulated::Simulated;
use crate::step::Deed;

/// A Ganeti cluster.
#[derive(Debug)]
pub(crate) struct Ganeti {
    /// Which, counted from 0.
    pub number: usize,
    cluster: Cluster,
}

#[derive(Debug)]
enum Cluster {
    Simulated(Simulated),
    Real(Real),
}

/// What could not be done, in words.
pub(crate) type Said<T> = Result<T, String>;

impl Ganeti {
    pub fn simulated(number: usize, cluster: Simulated) -> Self {
        Self { number, cluster: Cluster::Simulated(cluster) }
    }

    pub fn real(number: usize, cluster: Real) -> Self {
        Self { number, cluster: Cluster::Real(cluster) }
    }

    /// Name of its backend.
    pub fn backend(&self) -> String {
        backend_name(self.number)
    }

    /// RAPI's URL.
    pub fn endpoint(&self) -> String {
        // A name in place of an address: whom a connection leads to is decided by it.
        format!("https://{}.test:5080", self.backend())
    }

    /// Fingerprint of RAPI's certificate.
    pub fn pin(&self) -> String {
        match &self.cluster {
            Cluster::Simulated(cluster) => cluster.sim.certificate_sha256(),
            Cluster::Real(cluster) => cluster.pin(),
        }
    }

    /// RAPI's user who may write.
    pub fn credentials(&self) -> (String, SecretString) {
        match &self.cluster {
            Cluster::Simulated(cluster) => {
                let user = cluster.sim.write_credentials();
                (user.username, user.password)
            }
            Cluster::Real(cluster) => cluster.credentials(),
        }
    }

    /// Shows every request to these from now on.
    pub fn interpose(&self, calls: &Arc<Calls>) {
        match &self.cluster {
            Cluster::Simulated(cluster) => cluster.interpose(calls),
            Cluster::Real(cluster) => cluster.interpose(calls),
        }
    }

    /// A connection of an operator to RAPI.
    pub fn connect(&self, operator: usize) -> io::Result<Box<dyn Stream>> {
        match &self.cluster {
            Cluster::Simulated(cluster) => Ok(Box::new(cluster.connect(operator)?)),
            Cluster::Real(cluster) => Ok(Box::new(cluster.connect(operator)?)),
        }
    }

    /// The number of the last job.
    pub async fn last_job(&self) -> Said<u64> {
        match &self.cluster {
            Cluster::Simulated(cluster) => Ok(cluster.sim.last_job()),
            Cluster::Real(cluster) => cluster.last_job().await,
        }
    }

    /// Jobs with higher numbers than this, and these.
    pub async fn jobs(&self, last: u64, and: &[u64]) -> Said<Vec<Job>> {
        match &self.cluster {
            Cluster::Simulated(cluster) => Ok(cluster.jobs(last, and)),
            Cluster::Real(cluster) => cluster.jobs(last, and).await,
        }
    }

    /// All instances.
    pub async fn instances(&self) -> Said<Vec<Instance>> {
        match &self.cluster {
            Cluster::Simulated(cluster) => Ok(cluster.instances()),
            Cluster::Real(cluster) => cluster.instances().await,
        }
    }

    /// Names of its networks.
    pub async fn networks(&self) -> Said<Vec<String>> {
        match &self.cluster {
            Cluster::Simulated(cluster) => Ok(cluster.networks()),
            Cluster::Real(cluster) => cluster.networks().await,
        }
    }

    /// Does what an administrator does, or lets something befall the cluster. `instance`: of the machine that the deed
    /// names.
    pub async fn act(&self, deed: &Deed, instance: Option<&str>) -> Said<()> {
        match &self.cluster {
            Cluster::Simulated(cluster) => cluster.act(deed, instance),
            Cluster::Real(cluster) => cluster.act(deed, instance).await,
        }
    }

    /// Its time of day goes back, where it is simulated.
    pub fn turn_clock_back(&self, by: Duration) {
        if let Cluster::Simulated(cluster) = &self.cluster {
            cluster.sim.turn_clock_back(by);
        }
    }

    /// The simulator, where it is one.
    #[cfg(test)]
    pub fn sim(&self) -> &ganeti_sim::Sim {
        match &self.cluster {
            Cluster::Simulated(cluster) => &cluster.sim,
            Cluster::Real(_) => panic!("it is real"),
        }
    }
}

/// Name of the backend of a cluster.
pub(crate) fn backend_name(number: usize) -> String {
    format!("ganeti-{}", number + 1)
}
