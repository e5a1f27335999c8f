//! Real Ganeti clusters on one machine, each in namespaces of its own.
//!
//! A test bed: Ganeti's own daemons from Debian's package, its Remote API (RAPI) over TLS, the `fake` hypervisor
//! (a guest is a file) and `kvm` (a guest is QEMU in software emulation, with a small Linux that reports about itself).
//! Only root can make one, on Debian; [`requirements`] says what is missing and [`install`] fetches it.
//!
//! ```no_run
//! # async fn example() -> Result<(), ganeti_lab::Error> {
//! use ganeti_lab::{Cluster, Config};
//!
//! ganeti_lab::install(&|line| eprintln!("{line}")).await?;
//! let cluster = Cluster::up(Config::new("demo", "/tmp/demo-cluster")).await?;
//! let instances = cluster.run(&["gnt-instance", "list"]).await?;
//! cluster.down().await
//! # }
//! ```
//!
//! A cluster lives in a network, mount, UTS, IPC and PID namespace. The PID namespace is what makes it clean: the end
//! of its first process ends every other, and with them go mounts and network devices. Clusters share nothing, so any
//! number may start at the same time, from any number of processes.

mod bootstrap;
mod cache;
mod certificate;
mod cluster;
mod command;
mod config;
mod credentials;
mod error;
mod faults;
mod guests;
mod install;
mod layout;
mod namespaces;
mod os_definitions;
mod process;
mod requirements;
mod state;
mod subnet;
mod wait;

pub use cluster::Cluster;
pub use config::{Config, Hypervisor};
pub use credentials::{Access, Credentials, RapiUser};
pub use error::Error;
pub use install::install;
pub use process::ProcessId;
pub use requirements::requirements;
