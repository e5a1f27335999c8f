//! A running control plane and what a test asks of it.

mod api;
mod apiserver;
pub mod audit;
mod controller_manager;
mod credentials;
mod etcd;
mod launch;
mod layout;
mod metrics;
mod shutdown;
mod start;
mod state;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::Signal;
use secrecy::SecretString;
use serde_json::json;

use self::api::Api;
use self::audit::AuditEvent;
use self::layout::Layout;
use crate::process::Daemon;
use crate::{Error, files};

pub use start::Options;

/// A running etcd, kube-apiserver and kube-controller-manager.
///
/// One that is not detached ends when this value is dropped, or when this process dies in any way.
#[derive(Debug)]
pub struct ControlPlane {
    layout: Layout,
    server: String,
    ca_pem: String,
    admin_kubeconfig: PathBuf,
    kubectl: PathBuf,
    audit: bool,
    api: Api,
    daemons: Vec<Daemon>,
}

impl ControlPlane {
    /// The folder with all its files: data, logs (`kube-apiserver.log` …), credentials.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.layout.dir()
    }

    /// The API server's address, `https://127.0.0.1:PORT`.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The certificates by which the API server is known.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// A kubeconfig for a member of `system:masters`. Its mode is 0600.
    #[must_use]
    pub fn admin_kubeconfig(&self) -> &Path {
        &self.admin_kubeconfig
    }

    /// The programs and their process ids, in order of start.
    #[must_use]
    pub fn processes(&self) -> Vec<(&str, i32)> {
        self.daemons.iter().map(|daemon| (daemon.name.as_str(), daemon.identity.pid)).collect()
    }

    /// kubectl as administrator; ends when the handle that it gives is dropped.
    ///
    /// For another user give it `--kubeconfig`, for example with that of
    /// [`ControlPlane::kubeconfig_for_service_account`].
    #[must_use]
    pub fn kubectl(&self) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(&self.kubectl);
        command.env("KUBECONFIG", &self.admin_kubeconfig).kill_on_drop(true);
        // Its cache of discovery is keyed by host and port, which another control plane may have had before.
        command.env("KUBECACHEDIR", self.layout.kubectl_cache());
        // The user's own kubectl preferences have no place in a test.
        command.env("KUBERC", "off");
        command
    }

    /// A kubeconfig with a fresh token of a ServiceAccount that exists; its namespace is the default one.
    /// The API server refuses a `token_lifetime` under 10 minutes.
    ///
    /// # Errors
    /// [`Error::Api`] with the server's words, [`Error::Io`] for the file.
    pub async fn kubeconfig_for_service_account(
        &self,
        namespace: &str,
        name: &str,
        token_lifetime: Duration,
    ) -> Result<PathBuf, Error> {
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token");
        let request = json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": token_lifetime.as_secs()},
        });
        let answer = self.api.post(&path, &request).await?;
        let token = answer["status"]["token"].as_str().map(SecretString::from);
        let token = token.ok_or_else(|| Error::Api {
            method: "POST",
            path: path.clone(),
            message: "the answer has no token".to_owned(),
        })?;
        let config = credentials::kubeconfig(&self.server, &self.ca_pem, name, namespace, &token)?;
        let file = self.layout.service_account_kubeconfig(namespace, name);
        files::make_private_folder(file.parent().unwrap_or(self.layout.dir()))?;
        files::write_private(&file, config.as_bytes())?;
        Ok(file)
    }

    /// How many requests the API server has answered since its start, by verb as its metrics spell it
    /// (`GET`, `LIST`, `WATCH`, `POST`, `PUT`, `PATCH`, `APPLY`, `DELETE`, …) and `resource` or
    /// `resource/subresource`. All users and all HTTP codes; no dry runs; a watch counts when it ends.
    ///
    /// # Errors
    /// [`Error::Api`].
    pub async fn request_counts(&self) -> Result<BTreeMap<(String, String), u64>, Error> {
        Ok(metrics::request_counts(&self.api.get("/metrics").await?))
    }

    /// The requests in the audit log: all of ServiceAccounts; of other users those for `cyclades.io`,
    /// events, secrets and leases. An answered request is in it; a watch is from its first answer on.
    ///
    /// # Errors
    /// [`Error::NotEnabled`] without [`Options::audit`], [`Error::Io`], [`Error::Malformed`].
    pub async fn audit_events(&self) -> Result<Vec<AuditEvent>, Error> {
        if !self.audit {
            return Err(Error::NotEnabled { what: "the audit log", option: "audit" });
        }
        let path = self.layout.audit_log();
        match tokio::fs::read_to_string(&path).await {
            Ok(log) => audit::parse(&log),
            // The API server makes the file with the first request that the policy wants.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(Error::io("read", &path)(error)),
        }
    }

    /// Copies what etcd has at this moment into a folder, for [`Options::saved`] of another start. etcd is held meanwhile,
    /// so the copy is what a crash of it would leave, which it recovers from.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn save(&self, to: &Path) -> Result<(), Error> {
        let etcd = self.daemons.iter().filter(|daemon| daemon.name == "etcd");
        let tell = |signal| {
            let told = etcd.clone().try_for_each(|daemon| daemon.identity.signal(signal));
            told.map_err(Error::io("signal", self.layout.dir()))
        };
        tell(Signal::SIGSTOP)?;
        let copied = files::copy(&self.layout.etcd_data(), to);
        tell(Signal::SIGCONT)?;
        copied
    }

    /// Whether all programs still run.
    ///
    /// # Errors
    /// [`Error::Exited`] with the end of the log of one that does not.
    pub fn check(&mut self) -> Result<(), Error> {
        self.daemons.iter_mut().try_for_each(Daemon::check)
    }

    /// Ends all programs in order, also detached ones, and waits for them. Data and logs stay in the folder:
    /// another start there goes on with the same objects, keys and administrator's token.
    ///
    /// # Errors
    /// [`Error::StillAlive`] if one outlives SIGKILL.
    pub async fn stop(mut self) -> Result<(), Error> {
        shutdown::end(&mut self.daemons).await?;
        files::remove(&self.layout.state())
    }
}
