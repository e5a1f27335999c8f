//! A machine: what is wanted, what is observed, the next step, and how it is told.

mod apart;
pub mod desired;
pub mod extras;
pub mod observed;
pub mod plan;
mod rebuild;
pub mod record;
pub mod report;
pub mod rescue;

pub use desired::Desired;
pub use extras::{Compared, Disk, Due, Extras, can_plug};
pub use observed::{
    BackendView, Fitting, Instance, Observed, Presence, Request, Resize, Setback, Stage, TagChange,
};
pub use plan::{Decision, Step, plan};
pub use record::{LastAction, Record};
pub use report::{Status, report};
pub use rescue::{Boot, OwnBoot, Rescue};
