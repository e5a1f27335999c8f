//! A Ganeti cluster of a bed, whichever kind it is of.

use std::path::Path;
use std::process::ExitStatus;

use cyclades_control_plane::Progress;
use ganeti_lab::Config;

use crate::backend::{Access, backend_name};
use crate::layout::Layout;
use crate::{ClusterKind, Error, Programs};

/// A running cluster.
pub enum Cluster {
    /// A real Ganeti.
    Lab {
        /// Its handle.
        cluster: ganeti_lab::Cluster,
        /// Hypervisor of new instances.
        hypervisor: &'static str,
    },
}

impl Cluster {
    /// Starts cluster `number` of the bed.
    pub(crate) async fn start(
        kind: ClusterKind,
        number: usize,
        layout: &Layout,
        detached: bool,
        _programs: &Programs,
        progress: &dyn Progress,
    ) -> Result<Self, Error> {
        let dir = layout.cluster(number);
        match kind {
            ClusterKind::LabFake | ClusterKind::LabKvm => {
                let mut config = Config::new(backend_name(number), dir);
                config.detached = detached;
                if kind == ClusterKind::LabKvm {
                    config = config.with_kvm();
                }
                let cluster = ganeti_lab::Cluster::up(config).await?;
                progress.line(&format!("Ganeti cluster {} answers", cluster.cluster_name()));
                Ok(Self::Lab { cluster, hypervisor: hypervisor(kind) })
            }
            ClusterKind::Sim | ClusterKind::SimProcess => Err(Error::NoOperator),
        }
    }

    /// Takes up cluster `number` of a bed that another process started.
    pub(crate) fn attach(kind: ClusterKind, number: usize, layout: &Layout) -> Result<Self, Error> {
        let dir = layout.cluster(number);
        match kind {
            ClusterKind::LabFake | ClusterKind::LabKvm => {
                let cluster = ganeti_lab::Cluster::attach(dir)?;
                Ok(Self::Lab { cluster, hypervisor: hypervisor(kind) })
            }
            ClusterKind::Sim | ClusterKind::SimProcess => Err(Error::NoOperator),
        }
    }

    /// How the operator gets at it.
    ///
    /// # Errors
    /// If its certificate cannot be read.
    pub fn access(&self) -> Result<Access, Error> {
        match self {
            Self::Lab { cluster, hypervisor } => {
                let user = cluster.write_credentials();
                Ok(Access {
                    endpoint: cluster.rapi_url(),
                    pin: cluster.certificate_sha256()?,
                    username: user.username.clone(),
                    password: user.password.clone(),
                    hypervisor,
                })
            }
        }
    }

    /// The real Ganeti, if it is one.
    #[must_use]
    pub fn lab(&self) -> Option<&ganeti_lab::Cluster> {
        match self {
            Self::Lab { cluster, .. } => Some(cluster),
        }
    }

    /// Ganeti's name of it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Lab { cluster, .. } => cluster.cluster_name(),
        }
    }

    /// Runs a command as the cluster's administrator would on the master node, with this process's terminal.
    ///
    /// # Errors
    /// What keeps it from being run; a status other than 0 is none.
    pub async fn exec(&self, argv: &[&str]) -> Result<ExitStatus, Error> {
        match self {
            Self::Lab { cluster, .. } => Ok(cluster.exec_status(argv).await?),
        }
    }

    /// Names of all its instances, ours and others.
    ///
    /// # Errors
    /// What the cluster said.
    pub async fn instances(&self) -> Result<Vec<String>, Error> {
        const LIST: [&str; 4] = ["gnt-instance", "list", "--no-headers", "--output=name"];
        let names = match self {
            Self::Lab { cluster, .. } => cluster.run(&LIST).await?,
        };
        Ok(names.split_whitespace().map(str::to_owned).collect())
    }

    /// Ends it and removes its files.
    pub(crate) async fn stop(self) -> Result<(), Error> {
        match self {
            Self::Lab { cluster, .. } => Ok(cluster.down().await?),
        }
    }

    /// Ends whatever is in a cluster's folder, whole or half-made. Processes of simulators are ended before, by mark.
    pub(crate) async fn down(dir: &Path) -> Result<(), Error> {
        // Only a lab writes this file, and it is the first that it writes.
        if dir.join("state.json").exists() {
            ganeti_lab::Cluster::down_dir(dir).await?;
        }
        crate::files::remove(dir).map(drop)
    }
}

fn hypervisor(kind: ClusterKind) -> &'static str {
    match kind {
        ClusterKind::LabKvm => "kvm",
        _ => "fake",
    }
}
