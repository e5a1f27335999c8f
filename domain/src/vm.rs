//! A machine: what is wanted, what is observed, the next step, and how it is told.

mod apart;
pub mod desired;
pub mod extras;
pub mod last_action;
pub mod observed;
pub mod plan;
mod rebuild;
pub mod record;
pub mod report;
pub mod rescue;
mod standing;

pub use desired::Desired;
pub use extras::{Compared, Disk, Due, Extras, can_plug};
pub use last_action::LastAction;
pub use observed::{
    BackendView, Fitting, Instance, Observed, Presence, Request, Resize, Setback, Stage, TagChange,
};
pub use plan::{Decision, Step, plan};
pub use record::Record;
pub use report::{Status, report};
pub use rescue::{Boot, OwnBoot, Rescue};
