//! End-to-end tests: kubectl, a real API server, the operator under its rendered role, real and simulated Ganeti.
//!
//! A [`Suite`] is a test binary: it starts one bed when its first case begins and takes it down after its last, so that a
//! bed's ten seconds are spent once. A case is an `async fn` of the [`Stage`]; each works in a [`Space`] of its own, a
//! namespace with an image to make machines from, so cases run side by side.
//!
//! What a case looks at is what a user sees: conditions, events, kubectl's words, `gnt-instance list`, jobs.

mod apply;
mod backend;
pub mod fields;
pub mod guards;
mod lab;
mod machine;
mod metrics;
pub mod plugin;
mod proxy;
mod secrets;
mod sim;
mod space;
mod stage;
mod suite;
mod told;
mod wait;
mod writes;

pub use backend::Backend;
pub use lab::Job;
pub use machine::Machine;
pub use proxy::Proxy;
pub use secrets::files_with;
pub use sim::SimCluster;
pub use space::{LINK_POOL, Space, network};
pub use stage::Stage;
pub use suite::{Case, Need, Suite};
pub use told::{Told, condition};
pub use wait::{LONG, Look, SOON, eventually};
