//! Kubernetes as the people of a scenario use it.

use kube_sim::KubeSim;
use serde_json::Value;

use crate::ganeti::Said;
use crate::server::Server;
use crate::step::Kind;

/// Namespace of the machines.
pub(crate) const NAMESPACE: &str = "default";

/// An API server.
#[derive(Debug, Clone)]
pub(crate) enum Kubernetes {
    /// In memory.
    Memory(KubeSim),
    /// A real one.
    Server(Server),
}

impl Kubernetes {
    /// Creates an object, or merges the manifest into what is there.
    pub async fn apply(&self, object: &Value) -> Said<()> {
        match self {
            Self::Memory(sim) => sim.apply(object).map(drop).map_err(|refused| refused.to_string()),
            Self::Server(server) => server.apply(object).await,
        }
    }

    /// Merges a patch into an object.
    pub async fn patch(&self, kind: Kind, name: &str, patch: &Value) -> Said<()> {
        match self {
            Self::Memory(sim) => {
                let patched = sim.patch(kind.plural(), namespace(kind), name, patch);
                patched.map(drop).map_err(|refused| refused.to_string())
            }
            Self::Server(server) => server.patch(kind, name, patch).await,
        }
    }

    /// Deletes an object.
    pub async fn delete(&self, kind: Kind, name: &str) -> Said<()> {
        match self {
            Self::Memory(sim) => {
                let deleted = sim.delete(kind.plural(), namespace(kind), name);
                deleted.map(drop).map_err(|refused| refused.to_string())
            }
            Self::Server(server) => server.delete(kind, name).await,
        }
    }

    /// All objects of a kind.
    pub async fn list(&self, kind: Kind) -> Said<Vec<Value>> {
        match self {
            Self::Memory(sim) => Ok(sim.list(kind.plural())),
            Self::Server(server) => server.list(kind).await,
        }
    }

    /// An object.
    pub async fn get(&self, kind: Kind, name: &str) -> Said<Option<Value>> {
        match self {
            Self::Memory(sim) => Ok(sim.get(kind.plural(), namespace(kind), name)),
            Self::Server(server) => {
                let all = server.list(kind).await?;
                Ok(all.into_iter().find(|object| object["metadata"]["name"] == name))
            }
        }
    }

    /// All events, oldest first.
    pub fn events(&self) -> Vec<Value> {
        match self {
            Self::Memory(sim) => sim.list("events"),
            Self::Server(_) => Vec::new(),
        }
    }
}

/// Where objects of a kind are.
pub(crate) fn namespace(kind: Kind) -> Option<&'static str> {
    matches!(kind, Kind::Vm | Kind::Network).then_some(NAMESPACE)
}
