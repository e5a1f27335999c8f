//! etcd was restored to an earlier time.

use anyhow::{Context as _, Result, ensure};
use cyclades_crds::{condition::Reason, virtual_machine::ObservedPower};
use cyclades_e2e::{LONG, SOON, Space, Stage, plugin::cyclades};
use serde_json::json;

use crate::{FAKE, FAKE_BACKEND, Ganeti, KVM_BACKEND, begins, ends, id, pid};

/// What was there when the copy was made.
async fn before_the_copy(space: &Space<'_>) -> Result<()> {
    for (name, backend) in
        [("guest", KVM_BACKEND), ("old", FAKE_BACKEND), ("changed", FAKE_BACKEND), ("deleted", FAKE_BACKEND)]
    {
        space.apply(name, json!({"backendName": backend, "shutdownTimeoutSeconds": 0})).await?;
    }
    for name in ["guest", "old", "changed", "deleted"] {
        space.machine(name).ready_and(ObservedPower::Running, LONG).await?;
    }
    Ok(())
}

/// What was done since.
async fn after_the_copy(space: &Space<'_>) -> Result<()> {
    let young = space.apply("young", json!({"backendName": FAKE_BACKEND, "tags": ["young"]})).await?;
    young.ready_and(ObservedPower::Running, LONG).await?;
    let changed = space.machine("changed");
    changed.power("Stopped").await?;
    changed.ready_and(ObservedPower::Stopped, LONG).await?;
    let deleted = space.machine("deleted");
    deleted.delete().await?;
    deleted.gone(LONG).await
}

/// What was made since is listed as orphaned and stays; what was deleted since is lost and not made anew; what was changed
/// since is shown and left as it is. No job at all is made, and what was forgotten can be declared again.
pub async fn after_a_restore_nothing_is_made_anew_and_nothing_is_deleted(stage: &Stage) -> Result<()> {
    let space = stage.space("restored").await?;
    let namespace = space.namespace();
    before_the_copy(&space).await?;
    let copies = tempfile::tempdir()?;
    let saved = copies.path().join("etcd");
    stage.bed().await.control_plane().save(&saved)?;
    after_the_copy(&space).await?;
    let young = space.machine("young");
    let (young_id, young_instance) = (id(&young).await?, young.instance().await?);
    let guest = space.machine("guest").instance().await?;
    let qemu = pid(stage, &guest).await?;
    ends(stage).await?;
    let before = Ganeti::of(stage).await?;

    let other = stage.beside(Some(saved)).await?;
    let there = |name| other.machine(namespace, name);
    ensure!(there("young").find().await?.is_none(), "the copy is older");
    other.backend(FAKE_BACKEND).ready(LONG).await?;
    other.backend(FAKE_BACKEND).counts(0, &[&young_instance]).await?;
    let message = there("deleted").stalled(Reason::InstanceLost, LONG).await?;
    ensure!(message.contains("Delete this object"), "the cure: {message}");
    let message = there("changed").not_ready(Reason::StoppedOutside, LONG).await?;
    ensure!(message.contains("Follow respects that"), "{message}");
    for name in ["guest", "old"] {
        there(name).ready_and(ObservedPower::Running, LONG).await?;
    }
    other.backend(FAKE_BACKEND).told("OrphansFound").await?;
    let listed = cyclades(&other, &["orphans", "--backend", FAKE_BACKEND]).await?;
    listed.is(1, &[&format!("{FAKE_BACKEND}   {young_instance}   {namespace}/young\n")])?;
    let wide = other.kubectl(&["get", "gbe", FAKE_BACKEND, "-o", "wide"]).await?;
    ensure!(wide.contains("ORPHANS") && wide.contains("UNDECLARED"), "{wide}");

    let written = cyclades(&other, &["import", "--backend", FAKE_BACKEND, "--orphans"]).await?;
    other.kubectl_with(&["apply", "-f", "-"], &written.text).await?;
    there("young").ready_and(ObservedPower::Running, LONG).await?;
    ensure!(id(&there("young")).await? == young_id, "another machine");
    other.backend(FAKE_BACKEND).counts(0, &[]).await?;
    for backend in crate::BACKENDS {
        other.polls(backend, 4, LONG).await?;
    }
    let now = Ganeti::of(stage).await?;
    ensure!(now == before, "{:?}\n{:?}\n{:?}", now.since(&before), before.instances, now.instances);
    ensure!(pid(stage, &guest).await? == qemu, "the guest was restarted");

    // It works as before: the owner's wish is done, and the lost one's object goes.
    there("old").power("Stopped").await?;
    there("old").ready_and(ObservedPower::Stopped, LONG).await?;
    let old = space.machine("old").instance().await?;
    stage.field(FAKE, &old, ("status", "ADMIN_down"), SOON).await?;
    there("deleted").delete().await?;
    there("deleted").gone(LONG).await?;
    there("old").power("Running").await?;
    there("old").ready_and(ObservedPower::Running, LONG).await?;
    other.end().await.context("the restored installation")?;

    begins(stage).await?;
    stage.backend(FAKE_BACKEND).ready(LONG).await?;
    stage.kubectl(&["delete", "vm", "--all", "-n", namespace, "--timeout=90s"]).await.map(drop)
}
