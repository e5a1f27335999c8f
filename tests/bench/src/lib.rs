//! Benchmarks of the operator with the bed's raw ceiling beside each figure.
//!
//! `bench apply` measures what applying VirtualMachines costs on a real API server and a simulated Ganeti without
//! latency: from the answer to the create until Ganeti has accepted the job, machines per second, processor time and
//! writes per machine, and what ten thousand machines cost at rest and at a restart. `bench actions` measures what is
//! done to machines that exist, `bench fleet` many clusters, `bench ganeti` a real one. In the same run a bare client,
//! which does only what has to be done, measures the floor and the ceiling of this very machine.

mod actions;
mod apply;
mod backend;
mod campaign;
mod figures;
mod fleet;
mod ganeti;
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

use cyclades_control_plane::Progress;
use options::Bench;

/// Measures, and returns a table for people.
///
/// # Errors
/// Whatever kept it from measuring. That a goal is not met is none.
pub async fn run(bench: &Bench, progress: &dyn Progress) -> anyhow::Result<String> {
    match bench {
        Bench::Apply(options) => apply::run(options, progress).await,
        Bench::Actions(options) => actions::run(options, progress).await,
        Bench::Fleet(options) => fleet::run(options, progress).await,
        Bench::Ganeti(options) => ganeti::run(options, progress).await,
    }
}
