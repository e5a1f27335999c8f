//! A replica that is stopped in the middle of a submission, and goes on when another has taken over: on a real Ganeti.

use anyhow::{Context as _, Result, ensure};
use cyclades_e2e::{Job, LONG, Look, Proxy, SOON, Stage, eventually};
use serde_json::{Value, json};

use crate::{Pair, holder, taken_over};

const CLUSTER: usize = 1;
const BACKEND: &str = "ganeti-1";

/// So many words of its owner, of characters that Ganeti's tags lengthen, make the request for its creation a large one.
const WORDS: usize = 50;

pub async fn what_a_stopped_replica_submits_too_late_has_no_effect_in_ganeti(stage: &Stage) -> Result<()> {
    let url = stage.bed().await.cluster(CLUSTER)?.lab().context("a lab")?.rapi_url();
    let line = Proxy::to(url.trim_start_matches("https://")).await?;
    let backend = stage.backend(BACKEND);
    backend.patch(&json!({"spec": {"endpoints": [line.url()]}})).await?;
    let pair = Pair::start(stage).await?;
    backend.ready(LONG).await?;
    let space = stage.space("fence").await?;

    let (first, epoch) = settled(stage).await?;
    line.catch();
    let machine = space.apply("web", large()).await?;
    line.caught(SOON).await?;
    pair.signal(&first, "-STOP").await?;
    let (next, now, _) = taken_over(stage, BACKEND, epoch).await?;
    ensure!(next != first && now == epoch + 1, "{next} under epoch {now}");
    fenced(stage, now).await?;
    // The request that the first one sent arrives only now.
    line.release();
    let instance = machine.instance().await?;
    let late = eventually("the late request is a job", SOON, async || {
        let creations = creations(stage, &instance).await?;
        let late = creations.iter().find(|job| job.status == "canceled").cloned();
        Ok(late.map_or_else(|| Look::NotYet(format!("{creations:?}")), Look::Is))
    })
    .await?;
    machine.ready(LONG).await?;
    pair.signal(&first, "-CONT").await?;
    // It finds that its time is over, and then that it may act again: whoever the backend falls to has it in the end.
    settled(stage).await?;
    machine.ready(LONG).await?;
    let creations = creations(stage, &instance).await?;
    let made: Vec<&Job> = creations.iter().filter(|job| job.status == "success").collect();
    ensure!(creations.len() == 2 && made.len() == 1 && made[0].id != late.id, "{creations:?}");
    let tag = format!("cyclades:ns:{}", space.namespace());
    let list = stage.gnt(CLUSTER, &["gnt-instance", "list", "--no-headers", "-o", "name,tags"]).await?;
    ensure!(list.lines().filter(|line| line.contains(&tag)).count() == 1, "{list}");
    machine.delete().await?;
    machine.gone(LONG).await?;
    backend.patch(&json!({"spec": {"endpoints": [url]}})).await
}

/// A machine whose creation is a large request.
fn large() -> Value {
    let words: Vec<String> = (0..WORDS).map(|n| format!("{n:02}-{}", "@".repeat(30))).collect();
    json!({"backendName": BACKEND, "tags": words})
}

/// The holder and its epoch, once both stay.
async fn settled(stage: &Stage) -> Result<(String, u64)> {
    let mut last = holder(stage, BACKEND).await?;
    let mut since = std::time::Instant::now();
    eventually("the backend stays with one replica", SOON, async || {
        let now = holder(stage, BACKEND).await?;
        if now != last {
            (last, since) = (now, std::time::Instant::now());
        }
        let stays = since.elapsed() > crate::LEASE;
        Ok(if stays { Look::Is(last.clone()) } else { Look::NotYet(format!("{last:?}")) })
    })
    .await
}

/// Waits until Ganeti has a fence against all epochs before this one.
async fn fenced(stage: &Stage, epoch: u64) -> Result<()> {
    let below = format!("cyclades/{}/{epoch:010}.", cyclades_bed::CLUSTER_ID);
    eventually("the fence stands", SOON, async || {
        let list = stage
            .gnt(CLUSTER, &["gnt-filter", "list", "--no-headers", "-o", "uuid,predicates,action"])
            .await?;
        Ok(if list.contains(&below) { Look::Is(()) } else { Look::NotYet(list) })
    })
    .await
}

async fn creations(stage: &Stage, instance: &str) -> Result<Vec<Job>> {
    let jobs = stage.jobs(CLUSTER, instance).await?;
    Ok(jobs.into_iter().filter(|job| job.summary.starts_with("INSTANCE_CREATE")).collect())
}
