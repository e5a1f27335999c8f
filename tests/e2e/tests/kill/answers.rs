//! The request arrives, the answer does not.

use anyhow::{Result, ensure};
use cyclades_e2e::{Job, LONG, Look, Machine, Proxy, SOON, Stage, eventually};
use serde_json::json;

use crate::{BACKEND, CLUSTER, lead, rapi};

/// A line to the cluster that the backend goes by.
async fn line(stage: &Stage) -> Result<Proxy> {
    let url = rapi(stage).await?;
    let line = Proxy::to(url.trim_start_matches("https://")).await?;
    lead(stage, &line.url()).await?;
    Ok(line)
}

async fn creations(stage: &Stage, instance: &str) -> Result<Vec<Job>> {
    let jobs = stage.jobs(CLUSTER, instance).await?;
    Ok(jobs.into_iter().filter(|job| job.summary.starts_with("INSTANCE_CREATE")).collect())
}

/// Waits until Ganeti has a job on the instance.
async fn accepted(stage: &Stage, instance: &str, what: &str) -> Result<()> {
    eventually(&format!("{what} is accepted"), SOON, async || {
        let jobs = stage.jobs(CLUSTER, instance).await?;
        let there = jobs.iter().any(|job| job.summary.starts_with(what));
        Ok(if there { Look::Is(()) } else { Look::NotYet(format!("{jobs:?}")) })
    })
    .await
}

/// Cuts the line instead of the answers that it holds, until the operator knows that it lost the one about a machine.
async fn lose(stage: &Stage, line: &Proxy, machine: &str) -> Result<()> {
    line.cut();
    eventually("the operator misses an answer", SOON, async || {
        let log = stage.operator_log();
        let mut lines = log.lines().filter(|line| line.contains("the answer to a submission was lost"));
        let missed = lines.any(|line| line.contains(machine));
        Ok(if missed { Look::Is(()) } else { Look::NotYet("it does not say so in its log".to_owned()) })
    })
    .await?;
    line.pass();
    Ok(())
}

/// One creation was accepted, it succeeded, and one instance is there.
async fn made_once(stage: &Stage, machine: &Machine<'_>) -> Result<()> {
    machine.ready(LONG).await?;
    let instance = machine.instance().await?;
    let made = creations(stage, &instance).await?;
    ensure!(made.len() == 1 && made[0].status == "success", "{made:?}");
    let tag = format!("cyclades:name:{}", machine.name());
    let list = stage.gnt(CLUSTER, &["gnt-instance", "list", "--no-headers", "-o", "name,tags"]).await?;
    let bearers = list.lines().filter(|line| line.contains(&tag)).count();
    ensure!(bearers == 1, "{list}");
    Ok(())
}

pub async fn a_create_whose_answer_is_lost_is_found_and_not_repeated(stage: &Stage) -> Result<()> {
    let line = line(stage).await?;
    let space = stage.space("lost").await?;
    line.hold();
    let machine = space.apply("lost", json!({"backendName": BACKEND})).await?;
    accepted(stage, &machine.instance().await?, "INSTANCE_CREATE").await?;
    lose(stage, &line, "/lost").await?;
    made_once(stage, &machine).await
}

pub async fn an_operator_killed_between_submit_and_answer_makes_one_instance(stage: &Stage) -> Result<()> {
    let line = line(stage).await?;
    let space = stage.space("killed").await?;
    line.hold();
    let machine = space.apply("killed", json!({"backendName": BACKEND})).await?;
    let instance = machine.instance().await?;
    accepted(stage, &instance, "INSTANCE_CREATE").await?;
    stage.bed_mut().await.operator()?.kill().await?;
    let status = machine.object().await?.status.unwrap_or_default();
    ensure!(status.instance_uuid.is_none(), "nothing of it was stored: {status:?}");
    line.pass();
    start(stage).await?;
    made_once(stage, &machine).await?;

    // The same for its removal: the object goes when the instance has gone, not before.
    line.hold();
    machine.delete().await?;
    accepted(stage, &instance, "INSTANCE_REMOVE").await?;
    stage.bed_mut().await.operator()?.kill().await?;
    ensure!(machine.find().await?.is_some(), "the object is held");
    line.pass();
    start(stage).await?;
    machine.gone(LONG).await?;
    ensure!(stage.row(CLUSTER, &instance, "status").await?.is_none(), "the instance is left");
    Ok(())
}

pub async fn a_removal_whose_answer_is_lost_ends_all_the_same(stage: &Stage) -> Result<()> {
    let line = line(stage).await?;
    let space = stage.space("unheard").await?;
    let machine = space.apply("unheard", json!({"backendName": BACKEND})).await?;
    machine.ready(LONG).await?;
    let instance = machine.instance().await?;
    line.hold();
    machine.delete().await?;
    accepted(stage, &instance, "INSTANCE_REMOVE").await?;
    lose(stage, &line, "/unheard").await?;
    machine.gone(LONG).await?;
    ensure!(stage.row(CLUSTER, &instance, "status").await?.is_none(), "the instance is left");
    let jobs = stage.jobs(CLUSTER, &instance).await?;
    let removals = jobs.iter().filter(|job| job.summary.starts_with("INSTANCE_REMOVE")).count();
    ensure!(removals == 1, "{jobs:?}");
    Ok(())
}

async fn start(stage: &Stage) -> Result<()> {
    let mut bed = stage.bed_mut().await;
    let operator = bed.operator()?;
    operator.start()?;
    operator.ready().await?;
    Ok(())
}
