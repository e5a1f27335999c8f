//! The operator.

use clap::Parser;

fn main() -> anyhow::Result<()> {
    let options = cyclades_controllers::Options::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, cyclades_controllers::run(options))
}
