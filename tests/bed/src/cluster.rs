//! A Ganeti cluster of a bed, whichever kind it is of.

use std::path::Path;
use std::process::ExitStatus;

use cyclades_control_plane::Progress;
use ganeti_lab::Config;
use ganeti_sim::Sim;

use crate::backend::{Access, backend_name};
use crate::layout::Layout;
use crate::sim_process::{SimProcess, cluster_name};
use crate::{ClusterKind, Error, Options, Programs, files};

/// A running cluster.
pub struct Cluster {
    number: usize,
    ganeti: Ganeti,
}

enum Ganeti {
    Lab { cluster: Box<ganeti_lab::Cluster>, hypervisor: &'static str },
    Sim { sim: Sim, name: String, hypervisor: String },
    SimProcess(Box<SimProcess>),
}

impl Cluster {
    /// Starts cluster `number` of the bed.
    pub(crate) async fn start(
        kind: ClusterKind,
        number: usize,
        options: &Options,
        layout: &Layout,
        programs: &Programs,
        progress: &dyn Progress,
    ) -> Result<Self, Error> {
        let ganeti = match kind {
            ClusterKind::LabFake | ClusterKind::LabKvm => {
                let mut config = Config::new(backend_name(number), layout.cluster(number));
                config.detached = options.detached;
                if kind == ClusterKind::LabKvm {
                    config = config.with_kvm();
                }
                Ganeti::Lab {
                    cluster: Box::new(ganeti_lab::Cluster::up(config).await?),
                    hypervisor: hypervisor(kind),
                }
            }
            // Nobody would be there to end it, or to keep it running.
            ClusterKind::Sim if options.detached => return Err(inside(number)),
            ClusterKind::Sim => start_sim(number, options)?,
            ClusterKind::SimProcess => Ganeti::SimProcess(Box::new(
                SimProcess::start(&programs.own.sim, number, layout, options.detached).await?,
            )),
        };
        let cluster = Self { number, ganeti };
        progress.line(&format!("Ganeti cluster {} answers", cluster.name()));
        Ok(cluster)
    }

    /// Takes up cluster `number` of a bed that another process started.
    pub(crate) fn attach(
        kind: ClusterKind,
        number: usize,
        sim_program: &Path,
        layout: &Layout,
    ) -> Result<Self, Error> {
        let ganeti = match kind {
            ClusterKind::LabFake | ClusterKind::LabKvm => Ganeti::Lab {
                cluster: Box::new(ganeti_lab::Cluster::attach(layout.cluster(number))?),
                hypervisor: hypervisor(kind),
            },
            ClusterKind::Sim => return Err(inside(number)),
            ClusterKind::SimProcess => {
                Ganeti::SimProcess(Box::new(SimProcess::attach(sim_program, number, layout)?))
            }
        };
        Ok(Self { number, ganeti })
    }

    /// How the operator gets at it.
    ///
    /// # Errors
    /// If its certificate cannot be read.
    pub fn access(&self) -> Result<Access, Error> {
        match &self.ganeti {
            Ganeti::Lab { cluster, hypervisor } => {
                let user = cluster.write_credentials();
                Ok(Access {
                    endpoint: cluster.rapi_url(),
                    pin: cluster.certificate_sha256()?,
                    username: user.username.clone(),
                    password: user.password.clone(),
                    hypervisor: (*hypervisor).to_owned(),
                })
            }
            Ganeti::Sim { sim, hypervisor, .. } => {
                let user = sim.write_credentials();
                Ok(Access {
                    endpoint: sim.url(),
                    pin: sim.certificate_sha256(),
                    username: user.username,
                    password: user.password,
                    hypervisor: hypervisor.clone(),
                })
            }
            Ganeti::SimProcess(sim) => sim.access(),
        }
    }

    /// The real Ganeti, if it is one.
    #[must_use]
    pub fn lab(&self) -> Option<&ganeti_lab::Cluster> {
        match &self.ganeti {
            Ganeti::Lab { cluster, .. } => Some(cluster),
            Ganeti::Sim { .. } | Ganeti::SimProcess(_) => None,
        }
    }

