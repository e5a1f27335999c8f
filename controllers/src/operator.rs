//! Start and stop of the operator, in a process of its own or inside of another program.

use std::{rc::Rc, sync::Arc, time::Duration};

use ganeti_rapi::Connector;
use k8s_openapi::api::{coordination::v1::Lease, core::v1::Namespace};
use kube::{Api, Client};
use tokio::{net::TcpListener, task::spawn_local, time::timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use uuid::Uuid;

use crate::{
    replica::{
        assess, lease,
        state::{Identity, Replica},
    },
    runtime::{
        clock::Clock,
        context::{Context, Ctx, Installation},
        driver,
        events::Events,
        http, ingest, jitter,
        kube_api::KubeApi,
        metrics::Metrics,
        queue::Queue,
        seed_jitter,
    },
    world::Shared,
};

/// How long passes may take to end after SIGTERM. Kubernetes kills after 30 s by default.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);
/// Pause between attempts to reach the API server at the start.
const API_RETRY: Duration = Duration::from_secs(2);
/// How long passes may take to end before the backends are left to other replicas. A submission takes some milliseconds;
/// one that takes longer is found by its reason, or fenced off.
const HAND_OVER_AFTER: Duration = Duration::from_millis(100);
/// How long a renewal of the Lease lasts, where nothing else is said.
pub const LEASE_DEFAULT: Duration = Duration::from_secs(10);

/// Another process runs under the same name.
#[derive(Debug, thiserror::Error)]
#[error("another process runs as replica {0}: give each replica a name of its own with --replica")]
pub struct Superseded(pub String);

/// An operator that has not begun yet. All that it starts belongs to the [`tokio::task::LocalSet`] that it runs in: to
/// drop that is to kill it.
pub struct Operator {
    /// Leads to the API server.
    pub client: Client,
    /// Name of the installation.
    pub cluster_id: String,
    /// Namespace with the Secrets of RAPI credentials.
    pub namespace: String,
    /// Name of this replica, which no other that runs may have. One that is started anew under its former name waits for
    /// nobody.
    pub identity: String,
    /// How long this replica may act without renewing its Lease, and others wait for it.
    pub lease: Duration,
    /// Where `/metrics`, `/live` and `/ready` are asked for; nowhere where `None`.
    pub listener: Option<TcpListener>,
    /// What makes streams to Ganeti clusters; plain TCP where `None`. TLS is spoken and peers are verified in any case.
    pub connector: Option<Arc<dyn Connector>>,
    /// The time of day, for people to read.
    pub clock: Clock,
    /// What all jitter follows from; by chance where `None`.
    pub seed: Option<u64>,
}

impl std::fmt::Debug for Operator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operator").field("cluster_id", &self.cluster_id).finish_non_exhaustive()
    }
}

impl Operator {
    /// An operator without a port.
    #[must_use]
    pub fn new(client: Client, cluster_id: String, namespace: String) -> Self {
        let identity = "cyclades-operator".to_owned();
        let lease = LEASE_DEFAULT;
        Self {
            client,
            cluster_id,
            namespace,
            identity,
            lease,
            listener: None,
            connector: None,
            clock: Clock::default(),
            seed: None,
        }
    }

