//! Killed at any moment, again and again.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use cyclades_e2e::{LONG, Look, SOON, SimCluster, Space, Stage, eventually};
use ganeti_sim::{Latency, Options};
use serde_json::json;

use crate::{kill, start};

/// Machines.
const MANY: usize = 40;
/// Times that the operator is killed while they are made, and again while they go.
const KILLS: usize = 4;

/// After a fixed time the operator dies, wherever it is then; the times differ, so that the places do.
async fn kill_again_and_again(stage: &Stage) -> Result<()> {
    for round in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(700 + 370 * round as u64)).await;
        kill(stage).await?;
        start(stage).await?;
    }
    Ok(())
}

pub async fn killed_again_and_again_every_machine_is_made_once_and_goes(stage: &Stage) -> Result<()> {
    let space = stage.space("storm").await?;
    let options = Options { latency: Latency::Calibrated { scale: 0.25 }, ..Options::default() };
    let cluster = stage.undeclared_sim("storm", options)?;
    cluster.declare(json!({})).await?;
    cluster.backend.ready(SOON).await?;
    let manifests: Vec<_> =
        (0..MANY).map(|n| space.manifest(&format!("vm-{n}"), cluster.here(json!({})))).collect();
    stage.apply(&manifests).await?;
    kill_again_and_again(stage).await?;
    let wait = ["wait", "vm", "--all", "-n", space.namespace(), "--for=condition=Ready", "--timeout=90s"];
    stage.kubectl(&wait).await?;
    each_was_made_once(&cluster)?;

    stage.kubectl(&["delete", "vm", "--all", "-n", space.namespace(), "--wait=false"]).await?;
    kill_again_and_again(stage).await?;
    all_gone(stage, &space, &cluster).await
}

/// One create of each succeeded, none failed because of another, and each has one instance.
fn each_was_made_once(cluster: &SimCluster<'_>) -> Result<()> {
    let mut made: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    for job in cluster.sim.jobs().into_iter().filter(|job| job.opcodes == ["OP_INSTANCE_CREATE"]) {
        made.entry(job.instance.context("a create names its instance")?).or_default().push(job.status);
    }
    let wrong: Vec<_> = made.iter().filter(|(_, ends)| ends.as_slice() != ["success"]).collect();
    ensure!(made.len() == MANY && wrong.is_empty(), "{} made, {wrong:?}", made.len());
    ensure!(cluster.sim.instance_count() == MANY, "{} instances", cluster.sim.instance_count());
    Ok(())
}

async fn all_gone(stage: &Stage, space: &Space<'_>, cluster: &SimCluster<'_>) -> Result<()> {
    eventually("all objects are gone", LONG, async || {
        let left = stage.kubectl(&["get", "vm", "-n", space.namespace(), "-o", "name"]).await?;
        Ok(if left.is_empty() { Look::Is(()) } else { Look::NotYet(left) })
    })
    .await?;
    ensure!(cluster.sim.instance_count() == 0, "{:?}", cluster.sim.instances());
    Ok(())
}
