//! What Ganeti refuses, and what is not ours.

use anyhow::{Context as _, Result, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use cyclades_crds::condition::Reason;
use cyclades_e2e::{LONG, SOON, Stage};
use serde_json::{Value, json};

use crate::{FAKE, FAKE_BACKEND};

fn flavor(name: &str, memory: &str, volume_type: &str, disk: &str) -> Value {
    json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "Flavor", "metadata": {"name": name},
        "spec": {"vcpus": 1, "memory": memory, "disk": disk, "volumeTypeRef": {"name": volume_type}},
    })
}

/// Too big for the cluster: Ganeti's own words, no storm of retries, and another flavor is the cure.
pub async fn a_machine_too_big_says_so_in_ganetis_words(stage: &Stage) -> Result<()> {
    let space = stage.space("big").await?;
    let big = format!("{}-big", space.namespace());
    stage.apply(&[flavor(&big, "900Gi", "diskless", "0")]).await?;
    let machine =
        space.apply("web", json!({"backendName": FAKE_BACKEND, "flavorRef": {"name": big}})).await?;
    let message = machine.not_ready(Reason::InsufficientCapacity, LONG).await?;
    ensure!(message.contains("FailMem") || message.contains("insufficient"), "Ganeti's own words: {message}");
    let instance = machine.instance().await?;
    stage.polls(FAKE_BACKEND, 5, LONG).await?;
    let tries = stage.jobs(FAKE, &instance).await?.len();
    // Once more for each machine of another case that leaves the cluster meanwhile, which might have made room.
    ensure!((1..=4).contains(&tries), "{tries} jobs in five polls");
    machine.patch(&json!({"spec": {"flavorRef": {"name": "tiny"}}})).await?;
    machine.ready(LONG).await?;
    stage.field(FAKE, &instance, ("be/memory", "16"), SOON).await
}

/// A disk template that the cluster has not enabled.
pub async fn a_disk_template_that_is_not_enabled_is_refused_in_ganetis_words(stage: &Stage) -> Result<()> {
    let space = stage.space("template").await?;
    let name = format!("{}-drbd", space.namespace());
    let volume_type = json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "VolumeType", "metadata": {"name": name},
        "spec": {"diskTemplate": "Drbd"},
    });
    stage.apply(&[volume_type, flavor(&name, "16Mi", &name, "64Mi")]).await?;
    let machine =
        space.apply("web", json!({"backendName": FAKE_BACKEND, "flavorRef": {"name": name}})).await?;
    let object = machine
        .until("refused", LONG, |object| {
            let conditions = object.status.as_ref().map(|status| &status.conditions[..]).unwrap_or_default();
            conditions.iter().any(|it| it.message.contains("drbd") && it.message.contains("not enabled"))
        })
        .await?;
    let instance = machine.instance().await?;
    let tries = stage.jobs(FAKE, &instance).await?.len();
    stage.polls(FAKE_BACKEND, 5, LONG).await?;
    let later = stage.jobs(FAKE, &instance).await?.len();
    ensure!(later <= tries + 1, "{tries} jobs, then {later}: {object:?}");
    machine.patch(&json!({"spec": {"flavorRef": {"name": "tiny"}}})).await?;
    machine.ready(LONG).await.map(drop)
}

