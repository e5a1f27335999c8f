//! What a bed asks of kubectl.

use std::process::Output;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;

use crate::{Bed, Error, command};

/// A command that waits for nothing answers within milliseconds; a busy machine gets more.
const LIMIT: Duration = Duration::from_secs(60);

/// What a `kubectl wait` may take longer than the time it was told to wait.
const WAIT_MARGIN: Duration = Duration::from_secs(30);

impl Bed {
    /// kubectl as administrator, to be run in whatever way.
    #[must_use]
    pub fn kubectl_command(&self) -> Command {
        let mut kubectl = self.control_plane.kubectl();
        // Ctrl-C at a terminal is for us alone: a kubectl that dies of it would look like a failure of its own.
        kubectl.process_group(0);
        kubectl
    }

    /// kubectl as administrator: its standard output.
    ///
    /// # Errors
    /// [`Error::Command`] with its words if it fails.
    pub async fn kubectl(&self, arguments: &[&str]) -> Result<String, Error> {
        command::run(self.kubectl_command().args(arguments), None, LIMIT).await
    }

    /// kubectl as administrator, whatever comes of it: for what is expected to fail.
    ///
    /// # Errors
    /// [`Error::Command`] if it cannot be started, [`Error::Timeout`].
    pub async fn kubectl_output(&self, arguments: &[&str]) -> Result<Output, Error> {
        command::output(self.kubectl_command().args(arguments), None, LIMIT).await
    }

    /// `kubectl get … -o json`.
    ///
    /// # Errors
    /// [`Error::Command`]; [`Error::Malformed`] if it answers with something else.
    pub async fn get(&self, arguments: &[&str]) -> Result<Value, Error> {
        let text = self.kubectl(&[&["get", "-o", "json"], arguments].concat()).await?;
        serde_json::from_str(&text).map_err(|error| Error::Malformed {
            what: "kubectl's JSON".to_owned(),
            reason: error.to_string(),
        })
    }

    /// `kubectl apply` of manifests, given as text.
    ///
    /// # Errors
    /// [`Error::Command`] with the API server's words.
    pub async fn apply_yaml(&self, manifests: &str) -> Result<String, Error> {
        let mut kubectl = self.kubectl_command();
        command::run(kubectl.args(["apply", "-f", "-"]), Some(manifests), LIMIT).await
    }

    /// Server-side apply, as helm 4 installs a chart.
    pub(crate) async fn apply_chart(&self, manifests: &str) -> Result<(), Error> {
        let mut kubectl = self.kubectl_command();
        kubectl.args(["apply", "--server-side", "--field-manager=helm", "-f", "-"]);
        command::run(&mut kubectl, Some(manifests), LIMIT).await.map(drop)
    }

    /// `kubectl wait TARGET --for=CONDITION`: `condition=Ready`, `jsonpath={.status.phase}=X`, `delete`, `create`.
    ///
    /// # Errors
    /// [`Error::Timeout`] with what the target looks like then.
    pub async fn wait_for(&self, target: &[&str], condition: &str, limit: Duration) -> Result<(), Error> {
        let mut kubectl = self.kubectl_command();
        kubectl.arg("wait").args(target).arg(format!("--for={condition}"));
        kubectl.arg(format!("--timeout={}ms", limit.as_millis()));
        match command::run(&mut kubectl, None, limit + WAIT_MARGIN).await {
            Ok(_) => Ok(()),
            Err(error) => Err(Error::Timeout {
                what: format!("{} to be {condition} ({error})", target.join(" ")),
                after: limit,
                last: self.kubectl(&[&["get", "-o", "yaml"], target].concat()).await.unwrap_or_default(),
            }),
        }
    }

    /// Makes a namespace that nothing else uses; its name begins with `prefix`.
    ///
    /// # Errors
    /// [`Error::Command`].
    pub async fn fresh_namespace(&self, prefix: &str) -> Result<String, Error> {
        let random = uuid::Uuid::new_v4().simple().to_string();
        let name = format!("{prefix}-{}", &random[..8]);
        self.kubectl(&["create", "namespace", &name]).await?;
        Ok(name)
    }
}
