//! The simulator as a process.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use ganeti_sim::{Control, InstanceSpec, Options, Runtime, Sim};
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::Serve;

/// Simulates until SIGTERM or SIGINT.
pub fn serve(arguments: Serve) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(arguments.worker_threads.max(1))
        .enable_all()
        .build()
        .context("cannot start a runtime")?;
    runtime.block_on(run(arguments))
}

async fn run(arguments: Serve) -> Result<()> {
    // Before anything is announced: who reads the line may send a signal at once.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let control = Control::bind(arguments.control).await?;
    let file = arguments.credentials_file.clone().unwrap_or_else(default_file);
    let preload = arguments.preload;
    let sim = Arc::new(Sim::start(options(arguments))?);
    sim.preload_instances(preload, |index| InstanceSpec::small(format!("instance{index}.example.com")));
    let credentials = CredentialsFile::write(&file, &sim)?;
    let ready = json!({
        "url": sim.url(),
        "control": control.url(),
        "credentials_file": credentials.0,
        "certificate_sha256": sim.certificate_sha256(),
        "uuid": sim.uuid(),
        "pid": std::process::id(),
    });
    writeln!(std::io::stdout(), "{ready}").context("nobody reads the line that tells where it listens")?;
    tokio::select! {
        () = control.serve(Arc::clone(&sim)) => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    drop(credentials);
    Ok(())
}

fn options(arguments: Serve) -> Options {
    let defaults = Options::default();
    Options {
        seed: arguments.seed,
        name: arguments.name,
        latency: arguments.latency,
        nodes: if arguments.nodes.is_empty() { defaults.nodes.clone() } else { arguments.nodes },
        hypervisors: arguments.hypervisors,
        disk_templates: arguments.disk_templates,
        os: arguments.os,
        bridges: arguments.bridges,
        vcpu_ratio: arguments.vcpu_ratio,
        user_shutdown: arguments.user_shutdown,
        listen: arguments.listen,
        keep_alive: arguments.keep_alive,
        max_clients: arguments.max_clients,
        runtime: Runtime::Current,
        ..defaults
    }
}

fn default_file() -> PathBuf {
    std::env::temp_dir().join(format!("ganeti-sim-{}.credentials.json", std::process::id()))
}

/// User names and passwords in a file that only its owner may read. It goes with this value.
struct CredentialsFile(PathBuf);

impl CredentialsFile {
    fn write(path: &Path, sim: &Sim) -> Result<Self> {
        let pair = |user: ganeti_sim::Credentials| json!({"username": user.username, "password": user.password.expose_secret()});
        let text = json!({"write": pair(sim.write_credentials()), "read": pair(sim.read_credentials())});
        let what = || format!("cannot write {}; --credentials-file names another place", path.display());
        // Not over a file of someone else's: its mode and owner would stay.
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let mut file = file.with_context(what)?;
        let written = Self(path.to_owned());
        writeln!(file, "{text}").with_context(what)?;
        Ok(written)
    }
}

impl Drop for CredentialsFile {
    fn drop(&mut self) {
        // Someone else may have been faster.
        let _ = std::fs::remove_file(&self.0);
    }
}
