//! The Cyclades operator: custom resources reconciled against Ganeti clusters.
//!
//! One thread runs everything: watches feed the [`world`], the world wakes keys in a queue, the driver runs a pass of
//! each key. A pass reads observe → resolve → plan → act → report. One actor per Ganeti cluster reads it in bulk and
//! follows its job queue, and wakes what changed.

mod backend;
mod backend_kind;
mod catalog;
mod network_kind;
mod operator;
pub mod options;
mod replica;
mod run;
mod runtime;
mod vm;
mod world;

pub use operator::{LEASE_DEFAULT, Operator, Superseded};
pub use options::Options;
pub use run::run;
pub use runtime::clock::Clock;
