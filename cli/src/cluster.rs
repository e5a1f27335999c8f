//! The Kubernetes cluster that is asked.

use std::ffi::OsStr;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use cyclades_crds::VirtualMachine;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};

use crate::look::{Look, look};
use crate::options::Connection;

/// The Kubernetes cluster that is asked.
#[derive(Clone)]
pub(crate) struct Cluster {
    /// Its API server.
    pub(crate) client: Client,
    /// The namespace that is meant where none is named.
    pub(crate) namespace: String,
    /// Namespace of the operator.
    pub(crate) operator_namespace: String,
    /// How long to wait for an answer.
    pub(crate) timeout: Duration,
}

impl Cluster {
    /// Finds the cluster as kubectl does. Nothing is sent yet.
    ///
    /// # Errors
    /// Where the configuration is missing or wrong.
    pub(crate) async fn connect(connection: &Connection) -> Result<Self> {
        let mut config = configuration(connection).await?;
        config.connect_timeout = Some(connection.request_timeout);
        config.read_timeout = Some(connection.request_timeout);
        config.write_timeout = Some(connection.request_timeout);
        config.reset_reader_on_write = true;
        let namespace = connection.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
        Ok(Self {
            client: Client::try_from(config).context("the kubeconfig leads to no API server")?,
            namespace,
            operator_namespace: connection.operator_namespace.clone(),
            timeout: connection.request_timeout,
        })
    }

    /// A machine of the namespace.
    ///
    /// # Errors
    /// Where there is none, or it may not be read.
    pub(crate) async fn machine(&self, name: &str) -> Result<VirtualMachine> {
        let api: Api<VirtualMachine> = Api::namespaced(self.client.clone(), &self.namespace);
        match look(&api, name).await? {
            Look::Found(machine) => Ok(machine),
            Look::Absent => bail!(
                "there is no VirtualMachine {name} in namespace {}: kubectl get vm -A shows where there are some",
                self.namespace
            ),
            Look::Hidden => bail!(
                "you may not get virtualmachines in namespace {}: have an administrator bind you the ClusterRole view there",
                self.namespace
            ),
        }
    }
}

async fn configuration(connection: &Connection) -> Result<Config> {
    let options = KubeConfigOptions { context: connection.context.clone(), ..KubeConfigOptions::default() };
    let kubeconfig = match connection.kubeconfig.as_deref().filter(|text| !text.is_empty()) {
        Some(paths) => merged(paths)?,
        None => match Kubeconfig::read() {
            Ok(kubeconfig) => kubeconfig,
            Err(_) if connection.context.is_none() => {
                return Config::incluster().context(
                    "neither --kubeconfig, KUBECONFIG, ~/.kube/config nor a ServiceAccount leads to an API server",
                );
            }
            Err(error) => return Err(error).context("there is no kubeconfig that could have the context"),
        },
    };
    Config::from_custom_kubeconfig(kubeconfig, &options).await.context("the kubeconfig cannot be used")
}

/// Files in the form of a `PATH`; as kubectl does, those that do not exist are passed over, unless none does.
fn merged(paths: &OsStr) -> Result<Kubeconfig> {
    let mut whole: Option<Kubeconfig> = None;
    for path in std::env::split_paths(paths).filter(|path| path.exists()) {
        let next = Kubeconfig::read_from(&path).with_context(|| format!("read {}", path.display()))?;
        whole = Some(match whole {
            None => next,
            Some(before) => before.merge(next).with_context(|| format!("merge {}", path.display()))?,
        });
    }
    whole.with_context(|| format!("there is no kubeconfig at {}", paths.to_string_lossy()))
}
