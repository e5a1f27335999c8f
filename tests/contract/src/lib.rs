//! One contract suite of RAPI behaviour, run against the real Ganeti and the simulator.
//!
//! Every [`Case`] drives a [`Bed`] with the client that the operator uses, asserts what Ganeti is known
//! to do, and writes [`Notes`] of all it has seen, with ids and times masked. [`run`] gives the notes of
//! all cases. What the real Ganeti was seen to do is kept in `recorded/`: the lab is compared with it, so
//! that it stays true, and the simulator is compared with it, so that this needs no lab. What the
//! simulator does otherwise than Ganeti is a defect of the simulator.

mod bed;
mod cases;
mod notes;
mod record;
mod suite;
mod world;

pub use bed::Bed;
pub use cases::{Case, cases};
pub use notes::Notes;
pub use record::Record;
pub use suite::{Outcome, run};
pub use world::World;
