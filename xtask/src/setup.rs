//! Everything that must be there before a bed can start; what is missing is fetched or built, with words about it.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use cyclades_bed::{CargoOutput, ClusterKind, Profile, Programs};
use cyclades_control_plane::Progress as _;

use crate::console::Console;
use crate::tool;

/// The plugin of kubectl.
pub const PLUGIN: &str = "kubectl-cyclades";

/// Which Ganeti is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The simulator, by name.
    Sim,
    /// A real one with such guests if it can run here, else the simulator.
    Lab(ClusterKind),
}

/// The kind of cluster that will be started; says why if it is not the wanted one.
pub fn choose(wanted: Wanted, console: &Console) -> ClusterKind {
    let Wanted::Lab(kind) = wanted else { return ClusterKind::SimProcess };
    match ganeti_lab::requirements() {
        Ok(()) => kind,
        Err(missing) => {
            console.note("A real Ganeti cannot run here, so the SIMULATOR stands in for it:");
            missing.iter().for_each(|reason| console.note(&format!("  - {reason}")));
            ClusterKind::SimProcess
        }
    }
}

/// All that beds of this kind need.
pub async fn programs(kind: ClusterKind, console: &Console) -> anyhow::Result<Programs> {
    if kind.is_lab() {
        lab(console).await?;
    }
    let programs = Programs::ensure(Profile::Debug, CargoOutput::Shown, console).await;
    let programs = programs.context("cannot set up")?;
    plugin(console).await?;
    Ok(programs)
}

/// The plugin of kubectl, for whoever plays with the bed: `kubectl cyclades`.
async fn plugin(console: &Console) -> anyhow::Result<()> {
    console.step("building the kubectl plugin", "it says what blocks a machine and what comes next");
    let mut build = tool::command("cargo", &["build", "--quiet", "-p", "cyclades-cli", "--bin", PLUGIN]);
    let status = tool::run(&mut build).await?;
    ensure!(status.success(), "cannot build the kubectl plugin: {status}");
    Ok(())
}

/// Where cargo has put the plugin: beside this program.
pub fn plugin_folder() -> Option<PathBuf> {
    let folder = std::env::current_exe().ok()?.parent()?.to_path_buf();
    folder.join(PLUGIN).is_file().then_some(folder)
}

/// What a real Ganeti needs.
pub async fn lab(console: &Console) -> anyhow::Result<()> {
    let installed = ganeti_lab::install(&|line| console.line(line)).await;
    installed.context("cannot set up a real Ganeti")
}
