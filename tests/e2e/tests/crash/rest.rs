//! At rest: nothing is written, no job is made, and the reading costs the same whatever the number of machines.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, ensure};
use cyclades_e2e::{Backend, LONG, Look, SOON, Stage, eventually};
use serde_json::json;

use crate::{kill, start};

const MANY: usize = 100;

pub async fn at_rest_and_over_restarts_nothing_is_written_and_no_job_is_made(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("rest").await?, stage.sim("rest").await?);
    let spec = |n: usize| {
        let state = if n.is_multiple_of(3) { "Stopped" } else { "Running" };
        let policy = if n.is_multiple_of(2) { "Follow" } else { "Enforce" };
        cluster.here(json!({"powerState": state, "powerPolicy": policy}))
    };
    let manifests: Vec<_> = (0..MANY).map(|n| space.manifest(&format!("vm-{n}"), spec(n))).collect();
    stage.apply(&manifests).await?;
    let wait = ["wait", "vm", "--all", "-n", space.namespace(), "--for=condition=Ready", "--timeout=90s"];
    stage.kubectl(&wait).await?;
    quiet(stage).await?;

    let (writes, jobs) = (stage.operator_changes().await?.len(), cluster.sim.last_job());
    let taken = epoch(&cluster.backend).await?;
    let versions = versions(stage).await?;
    stage.apply(&manifests).await?;
    let asked = cluster.sim.requests().total;
    cluster.polls(5).await?;
    let asked = cluster.sim.requests().total - asked;
    // Each second a look at jobs, one at configuration, one at statuses; every fifth at the cluster.
    ensure!(asked <= 40, "{asked} requests for {MANY} machines in five seconds");
    for graceful in [true, false, true] {
        if graceful {
            ensure!(stage.bed_mut().await.operator()?.stop().await?, "SIGTERM was not enough");
        } else {
            kill(stage).await?;
        }
        start(stage).await?;
        verified(stage).await?;
        cluster.polls(3).await?;
    }
    ensure!(epoch(&cluster.backend).await? == taken, "who begins anew goes on");
    let more = stage.operator_changes().await?.split_off(writes);
    ensure!(more.is_empty(), "{} writes: {more:?}", more.len());
    ensure!(cluster.sim.last_job() == jobs, "{:?}", cluster.sim.jobs_above(jobs));
    ensure!(self::versions(stage).await? == versions, "objects changed");
    Ok(())
}

/// The events of what was are written at their own pace, and other cases' backends are gone for good: their last word
/// must have been said.
async fn quiet(stage: &Stage) -> Result<()> {
    let mut last = (0, std::time::Instant::now());
    eventually("the operator has nothing more to write", LONG, async || {
        let now = stage.operator_writes().await?.len();
        if now != last.0 {
            last = (now, std::time::Instant::now());
        }
        let still = last.1.elapsed() >= Duration::from_secs(5);
        Ok(if still { Look::Is(()) } else { Look::NotYet(format!("{now} writes")) })
    })
    .await
}

/// All machines of this case were looked at and found as declared.
async fn verified(stage: &Stage) -> Result<()> {
    eventually("all machines are verified", SOON, async || {
        let verified = stage.metric("cyclades_machines_verified", &[]).await?;
        let enough = verified >= f64::from(u32::try_from(MANY)?);
        Ok(if enough { Look::Is(()) } else { Look::NotYet(verified.to_string()) })
    })
    .await
}

async fn epoch(backend: &Backend<'_>) -> Result<u64> {
    Ok(backend.object().await?.status.and_then(|status| status.epoch).unwrap_or(0))
}

/// Version of every object of ours but the backends, which every operator that begins takes.
async fn versions(stage: &Stage) -> Result<BTreeMap<String, String>> {
    let path = "jsonpath={range .items[*]}{.metadata.uid} {.metadata.resourceVersion}{\"\\n\"}{end}";
    let list = stage.kubectl(&["get", "vm,flv,img,volumetypes", "-A", "-o", path]).await?;
    let lines = list.lines().filter_map(|line| line.split_once(' '));
    Ok(lines.map(|(uid, version)| (uid.to_owned(), version.to_owned())).collect())
}
