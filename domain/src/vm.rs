//! A machine: what is wanted, what is observed, the next step, and how it is told.

pub mod desired;
pub mod observed;
pub mod plan;
mod rebuild;
pub mod record;
pub mod report;
pub mod rescue;

pub use desired::Desired;
pub use observed::{BackendView, Instance, Observed, Presence, Request, Resize, Setback, Stage, TagChange};
pub use plan::{Decision, Step, plan};
pub use record::{LastAction, Record};
pub use report::{Status, report};
pub use rescue::{Boot, Rescue};
