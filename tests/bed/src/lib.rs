//! The whole test bed in one piece: control plane, chart, Ganeti clusters and the operator.
//!
//! What a user would install on a cluster, on this machine: a real API server, the chart as helm renders it, real or
//! simulated Ganeti clusters declared as GanetiBackends, and the operator as a local process under exactly the
//! ServiceAccount, role and environment of the chart.
//!
//! ```no_run
//! # async fn example() -> Result<(), cyclades_bed::Error> {
//! use cyclades_bed::{Bed, CargoOutput, ClusterKind, Options, Profile, Programs};
//! use cyclades_control_plane::progress::Silent;
//!
//! let programs = Programs::ensure(Profile::Debug, CargoOutput::Kept, &Silent).await?;
//! let bed = Bed::start(Options::for_test(vec![ClusterKind::Sim]), &programs, &Silent).await?;
//! println!("{}", bed.kubectl(&["get", "ganetibackends"]).await?);
//! bed.stop().await
//! # }
//! ```

mod attach;
mod backend;
mod bed;
mod chart;
mod cluster;
mod command;
mod down;
mod error;
mod files;
mod http;
mod kubectl;
mod layout;
mod mark;
mod operator;
mod options;
mod process;
mod programs;
mod record;
mod sim_process;
mod spawner;
mod start;

pub use attach::attach_cluster;
pub use backend::{Access, backend_name};
pub use bed::Bed;
pub use cluster::Cluster;
pub use down::down;
pub use error::Error;
pub use operator::Operator;
pub use options::{CLUSTER_ID, ClusterKind, NAMESPACE, OperatorOptions, Options, Polling, Profile, REPLICA};
pub use programs::{CargoOutput, OwnPrograms, Programs, cargo};
