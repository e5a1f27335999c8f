//! `bench ganeti`.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use cyclades_bed::{Bed, ClusterKind, Programs};
use cyclades_control_plane::Progress;
use ganeti_rapi::{DeleteInstance, JobId, JobStatus, Submit};
use serde_json::json;

use crate::{
    backend::{self, Ganeti},
    campaign::Campaign,
    figures::{GANETI, Numbers},
    manifests::{self, BACKEND, PREFIX},
    options::Common,
    phases::throughput,
    sizes::Sizes,
    stand::Stand,
};

/// Jobs that the bare client has in flight at a time: the best of these counts. Ganeti runs 20 at once.
const WINDOWS: [usize; 3] = [5, 10, 20];
/// Pace at which the bare client looks at the queue.
const LOOK: Duration = Duration::from_millis(50);
/// Longest time for all machines.
const LIMIT: Duration = Duration::from_secs(900);

/// Measures, and returns a table for people.
pub(crate) async fn run(options: &Common, progress: &dyn Progress) -> anyhow::Result<String> {
    let missing = ganeti_lab::requirements().err().unwrap_or_default();
    ensure!(missing.is_empty(), "a real Ganeti cannot run here: {}", missing.join("; "));
    ganeti_lab::install(&|line| progress.line(line)).await?;
    let sizes = Sizes::of(options);
    let settings = json!({
        "polling": "the defaults of GanetiBackend",
        "ganeti": "Debian's, one node, the fake hypervisor, diskless",
        "etcd_fsync": false,
        "machines": sizes.ganeti,
        "windows_of_the_bare_client": WINDOWS,
    });
    let campaign = Campaign { name: "ganeti", kinds: &GANETI, options, settings, progress };
    campaign.run(async |programs, _| measure(programs, &campaign).await).await
}

async fn measure(programs: &Programs, campaign: &Campaign<'_>) -> anyhow::Result<Numbers> {
    let (machines, progress) = (campaign.sizes().ganeti, campaign.progress);
    let mut numbers = Numbers::default();
    let ganetis = async |bed: &Bed| Ok(vec![Ganeti::elsewhere(BACKEND, bed.cluster(1)?.access()?)?]);
    let mut stand = Stand::with_bed(programs, vec![ClusterKind::LabFake], ganetis, progress).await?;

    progress.step("Bare client", &format!("{machines} creates, some jobs in flight at a time"));
    let mut best = f64::INFINITY;
    for window in WINDOWS {
        let took = raw(stand.ganeti(), machines, window).await?.as_secs_f64();
        progress.line(&format!("{window} in flight: {took:.1} s"));
        best = best.min(took);
    }
    numbers.set("raw_creates_s", best);

    progress.step("Operator", &format!("{machines} machines applied at once, until the last is Ready"));
    stand.start_operator()?;
    stand.backends_ready().await?;
    let burst = throughput::measure(&stand, machines, "real", manifests::machine, progress).await?;
    #[allow(clippy::cast_precision_loss, reason = "a hundred")]
    let took = machines as f64 / burst.per_second;
    progress.line(&format!("{took:.1} s, {:.2} writes each", burst.writes_each));
    numbers.set("creates_s", took);
    numbers.set("creates_writes_per_vm", burst.writes_each);
    campaign.hold(&stand.describe()).await?;
    stand.stop().await?;
    Ok(numbers)
}

/// Creates instances with so many jobs in flight, until the last has ended; removes them.
async fn raw(ganeti: &Ganeti, machines: usize, window: usize) -> anyhow::Result<Duration> {
    let names: Vec<String> = (0..machines).map(|number| format!("raw-{window}-{number}")).collect();
    let begun = Instant::now();
    windowed(ganeti, window, &names, async |name| {
        Ok(ganeti.rapi.create_instance(&backend::instance(name, name), &Submit::default()).await?)
    })
    .await?;
    let took = begun.elapsed();
    windowed(ganeti, window, &names, async |name| {
        let delete = DeleteInstance { shutdown_timeout: Some(0), ..DeleteInstance::default() };
        Ok(ganeti.rapi.delete_instance(&format!("{PREFIX}{name}"), &delete, &Submit::default()).await?)
    })
    .await?;
    Ok(took)
}

async fn windowed(
    ganeti: &Ganeti,
    window: usize,
    names: &[String],
    order: impl AsyncFn(&str) -> anyhow::Result<JobId>,
) -> anyhow::Result<()> {
    let deadline = Instant::now() + LIMIT;
    let mut waiting = names.iter();
    let mut running: Vec<JobId> = Vec::new();
    loop {
        while running.len() < window {
            let Some(name) = waiting.next() else { break };
            running.push(order(name).await?);
        }
        if running.is_empty() {
            return Ok(());
        }
        (Instant::now() < deadline).then_some(()).context("Ganeti does not come to an end")?;
        tokio::time::sleep(LOOK).await;
        for job in ganeti.rapi.job_details(&running).await? {
            if job.status.is_final() {
                ensure!(job.status == JobStatus::Success, "job {} ended as {:?}", job.id, job.status);
                running.retain(|id| *id != job.id);
            }
        }
    }
}
