//! An operator that begins anew finds everything as it is, and leaves it so.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use cyclades_crds::virtual_machine::ObservedPower;
use cyclades_e2e::{LONG, Look, SOON, Stage, eventually};
use serde_json::json;

use crate::{BACKEND, CLUSTER, lead, rapi};

pub async fn applied_twice_and_restarted_three_times_nothing_is_written_and_no_job_is_made(
    stage: &Stage,
) -> Result<()> {
    lead(stage, &rapi(stage).await?).await?;
    let space = stage.space("idle").await?;
    let manifests = [
        space.manifest("runs", json!({})),
        space.manifest("stopped", json!({"powerState": "Stopped"})),
        space.manifest("pinned", json!({"backendName": BACKEND, "powerPolicy": "Enforce"})),
    ];
    stage.apply(&manifests).await?;
    for (name, power) in [
        ("runs", ObservedPower::Running),
        ("stopped", ObservedPower::Stopped),
        ("pinned", ObservedPower::Running),
    ] {
        space.machine(name).ready_and(power, LONG).await?;
        space
            .machine(name)
            .told(if power == ObservedPower::Running { "Running" } else { "Stopped" }, SOON)
            .await?;
    }
    // The last words of what was before.
    stage.polls(BACKEND, 3, SOON).await?;
    let writes = stage.operator_changes().await?.len();
    let jobs = jobs(stage).await?;
    let versions = versions(stage).await?;

    stage.apply(&manifests).await?;
    verified(stage).await?;
    for graceful in [true, false, true] {
        restart(stage, graceful).await?;
        verified(stage).await?;
    }
    let more = stage.operator_changes().await?.split_off(writes);
    ensure!(more.is_empty(), "{} writes: {more:?}", more.len());
    ensure!(self::jobs(stage).await? == jobs, "jobs were made");
    let now = self::versions(stage).await?;
    ensure!(now == versions, "an object changed: {versions:?} / {now:?}");
    Ok(())
}

/// Version of every object of ours but the backend, which every operator that begins takes.
async fn versions(stage: &Stage) -> Result<BTreeMap<String, String>> {
    let path = "jsonpath={range .items[*]}{.metadata.uid} {.metadata.resourceVersion}{\"\\n\"}{end}";
    let list = stage.kubectl(&["get", "vm,flv,img,volumetypes", "-A", "-o", path]).await?;
    let lines = list.lines().filter_map(|line| line.split_once(' '));
    Ok(lines.map(|(uid, version)| (uid.to_owned(), version.to_owned())).collect())
}

async fn jobs(stage: &Stage) -> Result<String> {
    stage.gnt(CLUSTER, &["gnt-job", "list", "--no-headers", "-o", "id,summary"]).await
}

async fn restart(stage: &Stage, graceful: bool) -> Result<()> {
    let mut bed = stage.bed_mut().await;
    let operator = bed.operator()?;
    if graceful {
        ensure!(operator.stop().await?, "SIGTERM was not enough");
    } else {
        operator.kill().await?;
    }
    operator.start()?;
    operator.ready().await?;
    Ok(())
}

/// All machines were looked at and found as declared, and whatever that leads to has begun.
async fn verified(stage: &Stage) -> Result<()> {
    eventually("all machines are verified", LONG, async || {
        let all = stage.metric("cyclades_machines", &[]).await?;
        let verified = stage.metric("cyclades_machines_verified", &[]).await?;
        Ok(if all > 0.0 && all <= verified {
            Look::Is(())
        } else {
            Look::NotYet(format!("{verified} of {all}"))
        })
    })
    .await?;
    stage.polls(BACKEND, 3, SOON).await
}
