//! Kubernetes is empty, and its objects are applied again. From Ganeti's side that looks just like a second installation
//! that is applied from the same repository.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use cyclades_crds::{
    condition::{self as catalog, ConditionType, Reason},
    virtual_machine::ObservedPower,
};
use cyclades_e2e::{LONG, SOON, Space, Stage, plugin::cyclades};
use serde_json::json;

use crate::{BACKENDS, FAKE, FAKE_BACKEND, Ganeti, KVM_BACKEND, begins, ends, id, incarnation, pid};

/// Machines and their ids.
type Ids = BTreeMap<String, String>;

/// A few machines of all sorts.
async fn machines(space: &Space<'_>) -> Result<Ids> {
    let specs = [
        // Nothing boots from no disk, so nothing would hear a soft shutdown.
        ("guest", ObservedPower::Running, json!({"backendName": KVM_BACKEND, "shutdownTimeoutSeconds": 0})),
        (
            "web",
            ObservedPower::Running,
            json!({"backendName": FAKE_BACKEND, "tags": ["env:prod", "two words"]}),
        ),
        ("db", ObservedPower::Stopped, json!({"backendName": FAKE_BACKEND, "powerState": "Stopped"})),
        (
            "scheduled",
            ObservedPower::Running,
            json!({"powerPolicy": "Enforce", "protected": true, "shutdownTimeoutSeconds": 0}),
        ),
    ];
    for (name, _, spec) in &specs {
        space.apply(name, spec.clone()).await?;
    }
    let mut ids = Ids::new();
    for (name, power, _) in specs {
        let machine = space.machine(name);
        machine.ready_and(power, LONG).await?;
        ids.insert(name.to_owned(), id(&machine).await?);
    }
    Ok(ids)
}

/// Everything that would be kept in Git, one manifest each, in no order.
async fn manifests(stage: &Stage, space: &Space<'_>) -> Result<Vec<String>> {
    let exported = cyclades(stage, &["export", "-n", space.namespace(), "--with-references"]).await?;
    exported.is(0, &["kind: VirtualMachine", "kind: Flavor", "kind: Image", "kind: VolumeType"])?;
    let mut all: Vec<String> = exported.text.split("---\n").map(str::to_owned).collect();
    for backend in BACKENDS {
        all.extend(stage.backend(backend).manifests().await?.map(|manifest| manifest.to_string()));
    }
    // Random, and told by the names that kubectl prints where something goes wrong.
    all.sort_by_cached_key(|_| uuid::Uuid::new_v4());
    Ok(all)
}

/// The other installation has the same objects, and changes nothing: neither in Ganeti nor for the first one.
async fn it_leaves_everything_alone(stage: &Stage, other: &Stage, ids: &Ids, here: &Space<'_>) -> Result<()> {
    let (before, first) = (Ganeti::of(stage).await?, incarnation(stage).await?);
    for backend in BACKENDS {
        let backend = other.backend(backend);
        let message = backend.not_ready(Reason::ClaimedByAnother, LONG).await?;
        let cure = format!("set spec.takeOverFrom: {first}");
        ensure!(message.contains(&cure) && message.contains("If it still runs"), "the cure: {message}");
        let conditions = backend.object().await?.status.context("a status")?.conditions;
        let stalled = catalog::find(&conditions, ConditionType::Stalled).map(|found| found.status.clone());
        ensure!(stalled.as_deref() == Some("True"), "only a person can go on: {conditions:?}");
    }
    for name in ids.keys() {
        let tells = |object: &cyclades_crds::VirtualMachine| {
            let status = object.status.as_ref();
            status.is_some_and(|status| status.conditions.iter().any(|it| it.message.contains(&first)))
        };
        // Whatever came first, and whatever was missing when the machine was looked at.
        let machine = other.machine(here.namespace(), name);
        machine.until("told whose the cluster is", LONG, tells).await?;
        machine.not_ready(Reason::BackendNotReady, SOON).await?;
    }
    for backend in BACKENDS {
        stage.polls(backend, 4, LONG).await?;
    }
    let now = Ganeti::of(stage).await?;
    ensure!(now == before, "{:?}\n{:?}\n{:?}", now.since(&before), before.instances, now.instances);
    // The first one goes on with its work.
    let web = here.machine("web");
    web.power("Stopped").await?;
    web.ready_and(ObservedPower::Stopped, LONG).await?;
    web.power("Running").await?;
    web.ready_and(ObservedPower::Running, LONG).await?;
    for name in ids.keys() {
        here.machine(name).ready(SOON).await?;
    }
    Ok(())
}

