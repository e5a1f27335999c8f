//! Benchmarks of the operator with the bed's raw ceiling beside each figure.
//!
//! `bench apply` measures what applying VirtualMachines costs on a real API server and a simulated Ganeti without
//! latency: from the answer to the create until Ganeti has accepted the job, machines per second, processor time and
//! writes per machine, and what ten thousand machines cost at rest and at a restart. In the same run a bare client, which
//! does only what has to be done, measures the floor and the ceiling of this very machine.

mod apply;
mod backend;
mod figures;
mod jobs;
mod machine;
mod manifests;
mod objects;
mod observer;
pub mod options;
mod pace;
mod phases;
mod process;
mod report;
mod samples;
mod sizes;
mod stand;
mod table;
mod writes;

pub use apply::run;
