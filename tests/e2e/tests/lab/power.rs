//! What Ganeti's administrators and guests do to a machine's power, and what becomes of it.

use anyhow::{Context as _, Result, ensure};
use cyclades_crds::{condition::Reason, virtual_machine::ObservedPower};
use cyclades_e2e::{LONG, Machine, SOON, Stage};
use serde_json::json;

use crate::{FAKE, FAKE_BACKEND};

async fn running<'a>(stage: &'a Stage, name: &str, policy: &str) -> Result<(Machine<'a>, String)> {
    let space = stage.space(name).await?;
    let machine = space.apply("web", json!({"backendName": FAKE_BACKEND, "powerPolicy": policy})).await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    let instance = machine.instance().await?;
    Ok((machine, instance))
}

async fn starts(stage: &Stage, instance: &str) -> Result<usize> {
    let jobs = stage.jobs(FAKE, instance).await?;
    // The lab's own `gnt-instance startup` is never used by these cases.
    Ok(jobs.iter().filter(|job| job.summary.starts_with("INSTANCE_STARTUP")).count())
}

/// Synnefo's case S4, the power differs: `gnt-instance shutdown` by hand is seen, shown, respected, and taken back by a wish of the owner.
pub async fn a_stop_by_hand_is_respected_under_follow(stage: &Stage) -> Result<()> {
    let (machine, instance) = running(stage, "follow", "Follow").await?;
    stage.gnt(FAKE, &["gnt-instance", "shutdown", &instance]).await?;
    let message = machine.not_ready(Reason::StoppedOutside, SOON).await?;
    ensure!(message.contains("powerPolicy Follow respects that"), "{message}");
    ensure!(message.contains("set powerState to Stopped and then to Running"), "the cure: {message}");
    let object = machine.object().await?;
    ensure!(
        object.status.and_then(|status| status.power_state) == Some(ObservedPower::Stopped),
        "its power is shown"
    );
    // Longer than anything that would correct it takes to begin.
    stage.polls(FAKE_BACKEND, 4, LONG).await?;
    ensure!(starts(stage, &instance).await? == 0, "it was started again");
    let warned = machine.told("StoppedOutside", SOON).await?;
    ensure!(
        warned.iter().filter(|event| event.reason == "StoppedOutside").count() == 1,
        "told once: {warned:?}"
    );

    machine.power("Stopped").await?;
    machine.ready_and(ObservedPower::Stopped, SOON).await?;
    machine.power("Running").await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    stage.field(FAKE, &instance, ("status", "running"), SOON).await
}

/// The same under Enforce: started again.
pub async fn a_stop_by_hand_is_corrected_under_enforce(stage: &Stage) -> Result<()> {
    let (machine, instance) = running(stage, "enforce", "Enforce").await?;
    stage.gnt(FAKE, &["gnt-instance", "shutdown", &instance]).await?;
    stage.field(FAKE, &instance, ("status", "running"), LONG).await?;
    machine.ready_and(ObservedPower::Running, SOON).await?;
    ensure!(starts(stage, &instance).await? == 1, "started once");
    Ok(())
}

/// A start by hand of a machine that is to be stopped, both ways.
pub async fn a_start_by_hand_is_respected_or_corrected(stage: &Stage) -> Result<()> {
    let space = stage.space("start").await?;
    let spec = |policy| json!({"backendName": FAKE_BACKEND, "powerState": "Stopped", "powerPolicy": policy});
    let follow = space.apply("follow", spec("Follow")).await?;
    let enforce = space.apply("enforce", spec("Enforce")).await?;
    for machine in [&follow, &enforce] {
        machine.ready_and(ObservedPower::Stopped, LONG).await?;
        stage.gnt(FAKE, &["gnt-instance", "startup", &machine.instance().await?]).await?;
    }
    let message = follow.not_ready(Reason::StartedOutside, SOON).await?;
    ensure!(message.contains("started in Ganeti"), "{message}");
    stage.field(FAKE, &enforce.instance().await?, ("status", "ADMIN_down"), LONG).await?;
    enforce.ready_and(ObservedPower::Stopped, SOON).await?;
    stage.field(FAKE, &follow.instance().await?, ("status", "running"), SOON).await
}

/// A crash is nobody's wish: the machine is started again, under both policies.
pub async fn a_crash_is_started_again(stage: &Stage) -> Result<()> {
    for policy in ["Follow", "Enforce"] {
        let (machine, instance) = running(stage, "crash", policy).await?;
        {
            let bed = stage.bed().await;
            bed.cluster(FAKE)?.lab().context("a lab")?.crash_fake_instance(&instance)?;
        }
        machine.told("Starting", LONG).await?;
        stage.field(FAKE, &instance, ("status", "running"), LONG).await?;
        machine.ready_and(ObservedPower::Running, SOON).await?;
    }
    Ok(())
}

/// Synnefo's case S5, the flavor differs: what an administrator changes shows by its field and is not undone behind his back, unless the spec says so.
pub async fn drift_is_shown(stage: &Stage) -> Result<()> {
    let (machine, instance) = running(stage, "drift", "Follow").await?;
    stage.gnt(FAKE, &["gnt-instance", "modify", "-B", "memory=24", &instance]).await?;
    let message = machine.not_ready(Reason::Drifted, SOON).await?;
    ensure!(message.contains("memory: declared 16 MiB, Ganeti has 24 MiB"), "{message}");
    machine.patch(&json!({"spec": {"driftPolicy": "Accept"}})).await?;
    machine.ready(SOON).await?;
    machine.patch(&json!({"spec": {"driftPolicy": "Correct", "resizePolicy": "Restart"}})).await?;
    stage.field(FAKE, &instance, ("be/maxmem", "16"), LONG).await?;
    machine.ready_and(ObservedPower::Running, LONG).await.map(drop)
}

/// A paused namespace: its machines are left alone until it goes on.
pub async fn a_paused_namespace_is_left_alone(stage: &Stage) -> Result<()> {
    let space = stage.space("asleep").await?;
    let machine = space.apply("web", json!({"backendName": FAKE_BACKEND})).await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    let instance = machine.instance().await?;
    stage.kubectl(&["label", "namespace", space.namespace(), "cyclades.io/paused=true"]).await?;
    machine.not_ready(Reason::Paused, SOON).await?;
    machine.power("Stopped").await?;
    machine.not_ready(Reason::Paused, SOON).await?;
    stage.polls(FAKE_BACKEND, 2, LONG).await?;
    let jobs = stage.jobs(FAKE, &instance).await?;
    ensure!(jobs.len() == 1, "{jobs:?}");
    stage.kubectl(&["label", "namespace", space.namespace(), "cyclades.io/paused-"]).await?;
    machine.ready_and(ObservedPower::Stopped, LONG).await.map(drop)
}
