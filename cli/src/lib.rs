//! `kubectl cyclades`: what blocks a machine, what the operator would do next, manifests for Git.
//!
//! A command gathers what it needs from the API server and, where the user may, from Ganeti; what is made of it is
//! decided by pure functions of those values. Nothing here changes anything: the API server is asked to try a change
//! (`dryRun`) at most, Ganeti is only read, and `import` may write manifests into a folder.

mod age;
mod answer;
mod cluster;
mod declared;
mod export;
#[cfg(test)]
mod fixtures;
mod ganeti;
mod import;
mod inventory;
mod look;
mod options;
mod orphans;
mod plan;
mod pool;
mod references;
mod scene;
mod status;
mod subject;
mod yaml;

pub use answer::Answer;
pub use plan::{Objects, foresee};

pub use options::{
    Cli, Connection, ExportFlags, Format, ImportFlags, OrphansFlags, PlanFlags, PoolFlags, StatusFlags, Verb,
};

use cluster::Cluster;

/// Does what the command line asks for.
///
/// # Errors
/// Where it could not be found out: no API server, no such machine, no right to read.
pub async fn run(cli: &Cli) -> anyhow::Result<Answer> {
    // One provider for all of TLS; a second installation would only fail, which is no harm.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cluster = Cluster::connect(&cli.connection).await?;
    match &cli.verb {
        Verb::Status(flags) => status::run(&cluster, flags).await,
        Verb::Export(flags) => export::run(&cluster, flags).await,
        Verb::Plan(flags) => plan::run(&cluster, flags).await,
        Verb::Import(flags) => import::run(&cluster, flags).await,
        Verb::Orphans(flags) => orphans::run(&cluster, flags).await,
        Verb::Pool(flags) => pool::run(&cluster, flags).await,
    }
}
