//! A rescue: a medium instead of the disk, and back.

use anyhow::{Context as _, Result, ensure};
use cyclades_crds::{condition::Reason, virtual_machine::ObservedPower};
use cyclades_e2e::{LONG, SOON, SimCluster, Space, Stage};
use ganeti_sim::Options;
use serde_json::{Value, json};

/// A cluster of kvm guests that boot from their disks, as those of a cloud do.
async fn kvm<'a>(stage: &'a Stage, name: &str, media: Value) -> Result<SimCluster<'a>> {
    let options = Options { hypervisors: vec!["kvm".to_owned()], ..Options::default() };
    let cluster = stage.undeclared_sim(name, options)?;
    cluster.declare(json!({ "rescueMedia": media })).await?;
    cluster.backend.ready(SOON).await?;
    Ok(cluster)
}

async fn medium(space: &Space<'_>, location: &str) -> Result<()> {
    space.stage().apply(&[space.image("grml", &json!({"cdrom": {"location": location}}))]).await
}

fn rescue(policy: &str) -> Value {
    json!({"rescue": {"imageRef": {"name": "grml"}}, "rescuePolicy": policy})
}

/// What an instance boots from is changed while it is stopped, and changed back; a medium that nobody asked for is shown.
pub async fn a_machine_is_rescued_and_boots_from_its_disk_again(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("rescue").await?, kvm(stage, "rescue", json!(["/srv/iso/"])).await?);
    let machine = cluster.running(&space, "web").await?;
    let instance = machine.instance().await?;
    // The cluster's default is a kernel of the node, as on any fresh Ganeti.
    let boots = |parameters: Value| cluster.sim.admin_set_hvparams(&instance, parameters);
    machine.patch(&json!({ "spec": rescue("WhenStopped") })).await?;
    machine.not_ready(Reason::ImageNotFound, SOON).await?;
    medium(&space, "/srv/iso/grml.iso").await?;
    let message = machine.stalled(Reason::RescueRefused, SOON).await?;
    ensure!(message.contains("kernel_path"), "{message}");
    // Set on the instance itself: an order, and a medium beside the disk. Both are given back.
    let own = json!({"kernel_path": "", "boot_order": "network", "cdrom_image_path": ""});
    boots(own.clone())?;

    machine.not_ready(Reason::RescuePending, SOON).await?;
    let jobs = cluster.sim.last_job();
    cluster.polls(3).await?;
    ensure!(cluster.sim.last_job() == jobs, "the running guest is left alone");
    machine.patch(&json!({ "spec": rescue("Restart") })).await?;
    machine.told("Rescuing", LONG).await?;
    let object = machine.ready_and(ObservedPower::Running, LONG).await?;
    let status = object.status.context("a status")?;
    ensure!(status.rescue.as_deref() == Some("grml"), "it says so");
    let before = status.boot_before_rescue.context("what it booted from")?;
    ensure!(before.boot_order.as_deref() == Some("network"), "{before:?}");
    let parameters = cluster.sim.instance(&instance).context("it is there")?.hvparams;
    ensure!(parameters["boot_order"] == "cdrom", "{parameters}");
    ensure!(parameters["cdrom_image_path"] == "/srv/iso/grml.iso", "{parameters}");

    machine.patch(&json!({"spec": {"rescue": null}})).await?;
    machine
        .until("out of rescue", LONG, |object| object.status.as_ref().is_some_and(|it| it.rescue.is_none()))
        .await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    let parameters = cluster.sim.instance(&instance).context("it is there")?.hvparams;
    ensure!(parameters == own, "as it was: {parameters}");

    boots(json!({"boot_order": "cdrom", "cdrom_image_path": "/srv/other.iso"}))?;
    let message = machine.not_ready(Reason::Drifted, SOON).await?;
    ensure!(message.contains("/srv/other.iso"), "{message}");
    Ok(())
}

/// What lies on the nodes may be anybody's: a medium is taken only from where the backend says.
pub async fn a_medium_that_is_not_allowed_is_refused_until_it_is(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("media").await?, kvm(stage, "media", json!([])).await?);
    let machine = cluster.running(&space, "web").await?;
    cluster.sim.admin_set_hvparams(&machine.instance().await?, json!({"kernel_path": ""}))?;
    medium(&space, "/srv/ganeti/file-storage/of-another/disk0").await?;
    machine.patch(&json!({ "spec": rescue("Restart") })).await?;
    let message = machine.stalled(Reason::RescueRefused, SOON).await?;
    ensure!(message.contains("spec.rescueMedia"), "the cure: {message}");
    medium(&space, "https://images.example.com/iso/grml.iso").await?;
    cluster.backend.patch(&json!({"spec": {"rescueMedia": ["https://images.example.com/iso/"]}})).await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    machine
        .until("in rescue", LONG, |object| object.status.as_ref().is_some_and(|it| it.rescue.is_some()))
        .await
        .map(drop)
}

/// A hypervisor that boots from no medium: said clearly, and nothing is done.
pub async fn only_kvm_can_be_rescued(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("fake").await?, stage.undeclared_sim("fake", Options::default())?);
    cluster.declare(json!({"rescueMedia": ["/srv/iso/"]})).await?;
    cluster.backend.ready(SOON).await?;
    let machine = cluster.running(&space, "web").await?;
    medium(&space, "/srv/iso/grml.iso").await?;
    let jobs = cluster.sim.last_job();
    machine.patch(&json!({ "spec": rescue("Restart") })).await?;
    let message = machine.stalled(Reason::RescueRefused, SOON).await?;
    ensure!(message.contains("only kvm does"), "{message}");
    ensure!(cluster.sim.last_job() == jobs, "nothing was done");
    machine.patch(&json!({"spec": {"rescue": null}})).await?;
    machine.ready_and(ObservedPower::Running, SOON).await.map(drop)
}
