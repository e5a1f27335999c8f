//! Power, paused objects, and what others do to machines.

use anyhow::{Context as _, Result, ensure};
use cyclades_crds::{condition::Reason, virtual_machine::ObservedPower};
use cyclades_e2e::{SOON, Stage};
use ganeti_sim::{NodeSpec, Options};
use serde_json::{Value, json};

/// A guest that powers itself off is respected like an administrator who stops it.
pub async fn a_guest_that_powers_off_is_respected_under_follow(stage: &Stage) -> Result<()> {
    let space = stage.space("guest").await?;
    let cluster = stage.undeclared_sim("guest", Options { user_shutdown: true, ..Options::default() })?;
    cluster.declare(json!({})).await?;
    cluster.backend.ready(SOON).await?;
    let machine = cluster.running(&space, "web").await?;
    let instance = machine.instance().await?;
    cluster.sim.user_down(&instance)?;
    machine.not_ready(Reason::StoppedOutside, SOON).await?;
    cluster.polls(3).await?;
    ensure!(cluster.jobs_on(&instance, "OP_INSTANCE_STARTUP").is_empty(), "it was started again");
    machine.patch(&json!({"spec": {"powerPolicy": "Enforce"}})).await?;
    machine.ready_and(ObservedPower::Running, SOON).await.map(drop)
}

/// The one poll after which a stop by hand is seen: the administrator's job is in the feed, a second apart here.
pub async fn a_stop_by_hand_is_seen_within_a_poll(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("seen").await?, stage.sim("seen").await?);
    let machine = cluster.running(&space, "web").await?;
    let instance = machine.instance().await?;
    cluster.sim.admin_shutdown(&instance)?;
    let stopped = std::time::Instant::now();
    machine.not_ready(Reason::StoppedOutside, SOON).await?;
    ensure!(stopped.elapsed() < std::time::Duration::from_secs(4), "seen after {:?}", stopped.elapsed());
    Ok(())
}

/// A paused machine is left alone, its deletion too, and what was missed is done when it goes on.
pub async fn a_paused_machine_is_left_alone(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("paused").await?, stage.sim("paused").await?);
    let machine = cluster.running(&space, "web").await?;
    let pause = |value: Value| json!({"metadata": {"annotations": {"cyclades.io/paused": value}}});
    machine.patch(&pause(json!("true"))).await?;
    let jobs = cluster.sim.last_job();
    machine.power("Stopped").await?;
    let message = machine.not_ready(Reason::Paused, SOON).await?;
    ensure!(message.contains("cyclades.io/paused"), "the cure: {message}");
    cluster.polls(2).await?;
    machine.delete().await?;
    cluster.polls(2).await?;
    ensure!(cluster.sim.last_job() == jobs, "{:?}", cluster.sim.jobs_above(jobs));
    ensure!(machine.find().await?.is_some(), "the object is there");
    machine.patch(&pause(Value::Null)).await?;
    machine.gone(SOON).await?;
    ensure!(cluster.sim.instance_count() == 0, "{:?}", cluster.sim.instances());
    Ok(())
}

/// A paused namespace has all its machines left alone, those that are made in it and their deletion too; a machine of
/// another one notices nothing.
pub async fn a_paused_namespace_is_left_alone(stage: &Stage) -> Result<()> {
    let (space, other, cluster) =
        (stage.space("asleep").await?, stage.space("awake").await?, stage.sim("asleep").await?);
    let machine = cluster.running(&space, "web").await?;
    let leaving = cluster.running(&space, "leaving").await?;
    let pause = async |value: &str| {
        stage.kubectl(&["label", "namespace", space.namespace(), value, "--overwrite"]).await.map(drop)
    };
    pause("cyclades.io/paused=true").await?;
    for machine in [&machine, &leaving] {
        let message = machine.not_ready(Reason::Paused, SOON).await?;
        ensure!(message.contains("namespace is paused by label cyclades.io/paused"), "the cure: {message}");
    }
    let jobs = cluster.sim.last_job();
    machine.power("Stopped").await?;
    leaving.delete().await?;
    let made = space.apply("made", cluster.here(json!({}))).await?;
    made.not_ready(Reason::Paused, SOON).await?;
    cluster.polls(2).await?;
    ensure!(cluster.sim.last_job() == jobs, "{:?}", cluster.sim.jobs_above(jobs));
    ensure!(leaving.find().await?.is_some(), "the object is there");
    cluster.running(&other, "web").await?;

    pause("cyclades.io/paused=false").await?;
    machine.ready_and(ObservedPower::Stopped, SOON).await?;
    leaving.gone(SOON).await?;
    made.ready_and(ObservedPower::Running, SOON).await?;
    pause("cyclades.io/paused=true").await?;
    made.not_ready(Reason::Paused, SOON).await?;
    pause("cyclades.io/paused-").await?;
    made.ready_and(ObservedPower::Running, SOON).await.map(drop)
}

