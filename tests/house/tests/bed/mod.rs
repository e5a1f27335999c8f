//! A real API server for one test, and kubectl against it.

// Each test binary uses its own part of this.
#![allow(dead_code)]

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use cyclades_control_plane::{Binaries, ControlPlane, Options, progress::Stderr};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// A command that takes longer has hung.
const COMMAND_SECONDS_MAX: u64 = 60;
/// Policies and aggregated roles are in force some seconds after they are made.
const CONDITION_SECONDS_MAX: u64 = 60;
/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(200);

/// A control plane in a folder that goes with it.
pub struct Bed {
    pub plane: ControlPlane,
    folder: tempfile::TempDir,
}

/// What a command said.
pub struct Said {
    pub ok: bool,
    pub out: String,
    pub err: String,
}

impl Said {
    /// Its standard output.
    ///
    /// # Errors
    /// What it said on standard error, if it failed.
    pub fn done(self) -> Result<String> {
        ensure!(self.ok, "{}{}", self.out, self.err);
        Ok(self.out)
    }
}

impl Bed {
    pub async fn start() -> Result<Self> {
        let binaries = Binaries::ensure(&Stderr::new()).await?;
        let folder = tempfile::tempdir()?;
        let plane = ControlPlane::start(&binaries, Options::in_dir(folder.path())).await?;
        Ok(Self { plane, folder })
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// kubectl as administrator.
    pub async fn kubectl(&self, arguments: &[&str], input: &str) -> Result<Said> {
        let mut command = self.plane.kubectl();
        command.args(arguments);
        run(command, input).await
    }

    /// kubectl as the user of a kubeconfig.
    pub async fn kubectl_as(&self, kubeconfig: &Path, arguments: &[&str], input: &str) -> Result<Said> {
        let mut command = self.plane.kubectl();
        command.env("KUBECONFIG", kubeconfig).args(arguments);
        run(command, input).await
    }

    /// Installs the CustomResourceDefinitions and waits until they are served.
    pub async fn install_crds(&self) -> Result<()> {
        let mut crds = String::new();
        for crd in cyclades_crds::all() {
            crds.push_str("---\n");
            crds.push_str(&cyclades_crds::generate::yaml(&crd)?);
        }
        let said = self.kubectl(&["apply", "--server-side", "-f", "-"], &crds).await?;
        ensure!(said.ok && !said.err.contains("Warning"), "{}", said.err);
        let wait = ["wait", "--for=condition=Established", "crd", "--all", "--timeout=30s"];
        self.kubectl(&wait, "").await?.done().map(drop)
    }

    pub async fn stop(self) -> Result<()> {
        self.plane.stop().await?;
        self.folder.close().context("remove the control plane's folder")
    }
}

/// Runs a command with a text on its standard input.
pub async fn run(mut command: Command, input: &str) -> Result<Said> {
    let shown = format!("{:?}", command.as_std());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().with_context(|| format!("run {shown}"))?;
    let mut stdin = child.stdin.take().context("a pipe to its standard input")?;
    let talk = async {
        // A command that ends early does not read it all.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        child.wait_with_output().await
    };
    let output = tokio::time::timeout(Duration::from_secs(COMMAND_SECONDS_MAX), talk)
        .await
        .with_context(|| format!("{shown} did not end within {COMMAND_SECONDS_MAX} s"))??;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Said { ok: output.status.success(), out: text(output.stdout), err: text(output.stderr) })
}

/// Asks until the answer is `Some`, within a bound; `what` is for the message where it never is.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        if start.elapsed() > Duration::from_secs(CONDITION_SECONDS_MAX) {
            bail!("not within {CONDITION_SECONDS_MAX} s: {what}");
        }
        tokio::time::sleep(POLL).await;
    }
}
