//! The end of a bed of which nothing is known but its folder.

use std::path::Path;
use std::time::Duration;

use cyclades_control_plane::ControlPlane;

use crate::layout::Layout;
use crate::process::Process;
use crate::{Cluster, Error, files, mark};

/// The operator finishes the request it is at; the simulator has nothing to lose.
const GRACE: Duration = Duration::from_secs(15);

/// Ends the bed in `dir`, whole or half-started, running or crashed, and removes the folder. Nothing there is fine.
/// Tells what was there, in words.
///
/// # Errors
/// The first thing that could not be ended or removed; the others are ended all the same.
pub async fn down(dir: &Path) -> Result<Vec<String>, Error> {
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let layout = Layout::open(dir)?;
    let mut gone = Vec::new();
    let processes = end_processes(&layout, &mut gone).await;
    let plane = layout.control_plane();
    let (clusters, control_plane) = tokio::join!(end_clusters(&layout), ControlPlane::down(&plane));
    gone.extend(clusters.as_ref().into_iter().flatten().cloned());
    gone.extend(control_plane.as_ref().into_iter().flatten().cloned());
    processes?;
    clusters?;
    control_plane?;
    if is_ours(&layout) && files::remove(layout.dir())? {
        gone.push(layout.dir().display().to_string());
    }
    Ok(gone)
}

/// Those that the bed started itself, recorded or not.
async fn end_processes(layout: &Layout, gone: &mut Vec<String>) -> Result<(), Error> {
    let mut outcome = Ok(());
    let found = mark::find(layout.dir());
    let ends = found.into_iter().map(|marked| async {
        let log = layout.log(&marked.name);
        let mut process = Process::adopt(marked, log);
        process.terminate(GRACE).await.map(|_| format!("{} (pid {})", process.name(), process.pid()))
    });
    for end in futures::future::join_all(ends).await {
        match end {
            Ok(name) => gone.push(name),
            Err(error) => outcome = outcome.and(Err(error)),
        }
    }
    outcome
}

/// Every folder that is named as one of a cluster, whatever a record says.
async fn end_clusters(layout: &Layout) -> Result<Vec<String>, Error> {
    let entries = std::fs::read_dir(layout.dir()).map_err(Error::io("read", layout.dir()))?;
    let is_cluster = |name: &str| name.strip_prefix("cluster-").is_some_and(|n| n.parse::<usize>().is_ok());
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let ends = names.filter(|name| is_cluster(name)).map(|name| async {
        Cluster::down(&layout.dir().join(&name)).await?;
        Ok(name)
    });
    futures::future::join_all(ends).await.into_iter().collect()
}

/// Only a folder that a bed was begun in: a mistyped path must not lose files.
fn is_ours(layout: &Layout) -> bool {
    let is_empty = || std::fs::read_dir(layout.dir()).is_ok_and(|mut entries| entries.next().is_none());
    layout.record().exists() || is_empty()
}
