//! One contract suite of RAPI behaviour, run against the real Ganeti and the simulator.
//!
//! Every [`Case`] drives a [`Bed`] with the client that the operator uses, asserts what Ganeti is known
//! to do, and writes [`Notes`] of all it has seen, with ids and times masked. [`run`] gives the notes of
//! all cases; [`differences`] compares those of two beds. What the simulator does otherwise than Ganeti
//! is a defect of the simulator.

mod bed;
mod cases;
mod notes;
mod suite;
mod world;

pub use bed::Bed;
pub use cases::{Case, cases};
pub use notes::Notes;
pub use suite::{Outcome, differences, run};
pub use world::World;
