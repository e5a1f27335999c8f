//! What is measured on: a control plane with the chart, a simulated Ganeti, and the operator under the chart's role.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use cyclades_bed::{Bed, ClusterKind, OperatorOptions, Programs};
use cyclades_control_plane::{ControlPlane, Progress};
use cyclades_crds::names::{GROUP, VERSION};
use http::Request;
use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    backend::Ganeti,
    manifests,
    objects::{BARE_NAMESPACE, NAMESPACE, Objects},
    process::Process,
};

/// From the operator's start to a backend that is ready.
const READY_LIMIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(10);

/// The bed, and what is asked of it.
pub(crate) struct Stand {
    bed: Bed,
    /// The Ganeti clusters.
    pub(crate) ganetis: Vec<Ganeti>,
    /// The machines that the operator serves.
    pub(crate) objects: Objects,
    /// The machines of the bare clients.
    pub(crate) bare: Objects,
    client: Client,
    // Its folder outlives all that writes there.
    _folder: TempDir,
}

impl Stand {
    /// Starts everything; the operator is stopped again before anything is declared.
    pub(crate) async fn start(
        programs: &Programs,
        ganetis: Vec<Ganeti>,
        progress: &dyn Progress,
    ) -> anyhow::Result<Self> {
        Self::with_bed(programs, Vec::new(), async |_| Ok(ganetis), progress).await
    }

    /// The same with clusters that the bed starts, which come first.
    pub(crate) async fn with_bed(
        programs: &Programs,
        clusters: Vec<ClusterKind>,
        ganetis: impl AsyncFnOnce(&Bed) -> anyhow::Result<Vec<Ganeti>>,
        progress: &dyn Progress,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("cyclades-bench-").tempdir()?;
        let mut options = cyclades_bed::Options::in_dir(folder.path().join("bed"), clusters);
        options.operator = Some(OperatorOptions::default());
        options.backends = false;
        let mut bed = Bed::start(options, programs, progress).await?;
        bed.operator()?.stop().await?;
        let kubeconfig = Kubeconfig::read_from(bed.kubeconfig())?;
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
        let client = Client::try_from(config)?;
        let ganetis = ganetis(&bed).await?;
        let objects = Objects::new(client.clone(), NAMESPACE);
        let bare = Objects::new(client.clone(), BARE_NAMESPACE);
        let stand = Self { bed, ganetis, objects, bare, client, _folder: folder };
        stand.declare().await?;
        Ok(stand)
    }

    async fn declare(&self) -> anyhow::Result<()> {
        for name in [NAMESPACE, BARE_NAMESPACE] {
            let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
            self.post("/api/v1/namespaces", &namespace).await?;
        }
        for (plural, object) in manifests::catalog() {
            let namespace =
                if plural == "images" { format!("namespaces/{NAMESPACE}/") } else { String::new() };
            self.post(&format!("/apis/{GROUP}/{VERSION}/{namespace}{plural}"), &object).await?;
        }
        for ganeti in &self.ganetis {
            for (path, object) in ganeti.manifests() {
                self.post(&path, &object).await?;
            }
        }
        Ok(())
    }

    async fn post(&self, path: &str, object: &Value) -> anyhow::Result<()> {
        let request = Request::post(path)
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(serde_json::to_vec(object)?)?;
        self.client.request::<IgnoredAny>(request).await.with_context(|| format!("cannot post to {path}"))?;
        Ok(())
    }

    /// The first Ganeti cluster.
    pub(crate) fn ganeti(&self) -> &Ganeti {
        &self.ganetis[0]
    }

    /// Requests that all clusters in this process have answered since their start.
    pub(crate) fn requests(&self) -> u64 {
        self.ganetis.iter().map(Ganeti::requests).sum()
    }

    /// The bed.
    pub(crate) fn bed(&self) -> &Bed {
        &self.bed
    }

    /// The control plane.
    pub(crate) fn control_plane(&self) -> &ControlPlane {
        self.bed.control_plane()
    }

