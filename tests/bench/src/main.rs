//! The program `bench`.

use std::io::Write as _;

use clap::Parser as _;
use cyclades_bench::options::Options;
use cyclades_control_plane::progress::Stderr;

fn main() -> anyhow::Result<()> {
    let Options { bench } = Options::parse();
    // One provider for all of TLS; a second installation would only fail, which is no harm.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let table = runtime.block_on(cyclades_bench::run(&bench, &Stderr::new()))?;
    writeln!(std::io::stdout().lock(), "{table}")?;
    Ok(())
}
