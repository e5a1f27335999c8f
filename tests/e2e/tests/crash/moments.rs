//! Killed at one moment, step by step.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use cyclades_crds::{condition::Reason, virtual_machine::ObservedPower};
use cyclades_e2e::{LONG, Machine, Proxy, SOON, SimCluster, Space, Stage};
use ganeti_sim::{Fault, FaultKind, JobView, Matcher, Options, Sim};
use serde_json::json;

use crate::{kill, start};

/// The steps of a life, as opcodes.
const STEPS: [&str; 4] =
    ["OP_INSTANCE_CREATE", "OP_INSTANCE_SHUTDOWN", "OP_INSTANCE_STARTUP", "OP_INSTANCE_REMOVE"];

/// Has the owner ask for a step.
async fn ask<'a>(space: &Space<'a>, cluster: &SimCluster<'_>, step: &str) -> Result<Machine<'a>> {
    let machine = space.machine("web");
    match step {
        "OP_INSTANCE_CREATE" => drop(space.apply("web", cluster.here(json!({}))).await?),
        "OP_INSTANCE_SHUTDOWN" => machine.power("Stopped").await?,
        "OP_INSTANCE_STARTUP" => machine.power("Running").await?,
        _ => machine.delete().await?,
    }
    Ok(machine)
}

/// Waits until a step has come to its end.
async fn end(machine: &Machine<'_>, step: &str) -> Result<()> {
    match step {
        "OP_INSTANCE_SHUTDOWN" => machine.ready_and(ObservedPower::Stopped, LONG).await.map(drop),
        "OP_INSTANCE_REMOVE" => machine.gone(LONG).await,
        _ => machine.ready_and(ObservedPower::Running, LONG).await.map(drop),
    }
}

fn once(jobs: &[JobView], step: &str) -> Result<()> {
    let ends: Vec<_> = jobs.iter().map(|job| (job.status, job.results.clone())).collect();
    ensure!(jobs.len() == 1 && jobs[0].status == "success", "{step}: {ends:?}");
    Ok(())
}

/// Ganeti has accepted the job, its answer is on the way, and the operator dies.
pub async fn killed_between_submit_and_answer_each_step_happens_once(stage: &Stage) -> Result<()> {
    let space = stage.space("answer").await?;
    let cluster = stage.undeclared_sim("answer", Options::default())?;
    let line = Proxy::to(&cluster.sim.address().to_string()).await?;
    cluster.declare(json!({"endpoints": [line.url()]})).await?;
    cluster.backend.ready(SOON).await?;
    let mut instance = String::new();
    for step in STEPS {
        line.hold();
        let machine = ask(&space, &cluster, step).await?;
        if instance.is_empty() {
            instance = machine.instance().await?;
        }
        let there = |sim: &Sim| sim.jobs().iter().any(|job| job.opcodes == [step]);
        cluster.until(step, SOON, there).await?;
        kill(stage).await?;
        line.pass();
        start(stage).await?;
        end(&machine, step).await.with_context(|| step.to_owned())?;
        once(&cluster.jobs_on(&instance, step), step)?;
    }
    ensure!(cluster.sim.instance_count() == 0, "{:?}", cluster.sim.instances());
    Ok(())
}

/// The request is on the way when the operator dies, and never arrives.
pub async fn killed_before_the_request_arrives_each_step_happens_once(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("request").await?, stage.sim("request").await?);
    let mut instance = String::new();
    for step in STEPS {
        let hang = Fault::once(FaultKind::Hang(Duration::from_secs(60)), Matcher::opcode(step));
        let fault = cluster.sim.add_fault(hang);
        let before = cluster.sim.requests().changes;
        let machine = ask(&space, &cluster, step).await?;
        if instance.is_empty() {
            instance = machine.instance().await?;
        }
        // The backend's own check of its rights is a change, too: what hangs is the one after which nothing is done.
        cluster.until("the request is there", SOON, |sim| sim.requests().changes > before).await?;
        cyclades_e2e::eventually("the operator has sent it", SOON, async || {
            let flying = stage.metric("cyclades_jobs_in_flight", &[cluster.backend.name()]).await?;
            Ok(if flying >= 1.0 {
                cyclades_e2e::Look::Is(())
            } else {
                cyclades_e2e::Look::NotYet("no".to_owned())
            })
        })
        .await?;
        kill(stage).await?;
        cluster.sim.remove_fault(fault);
        ensure!(cluster.jobs_on(&instance, step).is_empty(), "it was not to arrive");
        start(stage).await?;
        end(&machine, step).await.with_context(|| step.to_owned())?;
        once(&cluster.jobs_on(&instance, step), step)?;
    }
    ensure!(cluster.sim.instance_count() == 0, "{:?}", cluster.sim.instances());
    Ok(())
}

