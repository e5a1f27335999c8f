//! Jobs that fail: Ganeti's own words, no storm of retries, and another spec is another try.

use anyhow::{Context as _, Result, ensure};
use cyclades_crds::{condition::Reason, virtual_machine::ObservedPower};
use cyclades_e2e::{LONG, SOON, SimCluster, Stage};
use ganeti_sim::{Fault, FaultKind, Matcher};
use serde_json::json;

const CREATE: &str = "OP_INSTANCE_CREATE";
const REMOVE: &str = "OP_INSTANCE_REMOVE";

fn failing(cluster: &SimCluster<'_>, opcode: &str, ecode: Option<&str>, leaves: bool, times: Option<u32>) {
    let kind = FaultKind::JobError {
        class: if ecode.is_some() { "OpPrereqError" } else { "OpExecError" }.to_owned(),
        message: "the disk said no".to_owned(),
        ecode: ecode.map(str::to_owned),
        leaves_instance: leaves,
    };
    cluster.sim.add_fault(Fault { kind, matcher: Matcher::opcode(opcode), times });
}

pub async fn what_only_another_spec_can_cure_is_tried_once(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("refused").await?, stage.sim("refused").await?);
    failing(&cluster, CREATE, Some("wrong_input"), false, None);
    let machine = space.apply("web", cluster.here(json!({}))).await?;
    let message = machine.stalled(Reason::JobRefused, SOON).await?;
    ensure!(message.contains("the disk said no"), "Ganeti's own words: {message}");
    let instance = machine.instance().await?;
    cluster.polls(5).await?;
    let tries = cluster.jobs_on(&instance, CREATE).len();
    ensure!(tries == 1, "{tries} tries");
    let events = machine.events().await?;
    let warnings = events.iter().filter(|event| event.reason == "JobRefused").count();
    ensure!(warnings == 1, "told once: {events:?}");
    cluster.sim.clear_faults();
    stage.apply(&[space.image("other", &json!({"ganetiOS": {"name": "noop"}}))]).await?;
    machine.patch(&json!({"spec": {"imageRef": {"name": "other"}}})).await?;
    machine.ready(SOON).await.map(drop)
}

pub async fn a_passing_failure_is_tried_again_with_a_pause(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("passing").await?, stage.sim("passing").await?);
    failing(&cluster, CREATE, Some("environment_error"), false, Some(1));
    let machine = space.apply("web", cluster.here(json!({}))).await?;
    let message = machine.not_ready(Reason::JobFailed, SOON).await?;
    ensure!(message.contains("the disk said no"), "{message}");
    machine.ready(SOON).await?;
    let tries = cluster.jobs_on(&machine.instance().await?, CREATE).len();
    ensure!(tries == 2, "{tries} tries");
    Ok(())
}

/// What a failed create leaves is no machine: it goes, and the next try is a new one.
pub async fn what_a_failed_create_leaves_is_removed_before_the_next(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("half").await?, stage.sim("half").await?);
    failing(&cluster, CREATE, None, true, Some(1));
    let machine = space.apply("web", cluster.here(json!({}))).await?;
    let message = machine.not_ready(Reason::JobFailed, SOON).await?;
    ensure!(message.contains("the disk said no"), "{message}");
    let status = machine.object().await?.status.unwrap_or_default();
    ensure!(
        status.instance_uuid.is_none() && status.power_state != Some(ObservedPower::Running),
        "{status:?}"
    );
    machine.ready(LONG).await?;
    let instance = machine.instance().await?;
    let creates: Vec<_> = cluster.jobs_on(&instance, CREATE).into_iter().map(|job| job.status).collect();
    ensure!(creates == ["error", "success"], "{creates:?}");
    ensure!(cluster.jobs_on(&instance, REMOVE).len() == 1, "the rest was removed once");
    let now = cluster.sim.instance(&instance).context("an instance")?;
    let told = machine.object().await?.status.and_then(|status| status.instance_uuid);
    ensure!(told.as_ref() == Some(&now.uuid), "{told:?} {now:?}");
    Ok(())
}

/// A removal that fails is repeated with a pause, whatever kind of failure it is.
pub async fn a_removal_that_fails_is_no_storm(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("stuck").await?, stage.sim("stuck").await?);
    let machine = cluster.running(&space, "web").await?;
    let instance = machine.instance().await?;
    failing(&cluster, REMOVE, Some("wrong_input"), false, None);
    machine.delete().await?;
    machine
        .until("telling Ganeti's words", SOON, |object| {
            let conditions = object.status.as_ref().map(|status| &status.conditions[..]).unwrap_or_default();
            conditions.iter().any(|condition| condition.message.contains("the disk said no"))
        })
        .await?;
    cluster.polls(4).await?;
    let tries = cluster.jobs_on(&instance, REMOVE).len();
    ensure!((1..=3).contains(&tries), "{tries} tries in a few seconds");
    cluster.sim.clear_faults();
    machine.gone(LONG).await?;
    ensure!(cluster.sim.instance(&instance).is_none(), "it is left");
    Ok(())
}

/// A job whose process died may have done its work: it is looked at before anything is repeated.
pub async fn a_job_whose_process_died_is_looked_at_first(stage: &Stage) -> Result<()> {
    for after_effect in [true, false] {
        let (space, cluster) = (stage.space("died").await?, stage.sim("died").await?);
        let kind = FaultKind::JobDeath { after_effect };
        cluster.sim.add_fault(Fault::once(kind, Matcher::opcode(CREATE)));
        let machine = space.apply("web", cluster.here(json!({}))).await?;
        machine.ready(LONG).await.with_context(|| format!("after_effect: {after_effect}"))?;
        ensure!(cluster.sim.instance_count() == 1, "{:?}", cluster.sim.instances());
        let tries = cluster.jobs_on(&machine.instance().await?, CREATE).len();
        ensure!(tries <= 2, "{tries} tries");
    }
    Ok(())
}

/// Somebody cancelled our job: that machine waits a while, and says so.
pub async fn a_cancelled_job_holds_its_machine_alone(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("cancel").await?, stage.sim("cancel").await?);
    cluster.sim.add_fault(Fault::once(FaultKind::JobCancel, Matcher::opcode(CREATE)));
    let machine = space.apply("web", cluster.here(json!({}))).await?;
    let message = machine.not_ready(Reason::JobCanceled, SOON).await?;
    ensure!(message.contains("cancelled"), "{message}");
    cluster.running(&space, "other").await?;
    cluster.polls(3).await?;
    let tries = cluster.jobs_on(&machine.instance().await?, CREATE).len();
    ensure!(tries == 1, "{tries} tries");
    Ok(())
}

/// A machine that keeps dying is started ever less often.
pub async fn a_machine_that_keeps_dying_is_started_ever_less_often(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("dying").await?, stage.sim("dying").await?);
    let machine = cluster.running(&space, "web").await?;
    let instance = machine.instance().await?;
    let begun = std::time::Instant::now();
    let mut starts = 0;
    // For as long as this, it dies as soon as it runs.
    while begun.elapsed() < std::time::Duration::from_secs(14) {
        if cluster.sim.instance(&instance).is_some_and(|it| it.status == "running") {
            cluster.sim.crash_instance(&instance)?;
        }
        starts = cluster.jobs_on(&instance, "OP_INSTANCE_STARTUP").len();
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    ensure!((2..=5).contains(&starts), "{starts} starts in 14 s");
    machine.not_ready(Reason::Crashed, SOON).await?;
    machine.ready(LONG).await.map(drop)
}
