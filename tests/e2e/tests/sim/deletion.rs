//! Deletion: the instance goes first, the object last, whatever is under way.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use cyclades_bed::NAMESPACE;
use cyclades_crds::{condition::Reason, virtual_machine::ObservedPower};
use cyclades_e2e::{LONG, Look, SOON, Stage, eventually};
use ganeti_sim::{Fault, FaultKind, Latency, Matcher, Options};
use serde_json::json;

/// A cluster whose jobs take as long as on a real one.
fn real_pace() -> Options {
    Options { latency: Latency::Calibrated { scale: 1.0 }, ..Options::default() }
}

pub async fn deleted_while_its_create_runs_nothing_is_left(stage: &Stage) -> Result<()> {
    let space = stage.space("running").await?;
    let cluster = stage.undeclared_sim("running", real_pace())?;
    cluster.declare(json!({})).await?;
    cluster.backend.ready(SOON).await?;
    let machine = space.apply("web", cluster.here(json!({}))).await?;
    let instance = machine.instance().await?;
    let create = |job: &ganeti_sim::JobView| job.opcodes == ["OP_INSTANCE_CREATE"] && job.status == "running";
    cluster.until("the create runs", SOON, |sim| sim.jobs().iter().any(create)).await?;
    machine.delete().await?;
    object_goes_last(stage, &cluster.sim, &machine, &instance).await
}

/// The object must not go while there is an instance, or a job that makes one.
async fn object_goes_last(
    _stage: &Stage,
    sim: &ganeti_sim::Sim,
    machine: &cyclades_e2e::Machine<'_>,
    instance: &str,
) -> Result<()> {
    eventually("the object is gone", LONG, async || {
        let unfinished =
            sim.jobs().iter().any(|job| job.instance.as_deref() == Some(instance) && !job.is_final());
        let left = sim.instance(instance).is_some() || unfinished;
        match machine.find().await? {
            None => {
                ensure!(!left, "the object went before its instance: {:?}", sim.jobs());
                Ok(Look::Is(()))
            }
            Some(_) => Ok(Look::NotYet(format!("{:?}", sim.jobs()))),
        }
    })
    .await?;
    ensure!(sim.instance(instance).is_none(), "it is left");
    Ok(())
}

/// More creates than Ganeti runs at once: most are queued, there or here, when their machines are deleted.
pub async fn deleted_while_their_creates_are_queued_nothing_is_left(stage: &Stage) -> Result<()> {
    const MANY: usize = 40;
    let space = stage.space("queued").await?;
    let options = Options { latency: Latency::Calibrated { scale: 0.7 }, ..Options::default() };
    let cluster = stage.undeclared_sim("queued", options)?;
    cluster.declare(json!({"limits": {"jobsInFlight": 25, "vcpusPerCpu": 1000}})).await?;
    cluster.backend.ready(SOON).await?;
    let manifests: Vec<_> =
        (0..MANY).map(|n| space.manifest(&format!("vm-{n}"), cluster.here(json!({})))).collect();
    stage.apply(&manifests).await?;
    let queued = |sim: &ganeti_sim::Sim| sim.jobs().iter().any(|job| job.status == "queued");
    cluster.until("jobs are queued", SOON, queued).await?;
    stage.kubectl(&["delete", "vm", "--all", "-n", space.namespace(), "--timeout=90s"]).await?;
    ensure!(cluster.sim.instance_count() == 0, "{:?}", cluster.sim.instances());
    ensure!(cluster.sim.jobs().iter().all(ganeti_sim::JobView::is_final), "jobs are left");
    let jobs = cluster.sim.jobs();
    let made = jobs.iter().filter(|job| job.opcodes == ["OP_INSTANCE_CREATE"]).count();
    ensure!(made < MANY, "those that waited for a slot were not submitted any more");
    Ok(())
}

/// A create that is deleted while its answer is lost.
pub async fn deleted_while_the_answer_to_its_create_is_lost_nothing_is_left(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("lost").await?, stage.sim("lost").await?);
    let matcher = Matcher::opcode("OP_INSTANCE_CREATE");
    cluster.sim.add_fault(Fault::once(FaultKind::CutAfterEffect, matcher));
    let machine = space.apply("web", cluster.here(json!({}))).await?;
    cluster.until("it is made", SOON, |sim| sim.instance_count() == 1).await?;
    machine.delete().await?;
    machine.gone(LONG).await?;
    ensure!(cluster.sim.instance_count() == 0, "{:?}", cluster.sim.instances());
    Ok(())
}

pub async fn a_backend_with_machines_is_held_and_says_so(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("held").await?, stage.sim("held").await?);
    let machine = cluster.running(&space, "web").await?;
    stage.kubectl(&["delete", "ganetibackend", cluster.backend.name(), "--wait=false"]).await?;
    let message = cluster.backend.not_ready(Reason::MachinesPlaced, SOON).await?;
    ensure!(message.contains("1 VirtualMachine") && message.contains("kubectl get vm -A"), "{message}");
    let select = format!("spec.backendName={}", cluster.backend.name());
    ensure!(message.contains(&select), "the command that finds them: {message}");
    let found = stage.kubectl(&["get", "vm", "-A", "--field-selector", &select, "-o", "name"]).await?;
    ensure!(found.lines().count() == 1, "{found}");
    // It is worked with as ever, or its machines could not go.
    machine.power("Stopped").await?;
    machine.ready_and(ObservedPower::Stopped, SOON).await?;
    machine.delete().await?;
    machine.gone(SOON).await?;
    eventually("the backend is gone", SOON, async || {
        let left = cluster.backend.find().await?;
        Ok(if left.is_none() { Look::Is(()) } else { Look::NotYet("it is there".to_owned()) })
    })
    .await
}

