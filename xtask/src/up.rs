//! `cargo xtask up`: a bed in the background.

use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;
use cyclades_bed::{Bed, ClusterKind, Options, down};
use cyclades_control_plane::Progress as _;

use crate::cli::Up;
use crate::console::Console;
use crate::lock::Lock;
use crate::setup::{self, Wanted};
use crate::signals::{INTERRUPTED, Wish};
use crate::state::State;

/// Starts a bed, or tells of the one that runs.
pub async fn run(flags: &Up, state: &State, console: &Console) -> anyhow::Result<ExitCode> {
    let _lock = match Lock::take(state, "up")? {
        Ok(lock) => lock,
        Err(holder) => {
            bail!("{holder} is at work on the bed: wait for it, or end it with `cargo xtask down`")
        }
    };
    let kind = setup::choose(wanted(flags), console);
    let clusters = vec![kind; usize::from(flags.clusters)];
    if let Ok(bed) = Bed::attach(&state.bed()) {
        return already(&bed, &clusters, console);
    }
    clean(&state.bed(), console).await?;
    let mut wish = Wish::listen()?;
    match wish.unless(start(kind, clusters, state, console)).await {
        Some(bed) => {
            tell(&bed?, console);
            Ok(ExitCode::SUCCESS)
        }
        None => {
            console.note("interrupted: removing what was started");
            down(&state.bed()).await?;
            Ok(ExitCode::from(INTERRUPTED))
        }
    }
}

fn wanted(flags: &Up) -> Wanted {
    match (flags.sim, flags.kvm) {
        (true, _) => Wanted::Sim,
        (false, true) => Wanted::Lab(ClusterKind::LabKvm),
        (false, false) => Wanted::Lab(ClusterKind::LabFake),
    }
}

async fn start(
    kind: ClusterKind,
    clusters: Vec<ClusterKind>,
    state: &State,
    console: &Console,
) -> anyhow::Result<Bed> {
    let programs = setup::programs(kind, console).await?;
    console.step(&format!("starting a bed in {}", state.bed().display()), "");
    Ok(Bed::start(Options::in_dir(state.bed(), clusters).detached(), &programs, console).await?)
}

/// A bed runs: fine if it is what is wanted.
fn already(bed: &Bed, wanted: &[ClusterKind], console: &Console) -> anyhow::Result<ExitCode> {
    if bed.kinds() != wanted {
        bail!("another bed is up already ({}): end it with `cargo xtask down` first", describe(bed.kinds()));
    }
    console.note("A bed is up already; `cargo xtask down` ends it.");
    exports(bed, console);
    Ok(ExitCode::SUCCESS)
}

/// Removes what a crash or a half-finished start has left.
pub async fn clean(bed: &Path, console: &Console) -> anyhow::Result<()> {
    if bed.exists() {
        console
            .step("removing the remains of an earlier bed", "it was not finished, or a part of it has ended");
        down(bed).await?;
    }
    Ok(())
}

/// `2 × real Ganeti, guests under QEMU`.
pub fn describe(kinds: &[ClusterKind]) -> String {
    let what = match kinds.first() {
        None => "no Ganeti",
        Some(ClusterKind::LabKvm) => "real Ganeti, guests under QEMU",
        Some(ClusterKind::LabFake) => "real Ganeti, guests are files",
        Some(ClusterKind::Sim | ClusterKind::SimProcess) => "simulated Ganeti",
    };
    format!("{} × {what}", kinds.len())
}

fn tell(bed: &Bed, console: &Console) {
    console.note(&format!(
        "\nUp: {}. It stays until `cargo xtask down`. For your shell:\n",
        describe(bed.kinds())
    ));
    exports(bed, console);
    console.note(
        "\nThen, for example:\n  kubectl apply -f examples/quickstart/\n  kubectl get vm,gbe,flv,img -o wide\n  kubectl cyclades status\n  \
         cargo xtask lab exec 1 -- gnt-instance list -o name,status,tags",
    );
}

/// The lines that a shell is to evaluate.
pub fn exports(bed: &Bed, console: &Console) {
    exports_of(bed).iter().for_each(|line| console.result(line));
}

/// `export` lines: the kubeconfig, and `PATH` where the caller has no kubectl or not its plugin.
pub fn exports_of(bed: &Bed) -> Vec<String> {
    let mut lines = vec![format!("export KUBECONFIG={}", quoted(&bed.kubeconfig().display().to_string()))];
    if let Some(folder) = bed.kubectl_folder().filter(|_| !on_path("kubectl")) {
        lines.push(format!("export PATH={}:\"$PATH\"", quoted(&folder.display().to_string())));
    }
    if let Some(folder) = setup::plugin_folder().filter(|_| !on_path(setup::PLUGIN)) {
        lines.push(format!("export PATH=\"$PATH\":{}", quoted(&folder.display().to_string())));
    }
    lines
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// For a POSIX shell; left as it is where it needs no quotes.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@:,".contains(c);
    if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_a_path_as_it_is() {
        assert_eq!(quoted("/root/.local/state/cyclades/bed"), "/root/.local/state/cyclades/bed");
        assert_eq!(quoted("/it's here"), r"'/it'\''s here'");
    }
}