    /// The simulator inside this process, if it is one.
    #[must_use]
    pub fn sim(&self) -> Option<&Sim> {
        match &self.ganeti {
            Ganeti::Sim { sim, .. } => Some(sim),
            Ganeti::Lab { .. } | Ganeti::SimProcess(_) => None,
        }
    }

    /// Id of its process, if it is a simulator with a process of its own.
    #[must_use]
    pub fn pid(&self) -> Option<i32> {
        match &self.ganeti {
            Ganeti::SimProcess(sim) => Some(sim.pid()),
            Ganeti::Lab { .. } | Ganeti::Sim { .. } => None,
        }
    }

    /// Ganeti's name of it.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.ganeti {
            Ganeti::Lab { cluster, .. } => cluster.cluster_name(),
            Ganeti::Sim { name, .. } => name.clone(),
            Ganeti::SimProcess(sim) => sim.name().to_owned(),
        }
    }

    /// Runs a command as the cluster's administrator would on the master node, with this process's terminal.
    ///
    /// # Errors
    /// What keeps it from being run; a status other than 0 is none.
    pub async fn exec(&self, argv: &[&str]) -> Result<ExitStatus, Error> {
        match &self.ganeti {
            Ganeti::Lab { cluster, .. } => Ok(cluster.exec_status(argv).await?),
            Ganeti::Sim { .. } => Err(inside(self.number)),
            Ganeti::SimProcess(sim) => sim.exec(argv).await,
        }
    }

    /// Names of all its instances, ours and others.
    ///
    /// # Errors
    /// What the cluster said.
    pub async fn instances(&self) -> Result<Vec<String>, Error> {
        const LIST: [&str; 4] = ["gnt-instance", "list", "--no-headers", "--output=name"];
        let names = match &self.ganeti {
            Ganeti::Lab { cluster, .. } => cluster.run(&LIST).await?,
            Ganeti::SimProcess(sim) => sim.run(&LIST).await?,
            Ganeti::Sim { sim, .. } => {
                return Ok(sim.instances().into_iter().map(|instance| instance.name).collect());
            }
        };
        Ok(names.split_whitespace().map(str::to_owned).collect())
    }

    /// An error with its last words if it is a process that ended.
    pub(crate) fn check(&mut self) -> Result<(), Error> {
        match &mut self.ganeti {
            Ganeti::SimProcess(sim) => sim.check(),
            Ganeti::Lab { .. } | Ganeti::Sim { .. } => Ok(()),
        }
    }

    /// Ends it and removes its files.
    pub(crate) async fn stop(self) -> Result<(), Error> {
        match self.ganeti {
            Ganeti::Lab { cluster, .. } => Ok(cluster.down().await?),
            Ganeti::Sim { sim, .. } => {
                sim.stop();
                Ok(())
            }
            Ganeti::SimProcess(sim) => sim.stop().await,
        }
    }

    /// Ends whatever is in a cluster's folder, whole or half-made. Processes of simulators are ended before, by mark.
    pub(crate) async fn down(dir: &Path) -> Result<(), Error> {
        // Only a lab writes this file, and it is the first that it writes.
        if dir.join("state.json").exists() {
            ganeti_lab::Cluster::down_dir(dir).await?;
        }
        files::remove(dir).map(drop)
    }
}

fn hypervisor(kind: ClusterKind) -> &'static str {
    match kind {
        ClusterKind::LabKvm => "kvm",
        _ => "fake",
    }
}

fn start_sim(number: usize, options: &Options) -> Result<Ganeti, Error> {
    let mut own = options.sim.clone();
    own.name = cluster_name(number);
    // Two clusters of one seed would have the same uuid, which no two real ones have.
    own.seed = own.seed.wrapping_mul(1000).wrapping_add(number as u64);
    let name = own.name.clone();
    let hypervisor = own.hypervisors.first().cloned().unwrap_or_default();
    Ok(Ganeti::Sim { sim: Sim::start(own)?, name, hypervisor })
}

fn inside(number: usize) -> Error {
    Error::WrongKind {
        number,
        what: "a simulator inside the process that started it: no other process can ask it",
    }
}