pub async fn with_its_secret_gone_a_deletion_says_what_it_waits_for(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("order").await?, stage.sim("order").await?);
    let machine = cluster.running(&space, "web").await?;
    stage.kubectl(&["delete", "secret", cluster.backend.name(), "-n", NAMESPACE]).await?;
    cluster.backend.not_ready(Reason::CredentialsMissing, SOON).await?;
    machine.delete().await?;
    let message = machine.not_ready(Reason::BackendNotReady, SOON).await?;
    let secret = format!("Secret {}", cluster.backend.name());
    ensure!(message.contains(&secret) && message.contains("create it"), "cause and cure: {message}");
    ensure!(cluster.sim.instance_count() == 1, "the instance is there still");
    stage.apply(&[cluster.secret()]).await?;
    machine.gone(SOON).await?;
    ensure!(cluster.sim.instance_count() == 0, "{:?}", cluster.sim.instances());
    Ok(())
}

pub async fn with_its_backend_object_gone_a_deletion_says_what_it_waits_for(stage: &Stage) -> Result<()> {
    let space = stage.space("nobackend").await?;
    let cluster = stage.undeclared_sim("nobackend", Options::default())?;
    // Pinned to what never existed: no finalizer yet, so it may go.
    let never = space.apply("never", cluster.here(json!({}))).await?;
    never.not_ready(Reason::BackendNotFound, SOON).await?;
    never.delete().await?;
    never.gone(SOON).await
}

/// A cluster that burnt down: its machines wait for it, until an administrator says that it does not come back.
pub async fn a_cluster_that_is_gone_for_good_holds_nothing(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("forget").await?, stage.sim("forget").await?);
    let (web, db) = (cluster.running(&space, "web").await?, cluster.running(&space, "db").await?);
    cluster.sim.add_fault(Fault::always(FaultKind::Refuse));
    cluster.backend.not_ready(Reason::Unreachable, LONG).await?;
    web.delete().await?;
    web.not_ready(Reason::BackendNotReady, SOON).await?;
    stage.kubectl(&["annotate", "gbe", cluster.backend.name(), "cyclades.io/forget=true"]).await?;
    web.gone(SOON).await?;
    let message = db.stalled(Reason::BackendForgotten, SOON).await?;
    ensure!(message.contains("delete this object"), "the cure: {message}");
    cluster.backend.not_ready(Reason::BackendForgotten, SOON).await?;
    db.delete().await?;
    db.gone(SOON).await?;
    stage.kubectl(&["delete", "gbe", cluster.backend.name(), "--timeout=30s"]).await.map(drop)
}

pub async fn a_namespace_with_machines_goes_and_their_instances_first(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("whole").await?, stage.sim("whole").await?);
    let manifests: Vec<_> =
        (0..5).map(|n| space.manifest(&format!("vm-{n}"), cluster.here(json!({})))).collect();
    stage.apply(&manifests).await?;
    for number in 0..5 {
        space.machine(&format!("vm-{number}")).ready(SOON).await?;
    }
    stage.kubectl(&["delete", "namespace", space.namespace(), "--timeout=60s"]).await?;
    ensure!(cluster.sim.instance_count() == 0, "{:?}", cluster.sim.instances());
    Ok(())
}

/// Removed by hand in Ganeti: it is not made again behind its owner's back, and its object may go.
pub async fn a_machine_that_vanished_is_lost_until_its_owner_says_otherwise(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("vanish").await?, stage.sim("vanish").await?);
    let machine = cluster.running(&space, "web").await?;
    // One of several: an inventory that is all gone is not believed at once.
    cluster.running(&space, "other").await?;
    let instance = machine.instance().await?;
    cluster.sim.admin_remove(&instance)?;
    let message = machine.stalled(Reason::InstanceLost, SOON).await?;
    ensure!(message.contains("onMissing: Recreate"), "the cure: {message}");
    let status = machine.object().await?.status.context("a status")?;
    ensure!(status.power_state == Some(ObservedPower::Lost), "{status:?}");
    cluster.polls(4).await?;
    ensure!(cluster.sim.instance_count() == 1, "it was made again");
    machine.patch(&json!({"spec": {"onMissing": "Recreate"}})).await?;
    machine.ready(SOON).await?;
    let now = machine.object().await?.status.context("a status")?;
    ensure!(now.instance_uuid != status.instance_uuid, "a new instance has a new uuid");

    cluster.sim.admin_remove(&instance)?;
    machine.delete().await?;
    machine.gone(SOON).await
}

/// A guest that takes its time to shut down does not hold up the creation of others.
pub async fn slow_removals_leave_room_for_creates(stage: &Stage) -> Result<()> {
    let space = stage.space("lanes").await?;
    let cluster = stage.undeclared_sim("lanes", real_pace())?;
    cluster.declare(json!({"limits": {"jobsInFlight": 4, "vcpusPerCpu": 1000}})).await?;
    cluster.backend.ready(SOON).await?;
    let manifests: Vec<_> =
        (0..8).map(|n| space.manifest(&format!("old-{n}"), cluster.here(json!({})))).collect();
    stage.apply(&manifests).await?;
    for number in 0..8 {
        space.machine(&format!("old-{number}")).ready(LONG).await?;
    }
    stage.kubectl(&["delete", "vm", "--all", "-n", space.namespace(), "--wait=false"]).await?;
    let new = space.apply("new", cluster.here(json!({}))).await?;
    new.ready(Duration::from_secs(20)).await?;
    Ok(())
}