    /// Starts the operator; returns at once, with the moment before.
    pub(crate) fn start_operator(&mut self) -> anyhow::Result<Instant> {
        let begun = Instant::now();
        self.bed.operator()?.start()?;
        Ok(begun)
    }

    /// Stops the operator, as Kubernetes does.
    pub(crate) async fn stop_operator(&mut self) -> anyhow::Result<()> {
        Ok(self.bed.operator()?.stop().await.map(drop)?)
    }

    /// The operator's process.
    pub(crate) fn operator(&self) -> anyhow::Result<Process> {
        Ok(Process(self.bed.operator_pid().context("the operator does not run")?))
    }

    /// Waits until all backends are ready.
    pub(crate) async fn backends_ready(&mut self) -> anyhow::Result<()> {
        let names: Vec<String> = self.ganetis.iter().map(|ganeti| ganeti.name.clone()).collect();
        for name in names {
            self.backend(&name, true).await?;
        }
        Ok(())
    }

    /// Waits until a backend is ready, or is not.
    pub(crate) async fn backend(&mut self, name: &str, wanted: bool) -> anyhow::Result<()> {
        let deadline = Instant::now() + READY_LIMIT;
        let path = format!("/apis/{GROUP}/{VERSION}/ganetibackends/{name}");
        loop {
            let backend: Value = self.client.request(Request::get(&path).body(Vec::new())?).await?;
            let conditions = backend["status"]["conditions"].as_array();
            let ready = |all: &Vec<Value>| all.iter().any(|c| c["type"] == "Ready" && c["status"] == "True");
            if conditions.is_some_and(ready) == wanted {
                return Ok(());
            }
            self.check(deadline, || format!("{name} is not as awaited: {:?}", backend["status"]))?;
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits until the operator says that it has found so many machines as declared; returns when.
    pub(crate) async fn verified(&mut self, wanted: usize, limit: Duration) -> anyhow::Result<Instant> {
        self.counts("cyclades_machines_verified", wanted, limit).await
    }

    /// Waits until the operator says that it knows of so many machines; returns when.
    pub(crate) async fn listed(&mut self, wanted: usize, limit: Duration) -> anyhow::Result<Instant> {
        self.counts("cyclades_machines", wanted, limit).await
    }

    async fn counts(&mut self, name: &str, wanted: usize, limit: Duration) -> anyhow::Result<Instant> {
        let deadline = Instant::now() + limit;
        loop {
            // No answer is an answer: it does not listen yet.
            let found = self.bed.metrics().await.ok().and_then(|text| gauge(&text, name));
            if found == Some(wanted) {
                return Ok(Instant::now());
            }
            self.check(deadline, || format!("{name} is {found:?} and shall be {wanted}"))?;
            tokio::time::sleep(POLL).await;
        }
    }

    /// An error where the operator has ended, or time is over.
    fn check(&mut self, deadline: Instant, missing: impl FnOnce() -> String) -> anyhow::Result<()> {
        self.bed.operator()?.check()?;
        if Instant::now() >= deadline {
            bail!("{}", missing());
        }
        Ok(())
    }

    /// Where everything is, for people.
    pub(crate) fn describe(&self) -> String {
        let pid = self.bed.operator_pid().map_or("not running".to_owned(), |pid| pid.to_string());
        format!("KUBECONFIG={} operator={pid}", self.bed.kubeconfig().display())
    }

    /// Ends everything.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        Ok(self.bed.stop().await?)
    }
}

/// The value of a gauge in a text of metrics.
fn gauge(text: &str, name: &str) -> Option<usize> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_is_found_by_its_whole_name() {
        let text = "# TYPE cyclades_machines gauge\ncyclades_machines_verified 7\ncyclades_machines 9\n";
        assert_eq!(gauge(text, "cyclades_machines"), Some(9));
        assert_eq!(gauge(text, "cyclades"), None);
    }
}
