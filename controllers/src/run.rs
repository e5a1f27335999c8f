//! The operator as a process: settings, log, port, signals.

use std::time::Duration;

use anyhow::Context as _;
use kube::Client;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

use crate::{
    operator::Operator,
    options::{LogFormat, Options},
    runtime::http,
};

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
    let mut operator = Operator::new(client, options.cluster_id, options.namespace);
    operator.listener = Some(listener);
    operator.identity = options.replica;
    operator.lease = Duration::from_secs(options.lease_seconds);
    Ok(operator.run(stopped()?).await?)
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
