//! kubectl, as a person would use it.

use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;

use crate::Stage;

/// kubectl ends when what it waits for is there; a case has its own bound.
const LIMIT: Duration = Duration::from_secs(120);

impl Stage {
    /// kubectl as administrator, whatever comes of it.
    ///
    /// # Errors
    /// If it cannot be run or does not end.
    pub async fn kubectl_output(&self, arguments: &[&str], input: &str) -> Result<Output> {
        let mut command = self.bed().await.kubectl_command();
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot start kubectl")?;
        let run = async {
            if let Some(mut pipe) = child.stdin.take() {
                // A kubectl that ends without reading says why by itself.
                let _ = pipe.write_all(input.as_bytes()).await;
            }
            child.wait_with_output().await
        };
        let output = tokio::time::timeout(LIMIT, run).await;
        output.with_context(|| format!("kubectl {} does not end", arguments.join(" ")))?.context("kubectl")
    }

    /// kubectl as administrator: its standard output.
    ///
    /// # Errors
    /// With kubectl's words if it fails.
    pub async fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        self.kubectl_with(arguments, "").await
    }

    /// [`Stage::kubectl`] with something to read.
    ///
    /// # Errors
    /// As there.
    pub async fn kubectl_with(&self, arguments: &[&str], input: &str) -> Result<String> {
        let output = self.kubectl_output(arguments, input).await?;
        if !output.status.success() {
            bail!("kubectl {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// `kubectl apply` of objects.
    ///
    /// # Errors
    /// With the API server's words.
    pub async fn apply(&self, objects: &[Value]) -> Result<()> {
        let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": objects});
        self.kubectl_with(&["apply", "-f", "-"], &list.to_string()).await.map(drop)
    }

    /// `kubectl patch KIND NAME --type merge`; `place` is `-n NAMESPACE` or nothing.
    ///
    /// # Errors
    /// With the API server's words.
    pub async fn patch(&self, target: &[&str], patch: &Value) -> Result<()> {
        let patch = patch.to_string();
        let arguments = [&["patch"], target, &["--type", "merge", "-p", &patch]].concat();
        self.kubectl(&arguments).await.map(drop)
    }
}
