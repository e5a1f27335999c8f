//! What kind of cluster to simulate.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::Latency;

/// A node of the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeSpec {
    /// Its full name.
    pub name: String,
    /// Its memory, MiB.
    pub memory_mib: u64,
    /// Its disk space, MiB.
    pub disk_mib: u64,
    /// Its logical processors.
    pub cpus: u64,
}

impl NodeSpec {
    /// A node large enough for thousands of small instances.
    pub fn large(name: impl Into<String>) -> Self {
        Self { name: name.into(), memory_mib: 4 << 20, disk_mib: 64 << 20, cpus: 256 }
    }
}

/// An OS definition that instances may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OsSpec {
    /// Its name.
    pub name: String,
    /// Its variants. With variants the bare name is refused, without them every variant is.
    pub variants: Vec<String>,
    /// The parameters it takes.
    pub parameters: Vec<String>,
    /// The last words of its create script before it fails, if it does.
    pub create_fails: Option<String>,
}

impl OsSpec {
    /// A definition without variants.
    pub fn new(name: impl Into<String>, parameters: &[&str]) -> Self {
        let parameters = parameters.iter().map(|name| (*name).to_owned()).collect();
        Self { name: name.into(), variants: Vec::new(), parameters, create_fails: None }
    }
}

/// What drives the simulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runtime {
    /// Threads of its own.
    Own {
        /// How many. One is enough for some thousand jobs a second.
        worker_threads: usize,
    },
    /// The runtime that [`crate::Sim::start`] is called in. A paused clock pauses the cluster.
    Current,
}

/// What kind of cluster to simulate. The default is one large node with the hypervisor `fake`, no
/// latency, and a free port on loopback.
#[derive(Debug, Clone)]
pub struct Options {
    /// Decides about identities, MAC addresses and latencies.
    pub seed: u64,
    /// The cluster's name.
    pub name: String,
    /// How long jobs take.
    pub latency: Latency,
    /// Time since the epoch when the cluster starts; `None` is the machine's.
    pub epoch: Option<Duration>,
    /// The nodes; the first one is the master.
    pub nodes: Vec<NodeSpec>,
    /// Enabled hypervisors; the first one is the default.
    pub hypervisors: Vec<String>,
    /// Enabled disk templates; the first one is the default.
    pub disk_templates: Vec<String>,
    /// OS definitions.
    pub os: Vec<OsSpec>,
    /// Bridges that every node has. NICs on others are refused.
    pub bridges: Vec<String>,
    /// Virtual per physical processors at most.
    pub vcpu_ratio: f64,
    /// Whether a guest may shut itself down for good (`USER_down`).
    pub user_shutdown: bool,
    /// Where RAPI listens.
    pub listen: SocketAddr,
    /// Whether connections outlive an answer. The real RAPI closes each: `false`.
    pub keep_alive: bool,
    /// How many connections are served at once; others wait in the backlog. The real RAPI has 20.
    pub max_clients: usize,
    /// Whether every request needs a user (`--require-authentication`).
    pub require_authentication: bool,
    /// Whether the master daemon runs in a UTF-8 locale. Ganeti starts it in the C locale, where a job with
    /// a text outside ASCII is answered with 500: `false`.
    pub utf8_locale: bool,
    /// How many finished jobs are kept. Ganeti archives by age; a benchmark needs a bound.
    pub keep_jobs: usize,
    /// What drives the simulator.
    pub runtime: Runtime,
}

impl Default for Options {
    fn default() -> Self {
        let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
        Self {
            seed: 1,
            name: "cluster.sim.example.com".to_owned(),
            latency: Latency::Zero,
            epoch: None,
            nodes: vec![NodeSpec::large("node1.sim.example.com")],
            hypervisors: list(&["fake"]),
            disk_templates: list(&["diskless", "file", "sharedfile"]),
            os: vec![OsSpec::new("noop", &["ssh_key", "user_data"])],
            bridges: list(&["br0"]),
            vcpu_ratio: 1000.0,
            user_shutdown: false,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            keep_alive: false,
            max_clients: 20,
            require_authentication: true,
            utf8_locale: false,
            keep_jobs: 100_000,
            runtime: Runtime::Own { worker_threads: 1 },
        }
    }
}
