//! Start and stop of the operator.

use std::{rc::Rc, time::Duration};

use anyhow::Context as _;
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    options::{LogFormat, Options},
    runtime::{
        context::{Context, Ctx, Installation},
        driver,
        events::Events,
        http, ingest,
        kube_api::KubeApi,
        metrics::Metrics,
        queue::Queue,
    },
    world::Shared,
};

/// How long passes may take to end after SIGTERM. Kubernetes kills after 30 s by default.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);
/// Pause between attempts to reach the API server at the start.
const API_RETRY: Duration = Duration::from_secs(2);
/// Epoch of job reasons while one replica works at a time.
const EPOCH: u64 = 1;

/// Runs the operator until SIGTERM or SIGINT.
///
/// # Errors
/// Where the settings are wrong, the port cannot be opened, or no configuration leads to an API server.
pub async fn run(options: Options) -> anyhow::Result<()> {
    start_log(&options)?;
    // One provider for all of TLS; a second installation would only fail, which is no harm.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = kube::Config::infer()
        .await
        .context("no KUBECONFIG, ~/.kube/config or ServiceAccount leads to an API server")?;
    let client = Client::try_from(config)?;
    let listener =
        http::bind(options.listen).await.with_context(|| format!("cannot listen on {}", options.listen))?;
    info!(version = env!("CARGO_PKG_VERSION"), cluster_id = %options.cluster_id, listen = %options.listen, "operator starts");

    let cancel = CancellationToken::new();
    let mut stop = Box::pin(stopped()?);
    let incarnation = tokio::select! {
        incarnation = incarnation(&client) => incarnation,
        () = &mut stop => return Ok(()),
    };
    let metrics = Metrics::new();
    let ctx: Ctx = Rc::new(Context {
        kube: KubeApi::new(client.clone(), metrics.clone()),
        world: Shared::default(),
        queue: Queue::new(),
        events: Events::new(metrics.clone()),
        metrics,
        installation: Installation { cluster_id: options.cluster_id, incarnation, epoch: EPOCH },
    });
    spawn_all(&ctx, &client, listener, options.namespace);
    let driver = tokio::task::spawn_local(driver::drive(Rc::clone(&ctx), cancel.clone()));
    stop.await;
    info!("stopping: no new passes, those that run may end");
    cancel.cancel();
    if tokio::time::timeout(STOP_TIMEOUT, driver).await.is_err() {
        warn!("some passes did not end in {} s", STOP_TIMEOUT.as_secs());
    }
    Ok(())
}

fn spawn_all(ctx: &Ctx, client: &Client, listener: tokio::net::TcpListener, namespace: String) {
    let spawn = |task: std::pin::Pin<Box<dyn Future<Output = ()>>>| drop(tokio::task::spawn_local(task));
    let parts = || (Rc::clone(ctx), client.clone());
    let identity = std::env::var("HOSTNAME").unwrap_or_else(|_| "cyclades-operator".into());
    spawn(Box::pin(http::serve(Rc::clone(ctx), listener)));
    spawn(Box::pin(ctx.events.clone().write(client.clone(), identity)));
    let (c, k) = parts();
    spawn(Box::pin(ingest::secrets::run(c, k, namespace)));
    let (c, k) = parts();
    spawn(Box::pin(ingest::run::<ingest::backends::Backends>(c, k)));
    let (c, k) = parts();
    spawn(Box::pin(ingest::run::<ingest::catalog::VolumeTypes>(c, k)));
    let (c, k) = parts();
    spawn(Box::pin(ingest::run::<ingest::catalog::Flavors>(c, k)));
    let (c, k) = parts();
    spawn(Box::pin(ingest::run::<ingest::catalog::Images>(c, k)));
    let (c, k) = parts();
    spawn(Box::pin(ingest::run::<ingest::machines::Machines>(c, k)));
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

async fn wait(mut term: tokio::signal::unix::Signal, mut interrupt: tokio::signal::unix::Signal) {
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
}

fn stopped() -> anyhow::Result<impl Future<Output = ()>> {
    Ok(wait(signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?))
}

fn start_log(options: &Options) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(&options.log)
        .with_context(|| format!("--log {:?} is no log filter; try info or debug", options.log))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match options.log_format {
        LogFormat::Text => log.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}
