//! A server, and what a test does with it beside its client.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::fault::{Interposer, WatchFaults};
use crate::kind::{Kind, Kinds};
use crate::reply::Refused;
use crate::service::Door;
use crate::state::Shared;

/// What kind of server.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Decides about uids, latencies and lags.
    pub seed: u64,
    /// Kinds that it knows.
    pub kinds: Kinds,
    /// Longest time that a request, and its answer, may be under way.
    pub latency: Duration,
}

/// An API server in memory. Cloning shares it.
///
/// Its methods act at once and are not seen by the [`Interposer`]: they are the other users of the server.
#[derive(Clone)]
pub struct KubeSim {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for KubeSim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KubeSim").field("version", &self.version()).finish_non_exhaustive()
    }
}

impl KubeSim {
    /// A server with the namespaces `default` and `kube-system`.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let sim = Self { shared: Arc::new(Shared::new(options.kinds, options.seed, options.latency)) };
        sim.begin();
        sim
    }

    /// What every cluster has from the start.
    fn begin(&self) {
        for name in ["kube-system", "default"] {
            let made =
                self.create(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}));
            debug_assert!(made.is_ok(), "an empty server takes a namespace");
        }
    }

    /// A client of it. Must be called within a runtime.
    #[must_use]
    pub fn client(&self) -> kube::Client {
        self.client_of(0)
    }

    /// The client of this number, by which an [`Interposer`] tells several from each other.
    #[must_use]
    pub fn client_of(&self, number: usize) -> kube::Client {
        kube::Client::new(Door(Arc::clone(&self.shared), number), "default")
    }

    /// Shows every request of clients to this function from now on, in place of the one before.
    pub fn interpose(&self, interposer: Interposer) {
        self.shared.set_interposer(interposer);
    }

    /// What is wrong with watches that are opened from now on.
    pub fn set_watch_faults(&self, faults: WatchFaults) {
        self.shared.state().watch_faults = faults;
    }

    /// Forgets the history, as compaction does: who resumes a watch from before is told 410.
    pub fn compact(&self) {
        let mut state = self.shared.state();
        let version = state.version;
        state.changes.forget(version);
    }

    /// Puts the server's time of day back: `creationTimestamp`s from now on may be older than those before.
    pub fn turn_clock_back(&self, by: Duration) {
        self.shared.state().origin.turn_back(by);
    }

    /// Loses everything, as when etcd's data are gone and a new cluster is set up: its namespaces have other uids.
    pub fn wipe(&self) {
        {
            let mut state = self.shared.state();
            state.objects.clear();
            let version = state.version;
            state.changes.forget(version);
        }
        self.begin();
        self.shared.changed.notify_waiters();
    }

    /// Resource version of the last write.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.shared.state().version
    }

    /// Creates an object where its `kind` and `metadata` say.
    ///
    /// # Errors
    /// As the server refuses it.
    pub fn create(&self, object: &Value) -> Result<Value, Refused> {
        let kind = self.kind_of(object)?;
        let namespace = namespace(kind, object);
        self.after(self.shared.state().create(kind, namespace, object.clone()))
    }

    /// Creates an object, or merges it into the one that is there, as a person does who edits a manifest.
    ///
    /// # Errors
    /// As the server refuses it.
    pub fn apply(&self, object: &Value) -> Result<Value, Refused> {
        match self.create(object) {
            Err(refused) if refused.reason == "AlreadyExists" => {
                let kind = self.kind_of(object)?;
                let name = object["metadata"]["name"].as_str().unwrap_or_default();
                self.patch(&kind.plural, namespace(kind, object), name, object)
            }
            done => done,
        }
    }

    /// Merges a patch into an object.
    ///
    /// # Errors
    /// As the server refuses it.
    pub fn patch(
        &self,
        plural: &str,
        namespace: Option<&str>,
        name: &str,
        patch: &Value,
    ) -> Result<Value, Refused> {
        let kind = self.kind(plural)?;
        self.after(self.shared.state().patch(kind, namespace, name, false, patch))
    }

    /// Merges a patch into the status of an object, as its controller does.
    ///
    /// # Errors
    /// As the server refuses it.
    pub fn patch_status(
        &self,
        plural: &str,
        namespace: Option<&str>,
        name: &str,
        patch: &Value,
    ) -> Result<Value, Refused> {
        let kind = self.kind(plural)?;
        self.after(self.shared.state().patch(kind, namespace, name, true, patch))
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// As the server refuses it.
    pub fn delete(&self, plural: &str, namespace: Option<&str>, name: &str) -> Result<Value, Refused> {
        let kind = self.kind(plural)?;
        self.after(self.shared.state().delete(kind, namespace, name))
    }

    /// An object, if it is there.
    #[must_use]
    pub fn get(&self, plural: &str, namespace: Option<&str>, name: &str) -> Option<Value> {
        let kind = self.kind(plural).ok()?;
        self.shared.state().read(kind, namespace, name).ok().cloned()
    }

    /// All objects of a kind, by namespace and name.
    #[must_use]
    pub fn list(&self, plural: &str) -> Vec<Value> {
        let state = self.shared.state();
        state.objects.iter().filter(|((of, ..), _)| of == plural).map(|(_, object)| object.clone()).collect()
    }

    fn after(&self, written: Result<Value, Refused>) -> Result<Value, Refused> {
        self.shared.changed.notify_waiters();
        written
    }

    fn kind(&self, plural: &str) -> Result<&Kind, Refused> {
        self.shared.kind(plural).ok_or_else(|| Refused::new(404, format!("there is no kind {plural}")))
    }

    fn kind_of(&self, object: &Value) -> Result<&Kind, Refused> {
        let name = object["kind"].as_str().unwrap_or_default();
        let found = self.shared.kinds.0.iter().find(|kind| kind.name == name);
        found.ok_or_else(|| Refused::new(404, format!("no matches for kind {name:?}")))
    }
}

fn namespace<'a>(kind: &Kind, object: &'a Value) -> Option<&'a str> {
    kind.namespaced.then(|| object["metadata"]["namespace"].as_str().unwrap_or("default"))
}
