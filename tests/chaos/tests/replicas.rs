//! Two operators in one process, on a simulated clock: who holds the backend, and since when.

#![allow(clippy::unwrap_used)] // a test ends where something is not as it should be

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use cyclades_controllers::{LEASE_DEFAULT, Operator};
use ganeti_rapi::{Connecting, Connector, Stream};
use ganeti_sim::{Latency, Sim};
use kube_sim::{Kinds, KubeSim};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep};

const SYSTEM: &str = "cyclades-system";
const NAMES: [&str; 2] = ["a", "b"];

#[derive(Debug)]
struct InMemory(Arc<Sim>);

impl Connector for InMemory {
    fn connect<'a>(&'a self, _: &'a str, _: u16) -> Connecting<'a> {
        Box::pin(async { self.0.connect().map(|stream| Box::new(stream) as Box<dyn Stream>) })
    }
}

struct Stage {
    kube: KubeSim,
    sim: Arc<Sim>,
}

/// A replica that runs for as long as it is polled.
struct Replica {
    local: LocalSet,
    stop: Arc<Notify>,
}

impl Stage {
    fn new() -> Self {
        let options =
            ganeti_sim::Options { latency: Latency::Calibrated { scale: 1.0 }, ..Default::default() };
        let sim = Arc::new(Sim::within(options).unwrap());
        let kinds = Kinds::with(&cyclades_crds::all());
        let latency = Duration::from_millis(4);
        let kube = KubeSim::new(kube_sim::Options { seed: 1, kinds, latency });
        let user = sim.write_credentials();
        let cyclades = |kind: &str, name: &str, spec: Value| {
            let metadata = json!({"name": name, "namespace": "default"});
            json!({"apiVersion": "cyclades.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec})
        };
        for object in [
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
            cyclades("Image", "noop", json!({"source": {"ganetiOS": {"name": "noop"}}})),
            cyclades(
                "GanetiBackend",
                "ganeti-1",
                json!({
                    "endpoints": [sim.url()], "credentialsSecretRef": {"name": "ganeti-1"},
                    "tls": {"pins": [sim.certificate_sha256()]},
                }),
            ),
        ] {
            kube.create(&object).unwrap();
        }
        Self { kube, sim }
    }

    fn replica(&self, name: &str) -> Replica {
        let mut operator = Operator::new(self.kube.client(), "chaos".to_owned(), SYSTEM.to_owned());
        operator.identity = name.to_owned();
        operator.connector = Some(Arc::new(InMemory(Arc::clone(&self.sim))));
        operator.seed = Some(1);
        let (local, stop) = (LocalSet::new(), Arc::new(Notify::new()));
        let stopped = Arc::clone(&stop);
        local.spawn_local(operator.run(async move { stopped.notified().await }));
        Replica { local, stop }
    }

    fn held(&self) -> Option<(String, u64)> {
        let backend = self.kube.get("ganetibackends", None, "ganeti-1").unwrap();
        Some((backend["status"]["holder"].as_str()?.to_owned(), backend["status"]["epoch"].as_u64()?))
    }

    async fn until(&self, what: &str, is: impl Fn(&Self) -> bool) -> Duration {
        let begun = Instant::now();
        while !is(self) {
            assert!(begun.elapsed() < Duration::from_secs(120), "{what}: {:?}", self.held());
            sleep(Duration::from_millis(1)).await;
        }
        begun.elapsed()
    }

    /// Has a machine made, which takes an operator that holds the backend, and one that leads.
    async fn make(&self, name: &str) {
        let spec = json!({"flavorRef": {"name": "tiny"}, "imageRef": {"name": "noop"}});
        let metadata = json!({"name": name, "namespace": "default"});
        let machine = json!({"apiVersion": "cyclades.io/v1alpha1", "kind": "VirtualMachine", "metadata": metadata, "spec": spec});
        self.kube.create(&machine).unwrap();
        let ready = |stage: &Self| {
            let machine = stage.kube.get("virtualmachines", Some("default"), name).unwrap();
            let conditions = machine["status"]["conditions"].as_array().cloned().unwrap_or_default();
            conditions.iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
        };
        self.until(&format!("{name} is Ready"), ready).await;
    }

    /// Versions of what was written of backends and machines.
    fn written(&self) -> Vec<Value> {
        let objects = ["ganetibackends", "virtualmachines"].map(|plural| self.kube.list(plural)).concat();
        objects.iter().map(|object| object["metadata"]["resourceVersion"].clone()).collect()
    }

    fn creations(&self) -> usize {
        let jobs = self.sim.jobs();
        jobs.iter().filter(|job| job.opcodes.contains(&"OP_INSTANCE_CREATE")).count()
    }
}

/// Runs something while these replicas run.
async fn with<T>(replicas: &mut [&mut Replica], what: impl Future<Output = T>) -> T {
    let run = async {
        let mut all: Vec<_> = replicas.iter_mut().map(|replica| Box::pin(&mut replica.local)).collect();
        std::future::poll_fn(|context| {
            for local in &mut all {
                // One that has ended is polled no more often than the others, and does nothing.
                let _ = local.as_mut().poll(context);
            }
            std::task::Poll::<()>::Pending
        })
        .await;
        pending::<()>().await;
    };
    tokio::select! {
        biased;
        done = what => done,
        () = run => unreachable!("it is pending"),
    }
}

/// Both run, a machine was made, and it is known which of them is the holder.
async fn both(stage: &Stage) -> (Replica, Replica, String, u64) {
    let mut replicas = NAMES.map(|name| stage.replica(name));
    let [a, b] = &mut replicas;
    let work = async {
        stage.until("somebody holds it", |stage| stage.held().is_some()).await;
        sleep(LEASE_DEFAULT).await;
        stage.make("before").await;
        stage.held().unwrap()
    };
    let (holder, epoch) = with(&mut [a, b], work).await;
    let [a, b] = replicas;
    if holder == NAMES[0] { (a, b, holder, epoch) } else { (b, a, holder, epoch) }
}

fn play(test: impl AsyncFnOnce(Stage)) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async { test(Stage::new()).await });
}

