//! Ganeti's objects and the bodies of requests.

mod change;
mod cluster;
mod create;
mod instance;
mod job_filter;
mod network;
mod node;
mod secret;

pub use change::{
    Change, DeleteInstance, GrowDisk, ModifyInstance, RebootInstance, RebootKind, ReinstallInstance,
    ShutdownInstance,
};
pub use cluster::{Group, Info, Ipolicy, IpolicyRange};
pub use create::{CreateInstance, DiskSpec, NicSpec};
pub use instance::{AdminState, BeParams, Instance, InstanceStatus};
pub use job_filter::{Action, JobFilter, JobFilterSpec, Predicate};
pub use network::{AddNetwork, ConnectNetwork, Connection, Network};
pub use node::Node;
pub use secret::SecretParams;

use serde::{Deserialize, Deserializer};

/// Ganeti's parameters: names to values of any JSON type.
pub(crate) type Params = serde_json::Map<String, serde_json::Value>;

/// A whole number that Ganeti may write with a fraction of zero.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturating is what is wanted
pub(crate) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(Option::<f64>::deserialize(deserializer)?.map(|number| number.round() as u64))
}
