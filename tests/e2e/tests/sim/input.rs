//! Bad input: what is missing or wrong is named, and the machine goes on by itself when it is cured.

use anyhow::{Context as _, Result, ensure};
use cyclades_crds::condition::Reason;
use cyclades_e2e::{LONG, SOON, Space, Stage};
use serde_json::{Value, json};

/// Well below the minute after which a waiting machine looks by itself: it was woken.
const WOKEN: std::time::Duration = std::time::Duration::from_secs(15);

fn flavor(name: &str, volume_type: &str, more: Value) -> Value {
    let mut spec = json!({"vcpus": 1, "memory": "16Mi", "volumeTypeRef": {"name": volume_type}});
    if let (Value::Object(spec), Value::Object(more)) = (&mut spec, more) {
        spec.extend(more);
    }
    json!({"apiVersion": "cyclades.io/v1alpha1", "kind": "Flavor", "metadata": {"name": name}, "spec": spec})
}

fn own(space: &Space<'_>, what: &str) -> String {
    format!("{}-{what}", space.namespace())
}

pub async fn a_missing_flavor_is_named_and_its_appearance_wakes(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("flavor").await?, stage.sim("flavor").await?);
    let name = own(&space, "late");
    let machine = space.apply("web", cluster.here(json!({"flavorRef": {"name": name}}))).await?;
    let message = machine.not_ready(Reason::FlavorNotFound, SOON).await?;
    ensure!(message.contains(&name) && message.contains("create it"), "{message}");
    let table = stage.kubectl(&["get", "vm", "web", "-n", space.namespace(), "-o", "wide"]).await?;
    ensure!(table.contains("FlavorNotFound"), "{table}");
    stage.apply(&[flavor(&name, "diskless", json!({}))]).await?;
    machine.ready(WOKEN).await.map(drop)
}

pub async fn a_missing_image_is_named_and_its_appearance_wakes(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("image").await?, stage.sim("image").await?);
    let machine = space.apply("web", cluster.here(json!({"imageRef": {"name": "late"}}))).await?;
    let message = machine.not_ready(Reason::ImageNotFound, SOON).await?;
    ensure!(message.contains("late") && message.contains(space.namespace()), "{message}");
    stage.apply(&[space.image("late", &json!({"ganetiOS": {"name": "noop"}}))]).await?;
    machine.ready(WOKEN).await.map(drop)
}

/// Without a pin, the scheduler is the one who waits.
pub async fn the_scheduler_waits_for_a_missing_flavor_too(stage: &Stage) -> Result<()> {
    let space = stage.space("unplaced").await?;
    let machine = space.apply("web", json!({"flavorRef": {"name": own(&space, "never")}})).await?;
    let message = machine.not_ready(Reason::FlavorNotFound, SOON).await?;
    ensure!(message.contains(&own(&space, "never")), "{message}");
    let object = machine.object().await?;
    ensure!(object.spec.backend_name.is_none(), "it was placed: {:?}", object.spec);
    // Nothing of ours is on it: it goes at once.
    machine.delete().await?;
    machine.gone(SOON).await
}

pub async fn a_missing_volume_type_is_told_by_flavor_and_machine(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("volume").await?, stage.sim("volume").await?);
    let (name, volume_type) = (own(&space, "f"), own(&space, "late"));
    stage.apply(&[flavor(&name, &volume_type, json!({}))]).await?;
    let machine = space.apply("web", cluster.here(json!({"flavorRef": {"name": name}}))).await?;
    let message = machine.not_ready(Reason::VolumeTypeNotFound, SOON).await?;
    ensure!(message.contains(&volume_type) && message.contains(&name), "{message}");
    let wait = |status: &str| format!("--for=condition=Ready={status}");
    stage.kubectl(&["wait", "flavor", &name, &wait("False"), "--timeout=20s"]).await?;
    stage
        .apply(&[json!({
            "apiVersion": "cyclades.io/v1alpha1", "kind": "VolumeType", "metadata": {"name": volume_type},
            "spec": {"diskTemplate": "Diskless"},
        })])
        .await?;
    stage.kubectl(&["wait", "flavor", &name, &wait("True"), "--timeout=20s"]).await?;
    machine.ready(WOKEN).await.map(drop)
}

pub async fn a_private_image_of_others_is_refused_until_it_is_shared(stage: &Stage) -> Result<()> {
    let (space, other) = (stage.space("mine").await?, stage.space("theirs").await?);
    let cluster = stage.sim("shared").await?;
    stage.apply(&[other.image("secret", &json!({"ganetiOS": {"name": "noop"}}))]).await?;
    let reference = json!({"imageRef": {"name": "secret", "namespace": other.namespace()}});
    let machine = space.apply("web", cluster.here(reference)).await?;
    let message = machine.not_ready(Reason::ImageNotShared, SOON).await?;
    ensure!(message.contains("visibility: Public"), "the cure: {message}");
    stage
        .patch(&["image", "secret", "-n", other.namespace()], &json!({"spec": {"visibility": "Public"}}))
        .await?;
    machine.ready(WOKEN).await.map(drop)
}

