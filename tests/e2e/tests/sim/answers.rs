//! Lost answers and requests, one step after the other.

use anyhow::{Result, ensure};
use cyclades_crds::{
    VirtualMachine,
    virtual_machine::{ActionResult, ObservedPower},
};
use cyclades_e2e::{LONG, SOON, Stage};
use ganeti_sim::{Fault, FaultKind, JobView, Matcher};
use serde_json::json;

/// Exactly one of the jobs succeeded, and none failed because of another.
fn one_succeeded(jobs: &[JobView], what: &str) -> Result<()> {
    let ends: Vec<_> = jobs.iter().map(|job| job.status).collect();
    ensure!(ends == ["success"], "{what}: {ends:?}");
    Ok(())
}

/// Each of these steps in turn loses its answer after the effect, or is lost before it.
async fn a_life_with_losses(stage: &Stage, name: &str, kind: FaultKind, steps: &[&str]) -> Result<()> {
    let (space, cluster) = (stage.space(name).await?, stage.sim(name).await?);
    for step in steps {
        let opcode = format!("OP_INSTANCE_{step}");
        cluster.sim.add_fault(Fault::once(kind.clone(), Matcher::opcode(&opcode)));
        let machine = space.machine("web");
        let instance = match *step {
            "CREATE" => space.apply("web", cluster.here(json!({}))).await?.instance().await?,
            _ => machine.instance().await?,
        };
        match *step {
            "CREATE" => drop(machine.ready(LONG).await?),
            "SHUTDOWN" => {
                machine.power("Stopped").await?;
                machine.ready_and(ObservedPower::Stopped, LONG).await?;
            }
            "STARTUP" => {
                machine.power("Running").await?;
                machine.ready_and(ObservedPower::Running, LONG).await?;
            }
            _ => {
                machine.delete().await?;
                machine.gone(LONG).await?;
            }
        }
        one_succeeded(&cluster.jobs_on(&instance, &opcode), step)?;
    }
    ensure!(cluster.sim.instance_count() == 0, "{:?}", cluster.sim.instances());
    Ok(())
}

pub async fn every_lost_answer_is_found(stage: &Stage) -> Result<()> {
    let steps = ["CREATE", "SHUTDOWN", "STARTUP", "REMOVE"];
    a_life_with_losses(stage, "answers", FaultKind::CutAfterEffect, &steps).await
}

/// A request that never arrived is looked for a while, since RAPI itself may still be sending it on.
pub async fn every_lost_request_is_repeated_once(stage: &Stage) -> Result<()> {
    a_life_with_losses(stage, "requests", FaultKind::CloseBeforeEffect, &["CREATE", "REMOVE"]).await
}

/// Has the request of a rebuild go wrong, waits for how it ends, and rebuilds once more.
async fn a_rebuild_with_a_loss(
    stage: &Stage,
    name: &str,
    kind: FaultKind,
    first: ActionResult,
) -> Result<()> {
    let (space, cluster) = (stage.space(name).await?, stage.sim(name).await?);
    let flavor = format!("{}-disk", space.namespace());
    let spec = json!({"vcpus": 1, "memory": "16Mi", "disk": "16Mi", "volumeTypeRef": {"name": "file"}});
    let manifest = json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "Flavor", "metadata": {"name": flavor}, "spec": spec,
    });
    stage.apply(&[manifest]).await?;
    let machine = space.apply("web", cluster.here(json!({"flavorRef": {"name": flavor}}))).await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    let instance = machine.instance().await?;
    let path = format!("/2/instances/{instance}/reinstall");
    cluster.sim.add_fault(Fault::once(kind, Matcher::request("POST", &path)));
    let sent = usize::from(first == ActionResult::Done);
    for (id, result, jobs) in [("1", first, sent), ("2", ActionResult::Done, sent + 1)] {
        machine.patch(&json!({"spec": {"action": {"id": id, "type": "Rebuild"}}})).await?;
        let is = |object: &VirtualMachine| {
            let last = object.status.as_ref().and_then(|status| status.last_action.as_ref());
            last.is_some_and(|last| last.id == id && last.result == result)
        };
        let object = machine.until(&format!("through with {id}: {result:?}"), LONG, is).await?;
        let told = object.status.and_then(|status| status.image);
        ensure!(told.is_some() == (result == ActionResult::Done), "{id}: {told:?} is said to be installed");
        machine.ready_and(ObservedPower::Running, LONG).await?;
        let reinstalls = cluster.jobs_on(&instance, "OP_INSTANCE_REINSTALL").len();
        ensure!(reinstalls == jobs, "{id}: {reinstalls} reinstalls");
    }
    Ok(())
}

pub async fn a_rebuild_whose_answer_is_lost_is_found_by_what_it_does(stage: &Stage) -> Result<()> {
    a_rebuild_with_a_loss(stage, "found", FaultKind::CutAfterEffect, ActionResult::Done).await
}

/// Whether it arrived cannot be known: nothing is erased twice for one id.
pub async fn a_rebuild_that_may_have_been_sent_is_not_sent_again(stage: &Stage) -> Result<()> {
    a_rebuild_with_a_loss(stage, "unsent", FaultKind::CloseBeforeEffect, ActionResult::Unknown).await
}

/// Whatever is asked, the machine ends as its owner said last.
pub async fn many_changes_of_mind_end_as_the_last_one_said(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("mind").await?, stage.sim("mind").await?);
    let machine = space.apply("web", cluster.here(json!({}))).await?;
    for state in ["Stopped", "Running", "Stopped", "Running", "Stopped"] {
        machine.power(state).await?;
    }
    machine.ready_and(ObservedPower::Stopped, SOON).await?;
    let instance = machine.instance().await?;
    ensure!(cluster.sim.instance(&instance).is_some_and(|it| it.admin_state == "down"), "it is up");
    one_succeeded(&cluster.jobs_on(&instance, "OP_INSTANCE_CREATE"), "create")
}
