//! `cargo xtask status`: what runs, and how it is.

use std::process::ExitCode;

use cyclades_bed::Bed;

use crate::console::Console;
use crate::lock::Lock;
use crate::state::State;
use crate::up;

/// Tells of the bed; fails if there is no whole one.
pub async fn run(state: &State, console: &Console) -> anyhow::Result<ExitCode> {
    let holder = Lock::take(state, "status")?.err();
    if let Some(holder) = &holder {
        console.result(&format!("at work on it: {holder}"));
    }
    let bed = match Bed::attach(&state.bed()) {
        Ok(bed) => bed,
        Err(_) if !state.bed().exists() => {
            console.result("nothing is up; `cargo xtask up` starts a bed");
            return Ok(ExitCode::FAILURE);
        }
        Err(error) => {
            console.result(&format!("{error}\n`cargo xtask down` removes what is there"));
            return Ok(ExitCode::FAILURE);
        }
    };
    console.result(&format!("bed: {} in {}", up::describe(bed.kinds()), bed.dir().display()));
    processes(&bed, console);
    clusters(&bed, console).await;
    match bed.kubectl(&["get", "gbe,vm", "-A", "-o", "wide"]).await {
        Ok(text) => console.result(&format!("\n{}", text.trim_end())),
        Err(error) => console.result(&format!("\nkubectl: {error}")),
    }
    console.result("");
    up::exports(&bed, console);
    Ok(ExitCode::SUCCESS)
}

fn processes(bed: &Bed, console: &Console) {
    let own = bed.own_processes();
    let control_plane = bed.control_plane().processes();
    let all = control_plane.into_iter().chain(own.iter().map(|(name, pid)| (name.as_str(), *pid)));
    let words: Vec<_> = all.map(|(name, pid)| format!("{name} (pid {pid})")).collect();
    console.result(&format!("processes: {}", words.join(", ")));
}

async fn clusters(bed: &Bed, console: &Console) {
    for (cluster, number) in bed.clusters().iter().zip(1..) {
        let instances = match cluster.instances().await {
            Ok(names) => format!("{} instances", names.len()),
            Err(error) => error.to_string(),
        };
        console.result(&format!("cluster {number}: {}, {instances}", cluster.name()));
    }
}
