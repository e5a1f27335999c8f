//! Start and stop of the operator, in a process of its own or inside of another program.

use std::{rc::Rc, sync::Arc, time::Duration};

use ganeti_rapi::Connector;
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client};
use tokio::{net::TcpListener, task::spawn_local};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    runtime::{
        context::{Context, Ctx, Installation},
        driver,
        events::Events,
        http, ingest,
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
/// Epoch of job reasons while one replica works at a time.
const EPOCH: u64 = 1;

/// An operator that has not begun yet. All that it starts belongs to the [`tokio::task::LocalSet`] that it runs in: to
/// drop that is to kill it.
pub struct Operator {
    /// Leads to the API server.
    pub client: Client,
    /// Name of the installation.
    pub cluster_id: String,
    /// Namespace with the Secrets of RAPI credentials.
    pub namespace: String,
    /// Who tells its events.
    pub identity: String,
    /// Where `/metrics`, `/live` and `/ready` are asked for; nowhere where `None`.
    pub listener: Option<TcpListener>,
    /// What makes streams to Ganeti clusters; plain TCP where `None`. TLS is spoken and peers are verified in any case.
    pub connector: Option<Arc<dyn Connector>>,
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
        Self { client, cluster_id, namespace, identity, listener: None, connector: None, seed: None }
    }

    /// Works until it is told to stop, and then until what runs has ended.
    ///
    /// # Panics
    /// Outside of a [`tokio::task::LocalSet`].
    pub async fn run(self, stop: impl Future<Output = ()>) {
        if let Some(seed) = self.seed {
            seed_jitter(seed);
        }
        let mut stop = std::pin::pin!(stop);
        let incarnation = tokio::select! {
            biased;
            () = &mut stop => return,
            incarnation = incarnation(&self.client) => incarnation,
        };
        let metrics = Metrics::new();
        let ctx: Ctx = Rc::new(Context {
            kube: KubeApi::new(self.client.clone(), metrics.clone()),
            world: Shared::default(),
            queue: Queue::new(),
            events: Events::new(metrics.clone()),
            metrics,
            installation: Installation { cluster_id: self.cluster_id, incarnation, epoch: EPOCH },
            connector: self.connector,
        });
        if let Some(listener) = self.listener {
            spawn_local(http::serve(Rc::clone(&ctx), listener));
        }
        spawn_local(ctx.events.clone().write(self.client.clone(), self.identity));
        watch_all(&ctx, &self.client, self.namespace);
        let cancel = CancellationToken::new();
        let driver = spawn_local(driver::drive(Rc::clone(&ctx), cancel.clone()));
        stop.await;
        info!("stopping: no new passes, those that run may end");
        cancel.cancel();
        if tokio::time::timeout(STOP_TIMEOUT, driver).await.is_err() {
            warn!("some passes did not end in {} s", STOP_TIMEOUT.as_secs());
        }
    }
}

fn watch_all(ctx: &Ctx, client: &Client, namespace: String) {
    let parts = || (Rc::clone(ctx), client.clone());
    let (c, k) = parts();
    spawn_local(ingest::secrets::run(c, k, namespace));
    let (c, k) = parts();
    spawn_local(ingest::run::<ingest::backends::Backends>(c, k));
    let (c, k) = parts();
    spawn_local(ingest::run::<ingest::catalog::VolumeTypes>(c, k));
    let (c, k) = parts();
    spawn_local(ingest::run::<ingest::catalog::Flavors>(c, k));
    let (c, k) = parts();
    spawn_local(ingest::run::<ingest::catalog::Images>(c, k));
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
