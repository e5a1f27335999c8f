//! A simulated cluster of a case's own: what goes wrong there disturbs no other case.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use cyclades_bed::NAMESPACE;
use ganeti_sim::{InstanceView, JobView, Options, Sim};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::{Backend, SOON, Space, Stage};

/// Two clusters of one seed would have the same uuid, which no two real ones have.
static NEXT_SEED: AtomicU64 = AtomicU64::new(1_000_000);

/// A simulated cluster and its backend. It ends with the value; the backend stays, and nobody is placed on it.
#[derive(Debug)]
pub struct SimCluster<'a> {
    /// The cluster.
    pub sim: Sim,
    /// Its backend.
    pub backend: Backend<'a>,
    stage: &'a Stage,
}

impl Stage {
    /// Starts a cluster and declares it; `name` begins the backend's name.
    ///
    /// # Errors
    /// If it does not become Ready.
    pub async fn sim(&self, name: &str) -> Result<SimCluster<'_>> {
        let cluster = self.undeclared_sim(name, Options::default())?;
        cluster.declare(json!({})).await?;
        cluster.backend.ready(SOON).await?;
        Ok(cluster)
    }

    /// Starts a cluster that no backend leads to yet.
    ///
    /// # Errors
    /// If no port is free.
    pub fn undeclared_sim(&self, name: &str, options: Options) -> Result<SimCluster<'_>> {
        let seed = NEXT_SEED.fetch_add(1, Ordering::Relaxed);
        let name = format!("{name}-{seed}");
        let sim = Sim::start(Options { seed, name: format!("{name}.sim.test"), ..options })?;
        Ok(SimCluster { sim, backend: self.backend(&name), stage: self })
    }
}

impl SimCluster<'_> {
    /// Applies Secret and GanetiBackend; `spec` is laid over a spec with which all is well.
    ///
    /// # Errors
    /// With the API server's words.
    pub async fn declare(&self, spec: Value) -> Result<()> {
        self.stage.apply(&[self.secret(), self.manifest(spec)]).await
    }

    /// The manifest of its backend. Nobody is placed there who does not ask for it: cases run side by side.
    #[must_use]
    pub fn manifest(&self, spec: Value) -> Value {
        let mut whole = json!({
            "endpoints": [self.sim.url()],
            "credentialsSecretRef": {"name": self.backend.name()},
            "tls": {"pins": [self.sim.certificate_sha256()]},
            "drained": true,
            "polling": {"jobsSeconds": 1, "configurationSeconds": 1, "statusSeconds": 1, "clusterSeconds": 5},
            "limits": {"vcpusPerCpu": 1000},
        });
        if let (Value::Object(whole), Value::Object(spec)) = (&mut whole, spec) {
            whole.extend(spec);
        }
        json!({
            "apiVersion": "cyclades.io/v1alpha1", "kind": "GanetiBackend",
            "metadata": {"name": self.backend.name()}, "spec": whole,
        })
    }

    /// The manifest of its Secret.
    #[must_use]
    pub fn secret(&self) -> Value {
        let user = self.sim.write_credentials();
        json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": self.backend.name(), "namespace": NAMESPACE},
            "type": "kubernetes.io/basic-auth",
            "stringData": {"username": user.username, "password": user.password.expose_secret()},
        })
    }

    /// A machine's spec that asks for this cluster, with `more` in it.
    #[must_use]
    pub fn here(&self, more: Value) -> Value {
        let mut spec = json!({"backendName": self.backend.name()});
        if let (Value::Object(spec), Value::Object(more)) = (&mut spec, more) {
            spec.extend(more);
        }
        spec
    }

    /// Applies a machine here and waits until it is Ready.
    ///
    /// # Errors
    /// If it does not become so.
    pub async fn running<'a>(&self, space: &Space<'a>, name: &str) -> Result<crate::Machine<'a>> {
        let machine = space.apply(name, self.here(json!({}))).await?;
        machine.ready(SOON).await?;
        Ok(machine)
    }

    /// All jobs of one kind on an instance, oldest first.
    #[must_use]
    pub fn jobs_on(&self, instance: &str, opcode: &str) -> Vec<JobView> {
        let about =
            |job: &JobView| job.instance.as_deref() == Some(instance) && job.opcodes.contains(&opcode);
        self.sim.jobs().into_iter().filter(about).collect()
    }

    /// Instances that are a machine's, by their tags.
    #[must_use]
    pub fn instances_of(&self, space: &Space<'_>, machine: &str) -> Vec<InstanceView> {
        let (namespace, name) =
            (format!("cyclades:ns:{}", space.namespace()), format!("cyclades:name:{machine}"));
        let is = |it: &InstanceView| it.tags.contains(&namespace) && it.tags.contains(&name);
        self.sim.instances().into_iter().filter(is).collect()
    }

    /// Waits until the cluster is as wanted.
    ///
    /// # Errors
    /// After `limit`.
    pub async fn until(&self, what: &str, limit: Duration, is: impl FnMut(&Sim) -> bool) -> Result<()> {
        self.sim.wait_for(what, limit, is).await.with_context(|| self.backend.name().to_owned())
    }

    /// Waits for so many more readings of its inventory.
    ///
    /// # Errors
    /// After a while.
    pub async fn polls(&self, more: u32) -> Result<()> {
        self.stage.polls(self.backend.name(), more, SOON).await
    }
}
