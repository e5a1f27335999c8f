//! The stage of one run: an API server, a Ganeti cluster, and the operator between them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use cyclades_controllers::Operator;
use cyclades_crds::names::TAG_ID;
use ganeti_rapi::{Connecting, Connector, Stream};
use ganeti_sim::{InstanceView, Latency, OsSpec, Sim};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube_sim::{KubeSim, Moment};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio::task::LocalSet;

use crate::calls::{Calls, Seen};
use crate::{Failure, Point};

/// Name of the installation.
const CLUSTER_ID: &str = "chaos";
/// Namespace of the operator.
const SYSTEM: &str = "cyclades-system";
/// Namespace of the machines.
pub(crate) const NAMESPACE: &str = "default";
/// Longest time that a request to the API server, and its answer, is under way.
const API_LATENCY: Duration = Duration::from_millis(4);

/// Connections to RAPI take this long, or twice as long, or no time.
const RAPI_LATENCY: Duration = Duration::from_millis(2);

/// The stage.
pub(crate) struct Stage {
    pub kube: KubeSim,
    pub sim: Arc<Sim>,
    pub calls: Arc<Calls>,
    seed: u64,
}

impl Stage {
    /// Sets everything up: a cluster, and the objects that machines refer to.
    pub fn new(point: &Point) -> Result<Self, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::Stage(error.to_string());
        let options = ganeti_sim::Options {
            seed: point.seed,
            latency: Latency::Calibrated { scale: point.weather.job_scale() },
            // Machines are made from images of the same names.
            os: ["noop", "other"].map(|name| OsSpec::new(name, &[])).to_vec(),
            epoch: Some(Duration::from_secs(1_767_225_600)),
            ..ganeti_sim::Options::default()
        };
        let sim = Arc::new(Sim::within(options).map_err(|error| failed(&error))?);
        let definitions = definitions().to_vec();
        let kube = KubeSim::new(kube_sim::Options { seed: point.seed, definitions, latency: API_LATENCY });
        let calls = Arc::new(Calls::new(point.blow, point.weather, point.seed));
        let stage = Self { kube, sim, calls, seed: point.seed };
        for object in stage.objects() {
            stage.kube.create(&object).map_err(|refused| failed(&refused))?;
        }
        stage.kube.set_watch_faults(point.weather.watches());
        stage.interpose();
        Ok(stage)
    }

    fn interpose(&self) {
        let calls = Arc::clone(&self.calls);
        self.kube.interpose(Arc::new(move |call| {
            let seen = if call.moment == Moment::Before { Seen::Before } else { Seen::After };
            calls.kubernetes(seen, call.method, call.target)
        }));
        let calls = Arc::clone(&self.calls);
        self.sim.interpose(Arc::new(move |call| {
            let seen = if call.moment == ganeti_sim::Moment::Before { Seen::Before } else { Seen::After };
            calls.rapi(seen, call.method, call.target)
        }));
    }

    fn objects(&self) -> Vec<Value> {
        let user = self.sim.write_credentials();
        let cyclades = |kind: &str, name: &str, spec: Value| {
            json!({
                "apiVersion": "cyclades.io/v1alpha1", "kind": kind,
                "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec,
            })
        };
        vec![
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}}),
            json!({
                "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/basic-auth",
                "metadata": {"name": "ganeti-1", "namespace": SYSTEM},
                "stringData": {"username": user.username, "password": user.password.expose_secret()},
            }),
            cyclades("VolumeType", "none", json!({"diskTemplate": "Diskless"})),
            cyclades(
                "Flavor",
                "tiny",
                json!({"vcpus": 1, "memory": "128Mi", "volumeTypeRef": {"name": "none"}}),
            ),
            cyclades(
                "Flavor",
                "small",
                json!({"vcpus": 2, "memory": "256Mi", "volumeTypeRef": {"name": "none"}}),
            ),
            cyclades("VolumeType", "file", json!({"diskTemplate": "File"})),
            cyclades(
                "Flavor",
                "disk",
                json!({"vcpus": 1, "memory": "128Mi", "disk": "1Gi", "volumeTypeRef": {"name": "file"}}),
            ),
            cyclades("Image", "other", json!({"source": {"ganetiOS": {"name": "other"}}})),
            cyclades("Image", "noop", json!({"osFamily": "linux", "source": {"ganetiOS": {"name": "noop"}}})),
            cyclades(
                "GanetiBackend",
                "ganeti-1",
                json!({
                    "endpoints": [self.sim.url()], "credentialsSecretRef": {"name": "ganeti-1"},
                    "tls": {"pins": [self.sim.certificate_sha256()]},
                    "polling": {"jobsSeconds": 2, "configurationSeconds": 30, "statusSeconds": 30, "clusterSeconds": 300},
                }),
            ),
        ]
    }

    /// The operator's life number `life`. To drop what this returns is to kill it.
    pub fn operator(&self, life: u64) -> LocalSet {
        let mut operator = Operator::new(self.kube.client(), CLUSTER_ID.to_owned(), SYSTEM.to_owned());
        operator.connector =
            Some(Arc::new(InMemory { sim: Arc::clone(&self.sim), connections: AtomicU64::new(life) }));
        operator.seed = Some(self.seed.wrapping_mul(1000).wrapping_add(life));
        let local = LocalSet::new();
        local.spawn_local(operator.run(std::future::pending()));
        local
    }

    /// All machines.
    pub fn machines(&self) -> Vec<Value> {
        self.kube.list("virtualmachines")
    }

    /// A machine by its name.
    pub fn machine(&self, name: &str) -> Option<Value> {
        self.kube.get("virtualmachines", Some(NAMESPACE), name)
    }

    /// The instances of a machine, by the tag with its id.
    pub fn instances_of(&self, machine: &Value) -> Vec<InstanceView> {
        let tag = format!("{TAG_ID}{}", id_of(machine));
        self.sim.instances().into_iter().filter(|instance| instance.tags.contains(&tag)).collect()
    }
}

/// The id of a machine: what its spec says, or its uid.
pub(crate) fn id_of(machine: &Value) -> String {
    let id = machine["spec"]["id"].as_str().or(machine["metadata"]["uid"].as_str());
    id.unwrap_or_default().to_owned()
}

/// The definitions are the same for all stages, and take a while to derive.
fn definitions() -> &'static [CustomResourceDefinition] {
    static DEFINITIONS: OnceLock<Vec<CustomResourceDefinition>> = OnceLock::new();
    DEFINITIONS.get_or_init(cyclades_crds::all)
}

/// Leads to the simulator of this process, whatever the address.
struct InMemory {
    sim: Arc<Sim>,
    connections: AtomicU64,
}

impl std::fmt::Debug for InMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InMemory")
    }
}

impl Connector for InMemory {
    fn connect<'a>(&'a self, _: &'a str, _: u16) -> Connecting<'a> {
        Box::pin(async move {
            let number = self.connections.fetch_add(1, Ordering::Relaxed);
            // Three steps, one after the other: connections overtake each other, and always in the same way.
            tokio::time::sleep(RAPI_LATENCY * u32::try_from(number % 3).unwrap_or(0)).await;
            self.sim.connect().map(|stream| Box::new(stream) as Box<dyn Stream>)
        })
    }
}
