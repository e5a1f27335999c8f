//! The plugin, built once and run by kubectl.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use crate::Stage;
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::sync::OnceCell;

/// A command answers within its own bound of 30 s.
const LIMIT: Duration = Duration::from_secs(60);
/// The plugin on one slow core.
const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);

/// Longer than any case.
const TOKEN_LIFETIME: Duration = Duration::from_secs(3600);

const NAME: &str = "kubectl-cyclades";

static FOLDER: OnceCell<PathBuf> = OnceCell::const_new();

/// What a command printed and how it ended.
#[derive(Debug)]
pub struct Printed {
    /// Standard output.
    pub text: String,
    /// Standard error.
    pub words: String,
    /// Exit status.
    pub status: i32,
}

impl Printed {
    /// Standard output as JSON.
    ///
    /// # Errors
    /// With what was printed if it is none.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.text).with_context(|| format!("{self:?}"))
    }

    /// Fails unless it ended so and printed all of these.
    ///
    /// # Errors
    /// With what was printed.
    pub fn is(&self, status: i32, all: &[&str]) -> Result<()> {
        ensure!(self.status == status, "status {}, not {status}: {}{}", self.status, self.text, self.words);
        for part in all {
            ensure!(self.text.contains(part), "no {part:?} in:\n{}{}", self.text, self.words);
        }
        Ok(())
    }
}

/// `kubectl cyclades …` as administrator.
///
/// # Errors
/// If it cannot be run or does not end.
pub async fn cyclades(stage: &Stage, arguments: &[&str]) -> Result<Printed> {
    run(stage, arguments, "", None).await
}

/// The same with something to read.
///
/// # Errors
/// If it cannot be run or does not end.
pub async fn cyclades_with(stage: &Stage, arguments: &[&str], input: &str) -> Result<Printed> {
    run(stage, arguments, input, None).await
}

/// The same with another kubeconfig.
///
/// # Errors
/// If it cannot be run or does not end.
pub async fn cyclades_as(stage: &Stage, kubeconfig: &Path, arguments: &[&str]) -> Result<Printed> {
    run(stage, arguments, "", Some(kubeconfig)).await
}

/// Kubeconfig of somebody who may edit machines of one namespace and see no backend; it names the namespace.
///
/// # Errors
/// With the API server's words.
pub async fn tenant(stage: &Stage, namespace: &str) -> Result<PathBuf> {
    stage.kubectl(&["create", "serviceaccount", "tenant", "-n", namespace]).await?;
    let account = format!("--serviceaccount={namespace}:tenant");
    let binding = ["create", "rolebinding", "tenant", "-n", namespace, "--clusterrole=edit", &account];
    stage.kubectl(&binding).await?;
    let bed = stage.bed().await;
    let plane = bed.control_plane();
    Ok(plane.kubeconfig_for_service_account(namespace, "tenant", TOKEN_LIFETIME).await?)
}

async fn run(stage: &Stage, arguments: &[&str], input: &str, kubeconfig: Option<&Path>) -> Result<Printed> {
    let folder = FOLDER.get_or_try_init(built).await?;
    let mut path = OsString::from(folder);
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut kubectl = stage.bed().await.kubectl_command();
    kubectl.arg("cyclades").args(arguments).env("PATH", path);
    // What the machine that runs the tests says is not meant for these.
    kubectl.env_remove("CYCLADES_NAMESPACE").env_remove("CYCLADES_KUBE_NAMESPACE");
    if let Some(kubeconfig) = kubeconfig {
        kubectl.env("KUBECONFIG", kubeconfig);
    }
    kubectl.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = kubectl.spawn().context("cannot start kubectl")?;
    if let Some(mut pipe) = child.stdin.take() {
        pipe.write_all(input.as_bytes()).await?;
    }
    let output = tokio::time::timeout(LIMIT, child.wait_with_output()).await;
    let output = output.with_context(|| format!("kubectl cyclades {arguments:?} does not end"))??;
    Ok(printed(&output))
}

fn printed(output: &Output) -> Printed {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Printed {
        text: text(&output.stdout),
        words: text(&output.stderr),
        status: output.status.code().unwrap_or(-1),
    }
}

/// The folder of the plugin that cargo builds now: one that was built earlier may be older than its sources.
async fn built() -> Result<PathBuf> {
    let mut cargo: Command = cyclades_bed::cargo();
    cargo.args(["build", "--message-format=json-render-diagnostics", "-p", "cyclades-cli", "--bin", NAME]);
    cargo.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let output = tokio::time::timeout(BUILD_LIMIT, cargo.output()).await.context("cargo does not end")??;
    let words = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the plugin does not compile: {words}");
    let messages = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let program = messages.find_map(|message| {
        let program = PathBuf::from(message["executable"].as_str()?);
        program.ends_with(NAME).then_some(program)
    });
    let program = program.context("cargo does not say where the plugin is")?;
    Ok(program.parent().context("a program is in a folder")?.to_path_buf())
}
