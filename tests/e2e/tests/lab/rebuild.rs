//! Another image on a machine that exists, on a real Ganeti.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use cyclades_crds::{
    condition::Reason,
    virtual_machine::{ActionResult, LastAction, ObservedPower},
};
use cyclades_e2e::{LONG, Machine, SOON, Space, Stage};
use serde_json::{Value, json};

use crate::{FAKE, FAKE_BACKEND};

/// A machine with a disk, made from the space's own image.
async fn with_a_disk<'a>(space: &Space<'a>) -> Result<Machine<'a>> {
    let flavor = format!("{}-disk", space.namespace());
    let spec = json!({"vcpus": 1, "memory": "16Mi", "disk": "16Mi", "volumeTypeRef": {"name": "file"}});
    let manifest = json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "Flavor", "metadata": {"name": flavor}, "spec": spec,
    });
    space.stage().apply(&[manifest]).await?;
    let spec = json!({"backendName": FAKE_BACKEND, "flavorRef": {"name": flavor}});
    let machine = space.apply("web", spec).await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    Ok(machine)
}

/// Asks for a rebuild; `more` is laid over the spec.
async fn rebuild(machine: &Machine<'_>, id: &str, image: &str, more: Value) -> Result<()> {
    let mut spec = json!({"imageRef": {"name": image}, "action": {"id": id, "type": "Rebuild"}});
    if let (Value::Object(spec), Value::Object(more)) = (&mut spec, more) {
        spec.extend(more);
    }
    machine.patch(&json!({ "spec": spec })).await
}

/// Four jobs one after the other, beside those of all other cases.
const REBUILT_WITHIN: Duration = Duration::from_secs(240);

async fn ended(machine: &Machine<'_>, id: &str, result: ActionResult) -> Result<LastAction> {
    let last = |object: &cyclades_crds::VirtualMachine| {
        object.status.as_ref()?.last_action.clone().filter(|last| last.id == id && last.result == result)
    };
    let what = format!("through with action {id}: {result:?}");
    let object = machine.until(&what, REBUILT_WITHIN, |object| last(object).is_some()).await?;
    last(&object).context("it was there")
}

async fn image(machine: &Machine<'_>) -> Result<Option<String>> {
    Ok(machine.object().await?.status.context("a status")?.image)
}

/// The opcodes of all jobs on an instance, those of a job that has several by their first and their count.
async fn opcodes(stage: &Stage, instance: &str) -> Result<Vec<String>> {
    let jobs = stage.jobs(FAKE, instance).await?;
    Ok(jobs.into_iter().map(|job| job.summary.replace(&format!("({instance})"), "")).collect())
}

/// The image of the spec waits for a rebuild; it is installed once, with the user data of that moment.
pub async fn another_image_is_installed_once_for_each_id(stage: &Stage) -> Result<()> {
    let space = stage.space("rebuild").await?;
    let source = json!({"ganetiOS": {
        "name": "guest", "userDataParameter": "user_data", "parameters": {"greeting": "hello"},
    }});
    stage.apply(&[space.image("guest", &source)]).await?;
    let machine = with_a_disk(&space).await?;
    let instance = machine.instance().await?;
    ensure!(image(&machine).await?.as_deref() == Some("noop"), "the image that it was made from");
    let before = stage.row(FAKE, &instance, "disk.uuids,disk.sizes,uuid").await?;

    machine.patch(&json!({"spec": {"imageRef": {"name": "guest"}}})).await?;
    let message = machine.not_ready(Reason::RebuildPending, SOON).await?;
    ensure!(message.contains("set spec.action {id, type: Rebuild}"), "the cure: {message}");
    stage.polls(FAKE_BACKEND, 3, LONG).await?;
    ensure!(opcodes(stage, &instance).await? == ["INSTANCE_CREATE"], "nothing is done for it");

    rebuild(&machine, "1", "guest", json!({"userData": "#!one"})).await?;
    ended(&machine, "1", ActionResult::Done).await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    ensure!(image(&machine).await?.as_deref() == Some("guest"), "the image that is installed");
    let after = stage.row(FAKE, &instance, "disk.uuids,disk.sizes,uuid").await?;
    ensure!(after == before, "the same disk of the same instance: {after:?}, was {before:?}");
    let os = stage.row(FAKE, &instance, "os").await?.context("it is there")?;
    ensure!(os == ["guest"], "{os:?}");
    let received = {
        let bed = stage.bed().await;
        bed.cluster(FAKE)?.lab().context("a lab")?.os_environment(&instance)?
    };
    ensure!(received.get("OSP_GREETING").map(String::as_str) == Some("hello"), "{received:?}");
    ensure!(received.get("OSP_USER_DATA") == Some(&STANDARD.encode("#!one")), "{received:?}");
    machine.told("Rebuilt", SOON).await?;
    let jobs = opcodes(stage, &instance).await?;
    let wanted = [
        "INSTANCE_CREATE",
        "INSTANCE_SET_PARAMS",
        "INSTANCE_SHUTDOWN",
        "INSTANCE_SHUTDOWN,INSTANCE_REINSTALL",
        "INSTANCE_STARTUP",
    ];
    ensure!(jobs.iter().map(|job| job.replace(' ', "")).eq(wanted), "{jobs:?}");

    machine.patch(&json!({"spec": {"description": "applied again"}})).await?;
    machine.ready_and(ObservedPower::Running, SOON).await?;
    stage.polls(FAKE_BACKEND, 3, LONG).await?;
    ensure!(opcodes(stage, &instance).await? == jobs, "the same id is not done again");

    // Back to an OS that knows none of these parameters, and stopped all the while.
    machine.patch(&json!({"spec": {"userData": null, "action": {"id": "1b", "type": "Rebuild"}}})).await?;
    ended(&machine, "1b", ActionResult::Done).await?;
    machine.power("Stopped").await?;
    machine.ready_and(ObservedPower::Stopped, LONG).await?;
    rebuild(&machine, "2", "noop", json!({})).await?;
    ended(&machine, "2", ActionResult::Done).await?;
    machine.ready_and(ObservedPower::Stopped, LONG).await?;
    let parameters = stage.row(FAKE, &instance, "os,custom_osparams").await?.context("it is there")?;
    ensure!(parameters == ["noop", "{}"] || parameters == ["noop", ""], "{parameters:?}");
    Ok(())
}