#[test]
fn a_replica_that_dies_is_taken_over_from_when_its_lease_is_over() {
    play(async |stage| {
        let (first, mut other, holder, epoch) = both(&stage).await;
        drop(first);
        let taken = stage.until("it is taken over", |stage| stage.held().unwrap().0 != holder);
        let took = with(&mut [&mut other], taken).await;
        assert!(took <= LEASE_DEFAULT + Duration::from_millis(500), "{took:?}");
        assert_eq!(stage.held().unwrap().1, epoch + 1);
        with(&mut [&mut other], stage.make("after")).await;
        assert_eq!((stage.creations(), stage.sim.instances().len()), (2, 2));
    });
}

#[test]
fn a_replica_that_ends_hands_over_at_once() {
    play(async |stage| {
        let (mut first, mut other, holder, _) = both(&stage).await;
        first.stop.notify_one();
        let taken = stage.until("it is handed over", |stage| stage.held().unwrap().0 != holder);
        let took = with(&mut [&mut first, &mut other], taken).await;
        assert!(took <= Duration::from_millis(300), "{took:?}");
        assert_eq!(stage.kube.list("leases").len(), 1, "its Lease is gone");
    });
}

#[test]
fn a_replica_that_was_frozen_gives_way() {
    play(async |stage| {
        let (mut first, mut other, holder, epoch) = both(&stage).await;
        let taken = stage.until("it is taken over", |stage| stage.held().unwrap().0 != holder);
        with(&mut [&mut other], taken).await;
        with(&mut [&mut other], stage.make("meanwhile")).await;
        // The backend falls to the first one again: it is given back in good order, under a third epoch.
        let back = stage.until("it is given back", |stage| stage.held() == Some((holder.clone(), epoch + 2)));
        with(&mut [&mut first, &mut other], back).await;
        with(&mut [&mut first, &mut other], stage.make("after")).await;
        assert_eq!((stage.creations(), stage.sim.instances().len()), (3, 3));
    });
}

#[test]
fn a_replica_alone_that_is_started_anew_under_its_name_waits_for_nobody() {
    play(async |stage| {
        let mut first = stage.replica("a");
        with(&mut [&mut first], stage.make("before")).await;
        let ((_, epoch), fences) = (stage.held().unwrap(), stage.sim.job_filters());
        drop(first);
        let mut second = stage.replica("a");
        let before = stage.written();
        let fenced = stage.until("its former life is fenced off", |stage| stage.sim.job_filters() != fences);
        let took = with(&mut [&mut second], fenced).await;
        assert!(took < Duration::from_millis(200), "{took:?}");
        with(&mut [&mut second], sleep(LEASE_DEFAULT)).await;
        assert_eq!(stage.sim.job_filters().len(), 1, "that of the former life is removed");
        assert_eq!(stage.held().unwrap().1, epoch);
        assert_eq!(stage.written(), before, "nothing but its Lease is written");
        // Another name cannot know that the former is gone before its Lease is over.
        drop(second);
        let mut third = stage.replica("b");
        let taken = stage.until("it is taken", |stage| stage.held().unwrap().0 == "b");
        let took = with(&mut [&mut third], taken).await;
        assert!(took <= LEASE_DEFAULT + Duration::from_millis(500), "{took:?}");
    });
}
