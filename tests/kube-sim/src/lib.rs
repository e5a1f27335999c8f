//! A small Kubernetes API server in memory.
//!
//! It stands behind [`kube::Client`] in place of a network: requests come in as HTTP messages and are answered as a real
//! API server answers them, as far as an operator with custom resources can tell. What it leaves out is listed in its
//! README. Everything happens on the current runtime: under a paused clock a watch that lags by a second costs nothing,
//! and the same requests give the same answers, uids and versions.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use kube_sim::{KubeSim, Options};
//! use serde_json::json;
//!
//! let sim = KubeSim::new(Options::default());
//! let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "namespace": "default"}});
//! sim.create(&secret)?;
//! let secrets: kube::Api<k8s_openapi::api::core::v1::Secret> = kube::Api::namespaced(sim.client(), "default");
//! assert_eq!(secrets.get("a").await?.metadata.resource_version.as_deref(), Some("1001"));
//! # Ok(())
//! # }
//! ```

mod changes;
mod fault;
mod kind;
mod merge;
mod meta;
mod reply;
mod schema;
mod selector;
mod service;
mod sim;
mod state;
mod target;
mod watch;
mod write;

pub use fault::{Call, Interposer, Moment, Spoil, WatchFaults};
pub use kind::Kinds;
pub use reply::Refused;
pub use sim::{KubeSim, Options};