/// A backend that is paused is left alone with all its machines.
pub async fn a_paused_backend_is_not_asked_anything(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("still").await?, stage.sim("still").await?);
    let machine = cluster.running(&space, "web").await?;
    let pause = |value: Value| json!({"metadata": {"annotations": {"cyclades.io/paused": value}}});
    cluster.backend.patch(&pause(json!("true"))).await?;
    cluster.backend.not_ready(Reason::Paused, SOON).await?;
    let asked = cluster.sim.requests().total;
    machine.power("Stopped").await?;
    let message = machine.not_ready(Reason::BackendNotReady, SOON).await?;
    ensure!(message.contains("cyclades.io/paused"), "the cause: {message}");
    ensure!(cluster.sim.requests().total == asked, "it was asked");
    cluster.backend.patch(&pause(Value::Null)).await?;
    machine.ready_and(ObservedPower::Stopped, SOON).await.map(drop)
}

/// A tenant's name, however long and odd, makes tags that Ganeti takes.
pub async fn long_names_make_tags_that_ganeti_takes(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("long").await?, stage.sim("long").await?);
    let name = "n".repeat(63);
    let machine = cluster.running(&space, &name).await?;
    let instance = cluster.sim.instance(&machine.instance().await?).context("an instance")?;
    ensure!(instance.tags.contains(&format!("cyclades:name:{name}")), "{:?}", instance.tags);
    Ok(())
}

/// Migration and failover inside Ganeti are its administrator's business: the node is shown, and nothing else happens. The
/// real cluster of these tests has one node, so this is here.
pub async fn a_machine_that_moves_is_followed(stage: &Stage) -> Result<()> {
    let space = stage.space("moves").await?;
    let names = ["node1.sim.example.com", "node2.sim.example.com"];
    let nodes = names.map(NodeSpec::large).to_vec();
    let cluster = stage.undeclared_sim("moves", Options { nodes, ..Options::default() })?;
    cluster.declare(json!({})).await?;
    cluster.backend.ready(SOON).await?;
    let machine = cluster.running(&space, "web").await?;
    let instance = machine.instance().await?;
    let from = machine.object().await?.status.and_then(|status| status.node).context("a node")?;
    let to = names.into_iter().find(|name| *name != from).context("another node")?.to_owned();
    for (node, migrates) in [(&to, true), (&from, false)] {
        let job = match migrates {
            true => cluster.sim.admin_migrate(&instance, node)?,
            false => cluster.sim.admin_failover(&instance, node)?,
        };
        cluster.until("it has moved", SOON, |sim| sim.job(job).is_some_and(|job| job.is_final())).await?;
        let moved = |object: &cyclades_crds::VirtualMachine| {
            object.status.as_ref().and_then(|status| status.node.as_ref()) == Some(node)
        };
        machine.until(&format!("on {node}"), SOON, moved).await?;
        machine.ready_and(ObservedPower::Running, SOON).await?;
        cluster.polls(3).await?;
        ensure!(cluster.sim.last_job() == job, "{:?}", cluster.sim.jobs_above(job));
    }
    Ok(())
}
