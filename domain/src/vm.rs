//! A machine: what is wanted, what is observed, the next step, and how it is told.

pub mod desired;
pub mod observed;
pub mod plan;
pub mod report;

pub use desired::Desired;
pub use observed::{BackendView, Instance, Observed, Presence, Setback};
pub use plan::{Decision, Step, plan};
pub use report::{Status, report};