    /// Works until it is told to stop, and then until what runs has ended.
    ///
    /// # Errors
    /// [`Superseded`]: it ends by itself, as another process has its name.
    ///
    /// # Panics
    /// Outside of a [`tokio::task::LocalSet`].
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), Superseded> {
        if let Some(seed) = self.seed {
            seed_jitter(seed);
        }
        let mut stop = std::pin::pin!(stop);
        let incarnation = tokio::select! {
            biased;
            () = &mut stop => return Ok(()),
            incarnation = incarnation(&self.client) => incarnation,
        };
        let (client, namespace) = (self.client.clone(), self.namespace.clone());
        let ctx = self.begin(incarnation);
        let leases: Api<Lease> = Api::namespaced(client, &namespace);
        let renewals = spawn_local(lease::keep(Rc::clone(&ctx), leases.clone()));
        let cancel = CancellationToken::new();
        let driver = spawn_local(driver::drive(Rc::clone(&ctx), cancel.clone()));
        let superseded = tokio::select! {
            biased;
            () = stop => false,
            () = ctx.replica.superseded.notified() => true,
        };
        info!("stopping: no new passes, those that run may end");
        ctx.replica.leave();
        cancel.cancel();
        let mut driver = std::pin::pin!(timeout(STOP_TIMEOUT, driver));
        let ended = timeout(HAND_OVER_AFTER, &mut driver).await;
        if superseded {
            return Err(Superseded(ctx.replica.identity.name.clone()));
        }
        // Or it would be made anew.
        renewals.abort();
        lease::release(&ctx, &leases).await;
        let ended = match ended {
            Ok(ended) => ended.is_ok(),
            Err(_) => driver.await.is_ok(),
        };
        if !ended {
            warn!("some passes did not end in {} s", STOP_TIMEOUT.as_secs());
        }
        Ok(())
    }

    /// Starts everything but the driver and the renewals of the Lease.
    fn begin(self, incarnation: String) -> Ctx {
        let metrics = Metrics::new();
        let session = Uuid::from_u64_pair(jitter(), jitter());
        let identity = Identity {
            session: format!("{}_{session}", self.identity),
            life: u64::try_from(self.clock.now().as_millisecond()).unwrap_or(0),
            name: self.identity.clone(),
            lasts: self.lease,
        };
        let ctx: Ctx = Rc::new(Context {
            kube: KubeApi::new(self.client.clone(), metrics.clone()),
            world: Shared::default(),
            queue: Queue::new(),
            events: Events::new(metrics.clone()),
            metrics,
            installation: Installation { cluster_id: self.cluster_id, incarnation },
            replica: Replica::new(identity),
            clock: self.clock.clone(),
            connector: self.connector,
        });
        if let Some(listener) = self.listener {
            spawn_local(http::serve(Rc::clone(&ctx), listener));
        }
        spawn_local(assess::watch_the_clock(Rc::clone(&ctx)));
        spawn_local(ctx.events.clone().write(self.client.clone(), self.identity, self.clock));
        watch_all(&ctx, &self.client, self.namespace);
        ctx
    }
}

fn watch_all(ctx: &Ctx, client: &Client, namespace: String) {
    let parts = || (Rc::clone(ctx), client.clone());
    let (c, k) = parts();
    spawn_local(ingest::secrets::run(c, k, namespace.clone()));
    let (c, k) = parts();
    spawn_local(ingest::leases::run(c, k, namespace));
    let (c, k) = parts();
    spawn_local(ingest::namespaces::run(c, k));
    let (c, k) = parts();
    spawn_local(ingest::run::<ingest::backends::Backends>(c, k));
    let (c, k) = parts();
    spawn_local(ingest::run::<ingest::catalog::VolumeTypes>(c, k));
    let (c, k) = parts();
    spawn_local(ingest::run::<ingest::catalog::Flavors>(c, k));
    let (c, k) = parts();
    spawn_local(ingest::run::<ingest::catalog::Images>(c, k));
    let (c, k) = parts();
    spawn_local(ingest::run::<ingest::networks::LinkPools>(c, k));
    let (c, k) = parts();
    spawn_local(ingest::run::<ingest::networks::Networks>(c, k));
    let (c, k) = parts();
    spawn_local(ingest::run::<ingest::networks::Subnets>(c, k));
    let (c, k) = parts();
    spawn_local(ingest::run::<ingest::networks::IpBlocks>(c, k));
    let (c, k) = parts();
    spawn_local(ingest::run::<ingest::machines::Machines>(c, k));
}

/// The uid of `kube-system`: which life of the installation this is.
async fn incarnation(client: &Client) -> String {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    loop {
        match namespaces.get("kube-system").await {
            Ok(namespace) => {
                if let Some(uid) = namespace.metadata.uid {
                    return uid;
                }
            }
            Err(error) => warn!(%error, "the namespace kube-system cannot be read, trying again"),
        }
        tokio::time::sleep(API_RETRY).await;
    }
}
