//! Machines created as fast as clients can, until the last one is Ready.

use std::time::{Duration, Instant};

use cyclades_control_plane::Progress;
use serde_json::Value;

use crate::{
    observer::Observer,
    phases::{in_parallel, patience},
    stand::Stand,
    writes::{Requests, Writes},
};

/// What it took.
#[derive(Debug, Clone)]
pub(crate) struct Burst {
    /// Machines per second, from the first create to the last Ready.
    pub(crate) per_second: f64,
    /// Processor time of the operator per machine, milliseconds.
    pub(crate) cpu_ms: f64,
    /// Writes of the operator.
    pub(crate) writes: Writes,
    /// The same per machine.
    pub(crate) writes_each: f64,
}

/// How long writes may trail behind the last Ready.
const TRAIL: Duration = Duration::from_secs(2);

/// Creates machines, named by `prefix`.
#[allow(clippy::cast_precision_loss, reason = "some thousands")]
pub(crate) async fn measure(
    stand: &Stand,
    machines: usize,
    prefix: &'static str,
    manifest: fn(&str) -> Value,
    progress: &dyn Progress,
) -> anyhow::Result<Burst> {
    let observer = Observer::start(&stand.objects).await?;
    let before = observer.count();
    let requests = Requests::read(stand.control_plane()).await?;
    let operator = stand.operator()?;
    let cpu = operator.cpu()?;
    let begun = Instant::now();
    let objects = stand.objects.clone();
    in_parallel(machines, move |number| {
        let (objects, manifest) = (objects.clone(), manifest(&format!("{prefix}-{number}")));
        async move { objects.create(&manifest).await.map(drop) }
    })
    .await?;
    progress.line(&format!("{machines} are created after {:.1} s", begun.elapsed().as_secs_f64()));
    let last = observer.ready(before + machines, patience(machines)).await?;
    let cpu = operator.cpu()? - cpu;
    tokio::time::sleep(TRAIL).await;
    let writes = Requests::read(stand.control_plane()).await?.since(&requests);
    let each = |number: f64| number / machines as f64;
    Ok(Burst {
        per_second: machines as f64 / (last - begun).as_secs_f64(),
        cpu_ms: each(cpu.as_secs_f64() * 1e3),
        writes_each: each(writes.ours as f64),
        writes,
    })
}