/// What cannot be installed is told while the guest runs on; what fails half-way leaves it down until somebody says.
pub async fn a_mistake_shows_before_anything_is_lost(stage: &Stage) -> Result<()> {
    let space = stage.space("mistake").await?;
    stage
        .apply(&[
            space.image("unknown", &json!({"ganetiOS": {"name": "no-such-os"}})),
            space.image("broken", &json!({"ganetiOS": {"name": "fail-create"}})),
        ])
        .await?;
    let machine = with_a_disk(&space).await?;
    let instance = machine.instance().await?;

    rebuild(&machine, "1", "forgotten", json!({})).await?;
    machine.not_ready(Reason::ImageNotFound, SOON).await?;
    stage.polls(FAKE_BACKEND, 2, LONG).await?;
    ensure!(opcodes(stage, &instance).await? == ["INSTANCE_CREATE"], "it waits for the image");
    rebuild(&machine, "2", "unknown", json!({})).await?;
    let last = ended(&machine, "2", ActionResult::Failed).await?;
    let words = last.message.unwrap_or_default();
    ensure!(words.starts_with("Nothing was erased") && words.contains("no-such-os"), "{words}");
    let jobs = opcodes(stage, &instance).await?;
    ensure!(jobs == ["INSTANCE_CREATE", "INSTANCE_SET_PARAMS"], "the guest was left alone: {jobs:?}");
    machine.not_ready(Reason::RebuildPending, SOON).await?;

    rebuild(&machine, "3", "broken", json!({})).await?;
    let last = ended(&machine, "3", ActionResult::Failed).await?;
    let words = last.message.unwrap_or_default();
    ensure!(
        words.contains("fail-create") || words.contains("create script failed"),
        "Ganeti's words: {words}"
    );
    machine.stalled(Reason::RebuildFailed, SOON).await?;
    stage.polls(FAKE_BACKEND, 3, LONG).await?;
    stage.field(FAKE, &instance, ("status", "ADMIN_down"), SOON).await?;
    ensure!(image(&machine).await?.is_none(), "nobody knows what is on it");
    machine.told("ActionFailed", SOON).await?;

    machine.patch(&json!({"spec": {"protected": true}})).await?;
    let refused = rebuild(&machine, "4", "noop", json!({})).await;
    ensure!(refused.is_err_and(|error| error.to_string().contains("spec.protected")), "it is protected");
    rebuild(&machine, "5", "noop", json!({"protected": false})).await?;
    ended(&machine, "5", ActionResult::Done).await?;
    machine.ready_and(ObservedPower::Running, LONG).await.map(drop)
}

/// A machine without a disk has nothing to install an image on.
pub async fn what_has_no_disk_is_not_rebuilt(stage: &Stage) -> Result<()> {
    let space = stage.space("diskless").await?;
    let machine = space.apply("web", json!({"backendName": FAKE_BACKEND})).await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    rebuild(&machine, "1", "noop", json!({})).await?;
    let last = ended(&machine, "1", ActionResult::Declined).await?;
    ensure!(last.message.is_some_and(|why| why.contains("no disk")), "it says why");
    machine.ready_and(ObservedPower::Running, SOON).await?;
    ensure!(opcodes(stage, &machine.instance().await?).await? == ["INSTANCE_CREATE"], "nothing was done");
    Ok(())
}