/// A hot-plug that fails while the operator is down is told by the next one; a restart by hand in the meantime is seen.
pub async fn a_disk_that_was_not_plugged_in_meanwhile_is_told(stage: &Stage) -> Result<()> {
    let space = stage.space("plug").await?;
    let hypervisors = vec!["kvm".to_owned()];
    let cluster = stage.undeclared_sim("plug", Options { hypervisors, ..Options::default() })?;
    let line = Proxy::to(&cluster.sim.address().to_string()).await?;
    cluster.declare(json!({"endpoints": [line.url()]})).await?;
    cluster.backend.ready(SOON).await?;
    let flavor = space.namespace();
    let shape = json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "Flavor", "metadata": {"name": flavor},
        "spec": {"vcpus": 1, "memory": "16Mi", "disk": "16Mi", "volumeTypeRef": {"name": "file"}},
    });
    stage.apply(&[shape]).await?;
    for is_restarted in [false, true] {
        let name = if is_restarted { "restarted" } else { "web" };
        let machine = space.apply(name, cluster.here(json!({"flavorRef": {"name": flavor}}))).await?;
        machine.ready_and(ObservedPower::Running, LONG).await?;
        let instance = machine.instance().await?;
        let modify = "OP_INSTANCE_SET_PARAMS";
        cluster.sim.add_fault(Fault::once(FaultKind::HotplugFailed, Matcher::opcode(modify)));
        line.hold();
        machine.patch(&json!({"spec": {"disks": [{"name": "data", "size": "16Mi"}]}})).await?;
        let ended =
            |sim: &Sim| sim.instance(&instance).is_some_and(|instance| instance.disks_mib == [16, 16]);
        cluster.until("the disk is made", SOON, ended).await?;
        kill(stage).await?;
        line.pass();
        if is_restarted {
            cluster.sim.admin_shutdown(&instance)?;
            cluster.sim.admin_startup(&instance)?;
            let runs = |sim: &Sim| sim.jobs().last().is_some_and(|job| job.status == "success");
            cluster.until("it is restarted by hand", SOON, runs).await?;
        }
        start(stage).await?;
        if is_restarted {
            machine.ready_and(ObservedPower::Running, LONG).await?;
        } else {
            let message = machine.not_ready(Reason::HotplugFailed, LONG).await?;
            ensure!(message.contains("Stop and start it"), "{message}");
        }
        once(&cluster.jobs_on(&instance, modify), modify)?;
    }
    Ok(())
}

/// What a failed create has left is not taken for a machine by the operator that comes after.
pub async fn killed_after_a_create_failed_half_way_nothing_half_made_is_left(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("half").await?, stage.sim("half").await?);
    let kind = FaultKind::JobError {
        class: "OpExecError".to_owned(),
        message: "the disk said no".to_owned(),
        ecode: None,
        leaves_instance: true,
    };
    cluster.sim.add_fault(Fault::once(kind, Matcher::opcode("OP_INSTANCE_CREATE")));
    // And its removal does not come through while this operator lives.
    let removals = Matcher::opcode("OP_INSTANCE_REMOVE");
    let stuck = Fault { kind: FaultKind::CloseBeforeEffect, matcher: removals, times: None };
    let stuck = cluster.sim.add_fault(stuck);
    let machine = space.apply("web", cluster.here(json!({}))).await?;
    let instance = machine.instance().await?;
    let failed = |sim: &Sim| sim.jobs().iter().any(|job| job.status == "error");
    cluster.until("the create fails", SOON, failed).await?;
    kill(stage).await?;
    cluster.sim.remove_fault(stuck);
    let half = cluster.sim.instance(&instance).context("what is left")?;
    start(stage).await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    let whole = cluster.sim.instance(&instance).context("the instance")?;
    ensure!(whole.uuid != half.uuid, "what was half made is called a machine: {whole:?}");
    let starts = cluster.jobs_on(&instance, "OP_INSTANCE_STARTUP");
    ensure!(starts.is_empty(), "what was half made was started: {starts:?}");
    Ok(())
}