pub async fn a_retired_flavor_takes_no_new_machines_until_it_is_opened(stage: &Stage) -> Result<()> {
    let space = stage.space("retired").await?;
    let name = own(&space, "old");
    // No cluster of this suite has this disk template, so that none takes it in the end.
    let volume_type = json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "VolumeType", "metadata": {"name": name},
        "spec": {"diskTemplate": "Drbd"},
    });
    stage.apply(&[volume_type, flavor(&name, &name, json!({"allowCreate": false, "disk": "16Mi"}))]).await?;
    let machine = space.apply("web", json!({"flavorRef": {"name": name}})).await?;
    let message = machine.not_ready(Reason::FlavorNotAllowed, SOON).await?;
    ensure!(message.contains("allowCreate: false"), "{message}");
    stage.patch(&["flavor", &name], &json!({"spec": {"allowCreate": true}})).await?;
    machine.not_ready(Reason::NoBackendFits, WOKEN).await.map(drop)
}

pub async fn user_data_that_the_image_cannot_take_is_told(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("userdata").await?, stage.sim("userdata").await?);
    let machine = space.apply("web", cluster.here(json!({"userData": "#cloud-config\n"}))).await?;
    let message = machine.not_ready(Reason::UserDataNotSupported, SOON).await?;
    ensure!(message.contains("userDataParameter"), "the cure: {message}");
    let source = json!({"ganetiOS": {"name": "noop", "userDataParameter": "user_data"}});
    stage.apply(&[space.image("noop", &source)]).await?;
    machine.ready(WOKEN).await?;
    let instance = cluster.sim.instance(&machine.instance().await?).context("an instance")?;
    ensure!(instance.osparams["user_data"].is_string(), "{:?}", instance.osparams);
    Ok(())
}

pub async fn a_backend_that_does_not_exist_is_waited_for(stage: &Stage) -> Result<()> {
    let space = stage.space("backend").await?;
    let cluster = stage.undeclared_sim("late", ganeti_sim::Options::default())?;
    let machine = space.apply("web", cluster.here(json!({}))).await?;
    let message = machine.not_ready(Reason::BackendNotFound, SOON).await?;
    ensure!(message.contains(cluster.backend.name()), "{message}");
    cluster.declare(json!({})).await?;
    machine.ready(SOON).await.map(drop)
}

/// Two machines with one id, in two namespaces: the first keeps its instance, whatever the second does.
pub async fn an_id_belongs_to_one_machine(stage: &Stage) -> Result<()> {
    let (space, other) = (stage.space("first").await?, stage.space("a-second").await?);
    let cluster = stage.sim("id").await?;
    let id = uuid::Uuid::new_v4().to_string();
    let first = space.apply("web", cluster.here(json!({"id": id}))).await?;
    first.ready(SOON).await?;
    let before = cluster.sim.instances();

    let second = other.apply("web", cluster.here(json!({"id": id, "powerState": "Stopped"}))).await?;
    let message = second.stalled(Reason::InvalidSpec, SOON).await?;
    ensure!(message.contains("same spec.id") && !message.contains(space.namespace()), "{message}");
    cluster.polls(3).await?;
    second.delete().await?;
    second.gone(SOON).await?;
    ensure!(cluster.sim.instances() == before, "the instance of the first was touched");
    first.ready(SOON).await?;

    // And once the first has gone, another may have the id.
    let heir = other.apply("heir", cluster.here(json!({"id": id}))).await?;
    heir.stalled(Reason::InvalidSpec, SOON).await?;
    first.delete().await?;
    first.gone(SOON).await?;
    heir.ready(LONG).await?;
    ensure!(cluster.sim.instance_count() == 1, "one instance");
    Ok(())
}

/// A manifest that the API server refuses says why, and what to do; `--dry-run=server` says the same.
pub async fn a_dry_run_says_what_apply_would_say(stage: &Stage) -> Result<()> {
    let space = stage.space("dry").await?;
    let wrong = space.manifest("web", json!({"powerState": "On"})).to_string();
    let mut said = Vec::new();
    for arguments in [&["apply", "-f", "-"][..], &["apply", "--dry-run=server", "-f", "-"]] {
        let output = stage.kubectl_output(arguments, &wrong).await?;
        ensure!(!output.status.success(), "it was taken");
        said.push(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    ensure!(said[0] == said[1], "{said:?}");
    ensure!(
        said[0].contains("spec.powerState") && said[0].contains("\"Running\", \"Stopped\""),
        "{}",
        said[0]
    );
    Ok(())
}
