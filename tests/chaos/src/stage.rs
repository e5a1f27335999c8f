//! The stage of one run: an API server, Ganeti clusters, and the operator between them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use cyclades_controllers::Operator;
use ganeti_rapi::{Connecting, Connector};
use kube_sim::{Kinds, KubeSim, Moment};
use serde_json::Value;

use crate::calls::{Calls, Seen};
use crate::catalog::Catalog;
use crate::clocks::{TimeOfDay, Turn, Whose};
use crate::ganeti::{Ganeti, Said};
use crate::ground::Ground;
use crate::kubernetes::Kubernetes;
use crate::operators::Order;
use crate::pace::Pace;
use crate::scene::{Scene, id_of};
use crate::simulated::Simulated;
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
    pub ganetis: Arc<[Ganeti]>,
    pub calls: Arc<Calls>,
    pub pace: Pace,
    /// How many operators there are.
    pub replicas: usize,
    pub time: TimeOfDay,
    /// Whether it is to be noted what is foreseen after each step.
    pub foretells: bool,
    /// Machines as they were after a step, which may have changed again before anybody looked.
    told: Mutex<Vec<Value>>,
    /// uids of `kube-system` so far.
    lives: Mutex<Vec<String>>,
    seed: u64,
}

impl Stage {
    /// Sets everything up: clusters, and the objects that machines refer to.
    pub async fn new(scenario: &Scenario, point: &Point, ground: Ground) -> Result<Self, Failure> {
        let pace = ground.pace();
        let simulated = |number| {
            let cluster = Simulated::new(number, scenario, point, pace.job_scale)?;
            Ok(Ganeti::simulated(number, cluster))
        };
        let memory = || {
            let options = kube_sim::Options { seed: point.seed, kinds: kinds(), latency: API_LATENCY };
            Kubernetes::Memory(KubeSim::new(options))
        };
        let all_simulated = || (0..scenario.backends).map(simulated).collect::<Result<_, _>>();
        let (kube, ganetis) = match ground {
            Ground::Memory => (memory(), all_simulated()?),
            Ground::ApiServer(server) => (Kubernetes::Server(server), all_simulated()?),
            Ground::Ganeti(real) => (memory(), Arc::from([Ganeti::real(0, real)])),
        };
        let calls = Arc::new(Calls::new(point.blow, point.weather, point.seed));
        let (time, seed, replicas) = (TimeOfDay::new(), point.seed, scenario.replicas);
        let stage = Self {
            kube,
            ganetis,
            calls,
            pace,
            replicas,
            time,
            foretells: false,
            told: Mutex::default(),
            lives: Mutex::default(),
            seed,
        };
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
                calls.kubernetes(call.client, seen, call.method, call.target)
            }));
        }
        self.ganetis.iter().for_each(|ganeti| ganeti.interpose(&self.calls));
    }

    /// How an operator is called.
    pub fn operator_name(&self, number: usize) -> String {
        if self.replicas == 1 { "the operator".to_owned() } else { format!("operator-{}", number + 1) }
    }

    /// The operator of this number in its life number `life`.
    pub fn operator(&self, number: usize, life: u64) -> Operator {
        let client = match &self.kube {
            Kubernetes::Memory(sim) => sim.client_of(number),
            Kubernetes::Server(server) => server.operators_client(number, &self.calls),
        };
        let mut operator = Operator::new(client, CLUSTER_ID.to_owned(), SYSTEM.to_owned());
        if self.replicas > 1 {
            operator.identity = self.operator_name(number);
        }
        let ganetis = Arc::clone(&self.ganetis);
        let connections = AtomicU64::new(life);
        operator.connector = Some(Arc::new(InMemory { ganetis, operator: number, connections }));
        operator.seed = Some(self.seed.wrapping_mul(1000).wrapping_add(life));
        operator.clock = self.time.clock();
        operator
    }

    /// What is there now, with the jobs above the last ones of a former look, and those of `open` as they are now.
    ///
    /// Where looking takes time, jobs come first, then what they are about: what is seen of a job has led to no less than
    /// what is seen of its instance. Machines come last: whatever was submitted, they say who wants it.
    pub async fn look(&self, last: &[u64], open: &[(usize, u64)]) -> Said<Scene> {
        let before = self.versions().await?;
        let mut scene = Scene { backends: self.kube.list(Kind::Backend).await?, ..Scene::default() };
        for ganeti in self.ganetis.iter() {
            let last = last.get(ganeti.number).copied().unwrap_or(0);
            let open = open.iter().filter(|(cluster, _)| *cluster == ganeti.number);
            let open: Vec<u64> = open.map(|(_, id)| *id).collect();
            scene.jobs.extend(ganeti.jobs(last, &open).await?);
            scene.instances.extend(ganeti.instances().await?);
        }
        scene.machines = self.kube.list(Kind::Vm).await?;
        scene.networks = self.kube.list(Kind::Network).await?;
        // Claims come before instances and go after them.
        if !scene.networks.is_empty() || scene.instances.iter().any(|it| !it.macs.is_empty()) {
            scene.blocks = self.kube.list(Kind::Block).await?;
        }
        if let Some(before) = before {
            let moved = |machine: &&Value| before.get(&id_of(machine)) != Some(&version(machine));
            scene.moving = scene.machines.iter().filter(moved).map(id_of).collect();
        }
        Ok(scene)
    }

    /// Versions of the machines, by their ids, where looking takes time.
    async fn versions(&self) -> Said<Option<BTreeMap<String, String>>> {
        if self.pace.check_every.is_none() {
            return Ok(None);
        }
        let machines = self.kube.list(Kind::Vm).await?;
        Ok(Some(machines.iter().map(|machine| (id_of(machine), version(machine))).collect()))
    }

    /// Remembers a machine as it is after a step, where looks are so rare that it may be missed.
    pub async fn tell(&self, vm: &str) -> Said<()> {
        if self.pace.check_every.is_some() {
            let machine = self.kube.get(Kind::Vm, vm).await?;
            self.told.lock().unwrap_or_else(PoisonError::into_inner).extend(machine);
        }
        Ok(())
    }

    /// Machines that were remembered since it was asked last.
    pub fn take_told(&self) -> Vec<Value> {
        std::mem::take(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The numbers of the last jobs.
    pub async fn last_jobs(&self) -> Result<Vec<u64>, Failure> {
        let all = self.ganetis.iter().map(Ganeti::last_job);
        futures::future::try_join_all(all).await.map_err(Failure::Stage)
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
                Whose::Ganeti => self.ganetis.iter().for_each(|ganeti| ganeti.turn_clock_back(by)),
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
        self.calls.order(Order::KillAll);
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

/// Our kinds are the same for all stages, and take a while to derive.
fn kinds() -> Kinds {
    static KINDS: OnceLock<Kinds> = OnceLock::new();
    KINDS.get_or_init(|| Kinds::with(&cyclades_crds::all())).clone()
}

fn version(object: &Value) -> String {
    object["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned()
}

/// Leads to the clusters of the stage, by the host's name.
struct InMemory {
    ganetis: Arc<[Ganeti]>,
    /// Whose they are.
    operator: usize,
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
            let found = self.ganetis.iter().find(|ganeti| host.starts_with(&ganeti.backend()));
            found.ok_or(std::io::ErrorKind::NotFound)?.connect(self.operator)
        })
    }
}
