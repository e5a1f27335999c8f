//! Pure decisions of Cyclades: plan, placement, naming, status mapping.
//!
//! No async, no Kubernetes client, no HTTP, no clock: whoever calls hands in what was observed and, where time
//! matters, the time. The same planner serves the operator and whoever wants to know what it would do.

pub mod backend;
pub mod backoff;
pub mod conditions;
pub mod identity;
pub mod inventory;
pub mod ipam;
pub mod lanes;
pub mod liveness;
pub mod naming;
pub mod network;
pub mod parameters;
pub mod placement;
pub mod power;
pub mod reason;
pub mod references;
pub mod shape;
pub mod sharing;
pub mod term;
pub mod vm;