/// Whoever is listed first after a restart: an id stays with the machine whose instance exists.
pub async fn an_id_stays_with_its_machine_over_a_restart(stage: &Stage) -> Result<()> {
    let cluster = stage.sim("theft").await?;
    // Listed before the victim by its namespace, and older than nothing.
    let (thief_space, space) = (stage.space("a-thief").await?, stage.space("victim").await?);
    let id = uuid::Uuid::new_v4().to_string();
    let victim = space.apply("web", cluster.here(json!({"id": id}))).await?;
    victim.ready(SOON).await?;
    let thief = thief_space.apply("web", cluster.here(json!({"id": id}))).await?;
    thief.stalled(Reason::InvalidSpec, SOON).await?;
    let before = cluster.sim.instances();
    kill(stage).await?;
    start(stage).await?;
    cluster.backend.ready(SOON).await?;
    cluster.polls(3).await?;
    thief.delete().await?;
    thief.gone(SOON).await?;
    cluster.polls(2).await?;
    ensure!(cluster.sim.instances() == before, "the instance was touched: {:?}", cluster.sim.instances());
    victim.ready(SOON).await.map(drop)
}

/// SIGTERM ends it within what a kubelet allows, with a request in flight too; nothing is lost by it.
pub async fn stopped_gracefully_it_ends_in_time(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("term").await?, stage.sim("term").await?);
    let slow = Fault::once(FaultKind::Slow(Duration::from_secs(2)), Matcher::opcode("OP_INSTANCE_CREATE"));
    cluster.sim.add_fault(slow);
    let before = cluster.sim.requests().creates;
    let machine = space.apply("web", cluster.here(json!({}))).await?;
    cluster.until("the create is asked for", SOON, |sim| sim.requests().creates > before).await?;
    let begun = Instant::now();
    let gracefully = stage.bed_mut().await.operator()?.stop().await?;
    let took = begun.elapsed();
    ensure!(gracefully && took < Duration::from_secs(10), "gracefully: {gracefully}, in {took:?}");
    start(stage).await?;
    machine.ready(LONG).await?;
    once(&cluster.jobs_on(&machine.instance().await?, "OP_INSTANCE_CREATE"), "create")
}

/// The kind's definition, with one more value for `powerState` or without it.
async fn allow(stage: &Stage, odd: bool) -> Result<()> {
    let path = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/powerState/enum";
    let values = if odd { json!(["Running", "Stopped", "Odd"]) } else { json!(["Running", "Stopped"]) };
    let patch = json!([{"op": "replace", "path": path, "value": values}]).to_string();
    let crd = "crd/virtualmachines.cyclades.io";
    stage.kubectl(&["patch", crd, "--type", "json", "-p", &patch]).await.map(drop)
}

/// An object that an API server of another version let through stops no watch: others are served, before and after a
/// restart, and it goes like any other.
pub async fn an_object_that_does_not_parse_stops_nobody(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("odd").await?, stage.sim("odd").await?);
    allow(stage, true).await?;
    cyclades_e2e::eventually("the odd object is taken", SOON, async || {
        Ok(match space.apply("odd", cluster.here(json!({"powerState": "Odd"}))).await {
            Ok(_) => cyclades_e2e::Look::Is(()),
            Err(error) => cyclades_e2e::Look::NotYet(format!("{error:#}")),
        })
    })
    .await?;
    cluster.running(&space, "before").await?;
    ensure!(stage.metric("cyclades_unparsed_objects_total", &[]).await? >= 1.0, "it is counted");
    ensure!(stage.operator_log().contains("does not parse"), "it is logged");
    kill(stage).await?;
    start(stage).await?;
    cluster.running(&space, "after").await?;
    stage.kubectl(&["delete", "vm", "odd", "-n", space.namespace(), "--timeout=20s"]).await?;
    allow(stage, false).await
}
