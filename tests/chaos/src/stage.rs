//! The stage of one run: an API server, Ganeti clusters, and the operator between them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use cyclades_controllers::Operator;
use ganeti_rapi::{Connecting, Connector, Stream};
use ganeti_sim::{Latency, NodeSpec, OsSpec, Sim};
use kube_sim::{Kinds, KubeSim, Moment};
use serde_json::Value;
use tokio::task::LocalSet;

use crate::calls::{Calls, Seen};
use crate::catalog::Catalog;
use crate::clocks::{EPOCH_SECONDS, TimeOfDay, Turn, Whose};
use crate::ganeti::{Ganeti, Said, backend_name};
use crate::kubernetes::Kubernetes;
use crate::pace::Pace;
use crate::scene::Scene;
use crate::step::Kind;
use crate::{Failure, Point, Scenario};

/// Name of the installation.
pub(crate) const CLUSTER_ID: &str = "chaos";
/// Namespace of the operator.
pub(crate) const SYSTEM: &str = "cyclades-system";
/// Longest time that a request to the API server, and its answer, is under way.
const API_LATENCY: Duration = Duration::from_millis(4);
/// Connections to RAPI take this long, or twice as long, or no time.
const RAPI_LATENCY: Duration = Duration::from_millis(2);

/// The stage.
pub(crate) struct Stage {
    pub kube: Kubernetes,
    pub ganetis: Vec<Ganeti>,
    pub calls: Arc<Calls>,
    pub pace: Pace,
    pub time: TimeOfDay,
    /// Whether it is to be noted what is foreseen after each step.
    pub foretells: bool,
    /// uids of `kube-system` so far.
    lives: Mutex<Vec<String>>,
    seed: u64,
}

impl Stage {
    /// Sets everything up: clusters, and the objects that machines refer to.
    pub async fn new(scenario: &Scenario, point: &Point, kube: Option<Kubernetes>) -> Result<Self, Failure> {
        let pace = if kube.is_some() { Pace::REAL } else { Pace::SIMULATED };
        let ganetis = (0..scenario.backends)
            .map(|number| simulated(number, scenario, point, pace))
            .collect::<Result<Vec<_>, _>>()?;
        let kube = kube.unwrap_or_else(|| {
            let options = kube_sim::Options { seed: point.seed, kinds: kinds(), latency: API_LATENCY };
            Kubernetes::Memory(KubeSim::new(options))
        });
        let calls = Arc::new(Calls::new(point.blow, point.weather, point.seed));
        let (time, seed) = (TimeOfDay::new(), point.seed);
        let stage =
            Self { kube, ganetis, calls, pace, time, foretells: false, lives: Mutex::default(), seed };
        stage.apply_catalog(&stage.catalog()).await.map_err(Failure::Stage)?;
        if let Kubernetes::Memory(sim) = &stage.kube {
            stage.remember_life(sim);
            sim.set_watch_faults(point.weather.watches());
        }
        stage.interpose();
        Ok(stage)
    }

    /// The objects that machines refer to.
    pub fn catalog(&self) -> Catalog {
        Catalog { polling: self.pace.polling, ..Catalog::default() }
    }

    /// Applies them.
    pub async fn apply_catalog(&self, catalog: &Catalog) -> Said<()> {
        for object in catalog.objects(&self.ganetis) {
            self.kube.apply(&object).await?;
        }
        Ok(())
    }

    fn interpose(&self) {
        if let Kubernetes::Memory(sim) = &self.kube {
            let calls = Arc::clone(&self.calls);
            sim.interpose(Arc::new(move |call| {
                let seen = if call.moment == Moment::Before { Seen::Before } else { Seen::After };
                calls.kubernetes(seen, call.method, call.target)
            }));
        }
        for ganeti in &self.ganetis {
            let (calls, number) = (Arc::clone(&self.calls), ganeti.number);
            ganeti.sim.interpose(Arc::new(move |call| {
                let seen = if call.moment == ganeti_sim::Moment::Before { Seen::Before } else { Seen::After };
                calls.rapi(number, seen, call.method, call.target)
            }));
        }
    }

    /// The operator's life number `life`. To drop what this returns is to kill it.
    pub fn operator(&self, life: u64) -> LocalSet {
        let client = match &self.kube {
            Kubernetes::Memory(sim) => sim.client(),
            Kubernetes::Server(server) => server.operators_client(&self.calls),
        };
        let mut operator = Operator::new(client, CLUSTER_ID.to_owned(), SYSTEM.to_owned());
        let sims = self.ganetis.iter().map(|ganeti| Arc::clone(&ganeti.sim)).collect();
        operator.connector = Some(Arc::new(InMemory { sims, connections: AtomicU64::new(life) }));
        operator.seed = Some(self.seed.wrapping_mul(1000).wrapping_add(life));
        operator.clock = self.time.clock();
        let local = LocalSet::new();
        local.spawn_local(operator.run(std::future::pending()));
        local
    }

