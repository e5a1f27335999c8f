//! Starts a control plane and keeps it until Ctrl-C: `cargo run -p cyclades-control-plane --example run`.

use std::io::Write as _;

use cyclades_control_plane::{Binaries, ControlPlane, Options, progress};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let progress = progress::Stderr::new();
    let binaries = Binaries::ensure(&progress).await?;
    let dir = std::env::temp_dir().join(format!("cyclades-control-plane-{}", std::process::id()));
    let control_plane = ControlPlane::start(&binaries, Options::in_dir(&dir)).await?;
    let mut out = std::io::stdout();
    writeln!(out, "export KUBECONFIG={}", control_plane.admin_kubeconfig().display())?;
    writeln!(out, "{} get namespaces", binaries.kubectl.display())?;
    tokio::signal::ctrl_c().await?;
    control_plane.stop().await?;
    ControlPlane::down(&dir).await?;
    Ok(())
}
