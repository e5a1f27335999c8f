//! What a bed shall be like.

use std::path::PathBuf;

use ganeti_sim::OsSpec;
use serde::{Deserialize, Serialize};

/// Name of the bed's installation: what the chart calls `clusterId`.
pub const CLUSTER_ID: &str = "bed";

/// Namespace of the operator and of the backends' Secrets.
pub const NAMESPACE: &str = "cyclades-system";

/// Name of the operator's Pod, if it were one.
pub const REPLICA: &str = "cyclades-0";

/// One Ganeti cluster of a bed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClusterKind {
    /// A real Ganeti, whose guests are files. Needs root on Debian.
    LabFake,
    /// A real Ganeti, whose guests run under QEMU. Needs root on Debian.
    LabKvm,
    /// The simulator as a process of its own, for people: it can be asked from other terminals.
    SimProcess,
    /// The simulator inside this process, for tests: [`crate::Cluster::sim`] gives its switches.
    Sim,
}

impl ClusterKind {
    /// Whether it is a real Ganeti.
    #[must_use]
    pub fn is_lab(self) -> bool {
        matches!(self, Self::LabFake | Self::LabKvm)
    }
}

/// Which build of this repository's own programs is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// Quick to build.
    #[default]
    Debug,
    /// As users run it: for figures.
    Release,
}

/// How often the operator looks at each Ganeti cluster, in seconds; the fields of `GanetiBackend.spec.polling`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Polling {
    /// Between looks at the job queue.
    pub jobs: u32,
    /// Between readings of all instances' configuration.
    pub configuration: u32,
    /// Between readings of all instances' live status.
    pub status: u32,
    /// Between readings of the cluster itself.
    pub cluster: u32,
}

impl Polling {
    /// The shortest that the kind allows, so that a test sees a change soon.
    pub const QUICK: Self = Self { jobs: 1, configuration: 1, status: 1, cluster: 5 };
}

/// How the operator is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorOptions {
    /// Filter of its log.
    pub log: String,
    /// Format of its log: `text` or `json`.
    pub log_format: String,
    /// Further chart values, as `helm --set` takes them.
    pub values: Vec<String>,
}

impl Default for OperatorOptions {
    fn default() -> Self {
        Self { log: "info".to_owned(), log_format: "text".to_owned(), values: Vec::new() }
    }
}

/// What [`crate::Bed::start`] makes.
#[derive(Debug, Clone)]
pub struct Options {
    /// The bed's folder: made by the start, removed with the bed. It must not hold anything else.
    pub dir: PathBuf,
    /// Whether the bed outlives this process; then [`crate::down`] ends it.
    pub detached: bool,
    /// The Ganeti clusters, which become the backends `ganeti-1`, `ganeti-2` …
    pub clusters: Vec<ClusterKind>,
    /// None leaves the operator out: the chart is applied, nothing acts.
    pub operator: Option<OperatorOptions>,
    /// Whether the API server logs who asked what.
    pub audit: bool,
    /// What the API server begins with: a copy of another one's etcd, as `ControlPlane::save` makes it.
    pub saved: Option<PathBuf>,
    /// Whether each cluster is declared as a GanetiBackend.
    pub backends: bool,
    /// `spec.polling` of the backends; the kind's own defaults where absent.
    pub polling: Option<Polling>,
    /// `spec.limits.vcpusPerCpu` of the backends: how many virtual CPUs may be placed on one of this machine's.
    pub vcpus_per_cpu: u32,
    /// What simulators inside this process are like; name and seed are each one's own.
    pub sim: ganeti_sim::Options,
}

impl Options {
    /// For a test: in a new folder below the system's temporary one, ending with this process, looking at Ganeti often.
    #[must_use]
    pub fn for_test(clusters: Vec<ClusterKind>) -> Self {
        let dir = std::env::temp_dir().join(format!("cyclades-bed-{}", uuid::Uuid::new_v4().simple()));
        Self { polling: Some(Polling::QUICK), ..Self::in_dir(dir, clusters) }
    }

    /// For a person: in the given folder, with the defaults that users get.
    #[must_use]
    pub fn in_dir(dir: impl Into<PathBuf>, clusters: Vec<ClusterKind>) -> Self {
        Self {
            dir: dir.into(),
            detached: false,
            clusters,
            operator: Some(OperatorOptions::default()),
            audit: false,
            saved: None,
            backends: true,
            polling: None,
            // One- and two-core machines would else be full after a handful of tiny guests.
            vcpus_per_cpu: 1000,
            sim: sim(),
        }
    }

    /// The same without the operator.
    #[must_use]
    pub fn without_operator(mut self) -> Self {
        self.operator = None;
        self
    }

    /// The same with the API server's audit log.
    #[must_use]
    pub fn with_audit(mut self) -> Self {
        self.audit = true;
        self
    }

    /// The same, outliving this process.
    #[must_use]
    pub fn detached(mut self) -> Self {
        self.detached = true;
        self
    }
}

/// A simulator with the operating systems of the real Ganeti's bed that any test may want.
fn sim() -> ganeti_sim::Options {
    let guest = OsSpec::new("guest", &["user_data", "hostname", "greeting"]);
    ganeti_sim::Options {
        os: vec![guest, OsSpec::new("noop", &[])],
        user_shutdown: true,
        ..Default::default()
    }
}