/// An installation is told that another one is gone for good, and has all of its machines with nothing done to them.
async fn it_takes_over(stage: &Stage, other: &Stage, from: &str, ids: &Ids, namespace: &str) -> Result<()> {
    let before = Ganeti::of(stage).await?;
    for backend in BACKENDS {
        other.backend(backend).patch(&json!({"spec": {"takeOverFrom": from}})).await?;
    }
    for backend in BACKENDS {
        other.backend(backend).ready(LONG).await?;
    }
    for (name, wanted) in ids {
        let machine = other.machine(namespace, name);
        machine.ready(LONG).await?;
        ensure!(id(&machine).await? == *wanted, "{name} is another machine");
    }
    for backend in BACKENDS {
        other.polls(backend, 3, LONG).await?;
        other.backend(backend).counts(0, &[]).await?;
    }
    let now = Ganeti::of(stage).await?;
    ensure!(now.instances == before.instances, "{:?}\n{:?}", before.instances, now.instances);
    let jobs = now.since(&before);
    // The former claim goes and the new one comes, on each cluster.
    ensure!(jobs.len() == 2 * BACKENDS.len(), "{jobs:?}");
    ensure!(jobs.iter().all(|job| job.contains("TAGS_")), "{jobs:?}");
    Ok(())
}

/// etcd is lost, the manifests are applied in random order: nothing happens as long as the former installation may be
/// alive; told that it is gone, the new one has the same machines, and no guest notices.
pub async fn an_empty_kubernetes_takes_everything_over_once_it_is_told_to(stage: &Stage) -> Result<()> {
    let space = stage.space("wiped").await?;
    let namespace = space.namespace();
    let (ids, other) = tokio::try_join!(machines(&space), stage.beside(None))?;
    let guest = format!("cyclades-{}", ids["guest"]);
    let qemu = pid(stage, &guest).await?;
    let manifests = manifests(stage, &space).await?;

    other.kubectl(&["create", "namespace", namespace]).await?;
    for manifest in &manifests {
        other.kubectl_with(&["apply", "-f", "-"], manifest).await?;
    }
    it_leaves_everything_alone(stage, &other, &ids, &space).await?;

    let (first, second) = (incarnation(stage).await?, incarnation(&other).await?);
    ends(stage).await?;
    it_takes_over(stage, &other, &first, &ids, namespace).await?;
    ensure!(pid(stage, &guest).await? == qemu, "the guest was restarted");
    // It is the one that manages them now.
    let db = other.machine(namespace, "db");
    db.power("Running").await?;
    db.ready_and(ObservedPower::Running, LONG).await?;
    stage.field(FAKE, &format!("cyclades-{}", ids["db"]), ("status", "running"), SOON).await?;
    db.power("Stopped").await?;
    db.ready_and(ObservedPower::Stopped, LONG).await?;
    other.end().await?;

    // And back, the same way.
    for backend in BACKENDS {
        stage.backend(backend).patch(&json!({"spec": {"takeOverFrom": second}})).await?;
    }
    begins(stage).await?;
    for name in ids.keys() {
        space.machine(name).ready(LONG).await?;
    }
    for backend in BACKENDS {
        stage.polls(backend, 3, LONG).await?;
    }
    ensure!(pid(stage, &guest).await? == qemu, "the guest was restarted");
    space.machine("scheduled").patch(&json!({"spec": {"protected": false}})).await?;
    stage.kubectl(&["delete", "vm", "--all", "-n", namespace, "--timeout=90s"]).await.map(drop)
}