    /// What is there now, with the jobs above the last ones of a former look, and those of `open` as they are now.
    pub async fn look(&self, last: &[u64], open: impl Iterator<Item = (usize, u64)>) -> Said<Scene> {
        let machines = self.kube.list(Kind::Vm).await?;
        let backends = self.kube.list(Kind::Backend).await?;
        let mut scene = Scene { machines, backends, ..Scene::default() };
        for ganeti in &self.ganetis {
            scene.instances.extend(ganeti.instances());
            let last = last.get(ganeti.number).copied().unwrap_or(0);
            scene.jobs.extend(ganeti.jobs_above(last));
        }
        scene.jobs.extend(open.filter_map(|(cluster, id)| self.ganetis.get(cluster)?.job(id)));
        Ok(scene)
    }

    /// The numbers of the last jobs.
    pub fn last_jobs(&self) -> Vec<u64> {
        self.ganetis.iter().map(Ganeti::last_job).collect()
    }

    /// Lets the times of day go back that are due.
    pub fn turn_clocks(&self) {
        for Turn { whose, by } in self.calls.take_turns() {
            match whose {
                Whose::Operator => self.time.turn_back(by),
                Whose::ApiServer => {
                    if let Kubernetes::Memory(sim) = &self.kube {
                        sim.turn_clock_back(by);
                    }
                }
                Whose::Ganeti => self.ganetis.iter().for_each(|ganeti| ganeti.sim.turn_clock_back(by)),
            }
        }
    }

    /// Kubernetes loses everything; the operator goes with it.
    pub async fn lose_everything(&self) -> Said<()> {
        let Kubernetes::Memory(sim) = &self.kube else {
            return Err("a real API server does not forget".to_owned());
        };
        sim.wipe();
        self.remember_life(sim);
        self.calls.killed.notify_one();
        // Namespaces are there before anything is applied.
        let namespace = Catalog::namespace();
        self.kube.apply(&namespace).await
    }

    /// The incarnation before the present one.
    pub fn former_life(&self) -> Option<String> {
        let lives = self.lives.lock().unwrap_or_else(PoisonError::into_inner);
        lives.len().checked_sub(2).and_then(|at| lives.get(at).cloned())
    }

    fn remember_life(&self, sim: &KubeSim) {
        let uid = sim.get("namespaces", None, "kube-system").and_then(|it| {
            let uid: &Value = &it["metadata"]["uid"];
            Some(uid.as_str()?.to_owned())
        });
        self.lives.lock().unwrap_or_else(PoisonError::into_inner).extend(uid);
    }
}

fn simulated(number: usize, scenario: &Scenario, point: &Point, pace: Pace) -> Result<Ganeti, Failure> {
    let mut options = ganeti_sim::Options {
        seed: point.seed.wrapping_add(number as u64 * 7919),
        name: format!("{}.sim.example.com", backend_name(number)),
        latency: Latency::Calibrated { scale: pace.job_scale * point.weather.job_scale() },
        epoch: Some(Duration::from_secs(EPOCH_SECONDS.unsigned_abs())),
        // Machines are made from images of the same names.
        os: ["noop", "other"].map(|name| OsSpec::new(name, &[])).to_vec(),
        user_shutdown: true,
        ..ganeti_sim::Options::default()
    };
    if let Some(memory_mib) = scenario.memory_mib {
        let node = NodeSpec { memory_mib, ..NodeSpec::large("node1.sim.example.com") };
        options.nodes = vec![node];
    }
    let sim = Sim::within(options).map_err(|error| Failure::Stage(error.to_string()))?;
    Ok(Ganeti::simulated(number, Arc::new(sim)))
}

/// Our kinds are the same for all stages, and take a while to derive.
fn kinds() -> Kinds {
    static KINDS: OnceLock<Kinds> = OnceLock::new();
    KINDS.get_or_init(|| Kinds::with(&cyclades_crds::all())).clone()
}

/// Leads to the simulators of this process, by the host's name.
struct InMemory {
    sims: Vec<Arc<Sim>>,
    connections: AtomicU64,
}

impl std::fmt::Debug for InMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InMemory")
    }
}

impl Connector for InMemory {
    fn connect<'a>(&'a self, host: &'a str, _: u16) -> Connecting<'a> {
        Box::pin(async move {
            let number = self.connections.fetch_add(1, Ordering::Relaxed);
            // Three steps, one after the other: connections overtake each other, and always in the same way.
            tokio::time::sleep(RAPI_LATENCY * u32::try_from(number % 3).unwrap_or(0)).await;
            let at = (0..self.sims.len()).find(|number| host.starts_with(&backend_name(*number)));
            let sim = at.and_then(|at| self.sims.get(at)).ok_or(std::io::ErrorKind::NotFound)?;
            sim.connect().map(|stream| Box::new(stream) as Box<dyn Stream>)
        })
    }
}
