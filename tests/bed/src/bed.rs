//! A running bed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cyclades_control_plane::ControlPlane;

use crate::layout::Layout;
use crate::record::Record;
use crate::{Cluster, Error, Operator, backend_name, files};

/// Control plane, chart, Ganeti clusters and operator.
///
/// One that is not detached ends when this value is dropped, and with this process however that ends.
pub struct Bed {
    // In this order they are dropped: who uses before who is used.
    pub(crate) operator: Option<Operator>,
    pub(crate) clusters: Vec<Cluster>,
    pub(crate) control_plane: ControlPlane,
    pub(crate) layout: Layout,
    pub(crate) record: Record,
    pub(crate) _remains: Remains,
}

impl Bed {
    /// The folder with all its files.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.layout.dir()
    }

    /// The control plane, for what kubectl cannot tell: request counts, audit events, tokens.
    #[must_use]
    pub fn control_plane(&self) -> &ControlPlane {
        &self.control_plane
    }

    /// The administrator's kubeconfig.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        self.control_plane.admin_kubeconfig()
    }

    /// Folder of the kubectl that belongs to the control plane.
    #[must_use]
    pub fn kubectl_folder(&self) -> Option<PathBuf> {
        let kubectl = self.control_plane.kubectl();
        Path::new(kubectl.as_std().get_program()).parent().map(Path::to_path_buf)
    }

    /// All clusters; the first is the backend `ganeti-1`.
    #[must_use]
    pub fn clusters(&self) -> &[Cluster] {
        &self.clusters
    }

    /// Cluster `number`, counted from 1 as the backends are.
    ///
    /// # Errors
    /// [`Error::NoCluster`].
    pub fn cluster(&self, number: usize) -> Result<&Cluster, Error> {
        let found = number.checked_sub(1).and_then(|index| self.clusters.get(index));
        found.ok_or(Error::NoCluster { wanted: number, have: self.clusters.len() })
    }

    /// The operator.
    ///
    /// # Errors
    /// [`Error::NoOperator`].
    pub fn operator(&mut self) -> Result<&mut Operator, Error> {
        self.operator.as_mut().ok_or(Error::NoOperator)
    }

    /// The operator's process id while it runs.
    #[must_use]
    pub fn operator_pid(&self) -> Option<i32> {
        self.operator.as_ref().and_then(Operator::pid)
    }

    /// The operator's metrics.
    ///
    /// # Errors
    /// [`Error::NoOperator`], [`Error::Malformed`].
    pub async fn metrics(&self) -> Result<String, Error> {
        self.operator.as_ref().ok_or(Error::NoOperator)?.metrics().await
    }

    /// Waits until the operator is ready and says of each backend that it is.
    ///
    /// # Errors
    /// [`Error::Timeout`] with the backend and the end of the operator's log, [`Error::Ended`].
    pub async fn ready(&mut self, limit: Duration) -> Result<(), Error> {
        self.operator()?.ready().await?;
        for number in 1..=self.clusters.len() {
            let name = backend_name(number);
            let waited = self.wait_for(&["ganetibackend", &name], "condition=Ready", limit).await;
            waited.map_err(|error| self.with_operator_log(error))?;
        }
        Ok(())
    }

    /// The error, with the operator's last words where the operator is to be suspected.
    fn with_operator_log(&self, error: Error) -> Error {
        match (error, &self.operator) {
            (Error::Timeout { what, after, last }, Some(operator)) => {
                let log = operator.log();
                let last = format!("{last}\nthe end of {}:\n{}", log.display(), files::tail(log));
                Error::Timeout { what, after, last }
            }
            (error, _) => error,
        }
    }

    /// Whether control plane, simulators and operator still run.
    ///
    /// # Errors
    /// The part that has ended, with its last words.
    pub fn check(&mut self) -> Result<(), Error> {
        self.control_plane.check()?;
        self.clusters.iter_mut().try_for_each(Cluster::check)?;
        self.operator.as_mut().map_or(Ok(()), Operator::check)
    }

    /// Ends everything, also what is detached, and removes all files.
    ///
    /// # Errors
    /// The first thing that could not be ended; the others are ended all the same.
    pub async fn stop(mut self) -> Result<(), Error> {
        let mut outcome = Ok(());
        if let Some(mut operator) = self.operator.take() {
            outcome = outcome.and(operator.stop().await.map(drop));
        }
        for cluster in self.clusters.drain(..) {
            outcome = outcome.and(cluster.stop().await);
        }
        let dir = self.dir().to_path_buf();
        outcome.and(crate::down(&dir).await.map(drop))
    }
}

/// The files of a bed that ends with its value.
pub(crate) struct Remains {
    pub(crate) dir: PathBuf,
    pub(crate) keep: bool,
}

impl Drop for Remains {
    fn drop(&mut self) {
        // Everything that writes there was dropped before. A bed that failed a test is easier to understand with its logs.
        if !self.keep && std::env::var_os("CYCLADES_KEEP_BED").is_none() {
            let _ = files::remove(&self.dir);
        }
    }
}