/// Synnefo's case S2, a build that failed: an OS whose scripts fail leaves an instance without a system: it is not called a machine, and does not stay.
pub async fn an_os_that_cannot_be_created_leaves_nothing(stage: &Stage) -> Result<()> {
    let space = stage.space("broken").await?;
    stage.apply(&[space.image("broken", &json!({"ganetiOS": {"name": "fail-create"}}))]).await?;
    let spec = json!({"backendName": FAKE_BACKEND, "imageRef": {"name": "broken"}, "flavorRef": {"name": "small-file"}});
    stage.apply(&[flavor("small-file", "16Mi", "file", "4Mi")]).await?;
    let machine = space.apply("web", spec).await?;
    let message = machine.not_ready(Reason::JobFailed, LONG).await?;
    ensure!(
        message.contains("OS create script failed") || message.contains("os create"),
        "Ganeti's words: {message}"
    );
    let status = machine.object().await?.status.context("a status")?;
    ensure!(status.instance_uuid.is_none(), "what has no system is no instance: {status:?}");
    // Another image is the cure, and the name is free for it.
    machine.patch(&json!({"spec": {"imageRef": {"name": "noop"}}})).await?;
    machine.ready(LONG).await?;
    let jobs = stage.jobs(FAKE, &machine.instance().await?).await?;
    let exists = jobs.iter().filter(|job| job.status == "error").count();
    ensure!(exists <= 3, "no loop: {jobs:?}");
    Ok(())
}

/// An instance of the wanted name that is not ours: never touched, and the machine says what to do.
pub async fn an_instance_of_that_name_is_left_alone(stage: &Stage) -> Result<()> {
    let space = stage.space("taken").await?;
    let id = uuid::Uuid::new_v4();
    let instance = format!("cyclades-{id}");
    let add = ["gnt-instance", "add", "-t", "diskless", "-o", "noop", "--no-name-check", "--no-ip-check"];
    stage.gnt(FAKE, &[&add[..], &["--net", "0:link=br0", "-B", "memory=16", &instance]].concat()).await?;
    let before = stage.row(FAKE, &instance, "serial_no,uuid,status,tags").await?;
    stage.polls(FAKE_BACKEND, 2, SOON).await?;

    let spec = json!({"backendName": FAKE_BACKEND, "id": id.to_string(), "powerState": "Stopped"});
    let machine = space.apply("web", spec).await?;
    let message = machine.stalled(Reason::InstanceNameTaken, SOON).await?;
    ensure!(message.contains(&instance) && message.contains("Rename or remove it there"), "{message}");
    stage.polls(FAKE_BACKEND, 3, LONG).await?;
    machine.delete().await?;
    machine.gone(SOON).await?;
    ensure!(
        stage.row(FAKE, &instance, "serial_no,uuid,status,tags").await? == before,
        "it was touched: {before:?}"
    );
    let jobs = stage.jobs(FAKE, &instance).await?;
    ensure!(jobs.len() == 1, "only its own creation: {jobs:?}");
    stage.gnt(FAKE, &["gnt-instance", "remove", "--force", &instance]).await.map(drop)
}

/// OS parameters and user data reach the OS definition, whatever letters they have.
pub async fn user_data_reaches_the_os(stage: &Stage) -> Result<()> {
    let space = stage.space("data").await?;
    let source = json!({"ganetiOS": {
        "name": "guest", "userDataParameter": "user_data", "parameters": {"greeting": "a=b \"c,d\" $HOME"},
    }});
    let small = format!("{}-file", space.namespace());
    stage.apply(&[space.image("guest", &source), flavor(&small, "16Mi", "file", "4Mi")]).await?;
    let data = "#cloud-config\nhostname: wëb\npackages: [a=b, \"c,d\"]\n";
    let spec = json!({
        "backendName": FAKE_BACKEND, "imageRef": {"name": "guest"}, "flavorRef": {"name": small}, "userData": data,
    });
    let machine = space.apply("web", spec).await?;
    machine.ready(LONG).await?;
    let bed = stage.bed().await;
    let environment =
        bed.cluster(FAKE)?.lab().context("a lab")?.os_environment(&machine.instance().await?)?;
    let parameter = |name: &str| environment.get(name).map(String::as_str).unwrap_or_default();
    let received = STANDARD.decode(parameter("OSP_USER_DATA")).context("user data travels in base64")?;
    ensure!(received == data.as_bytes(), "{environment:?}");
    ensure!(parameter("OSP_GREETING") == "a=b \"c,d\" $HOME", "{environment:?}");
    Ok(())
}
