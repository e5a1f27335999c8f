//! `kubectl cyclades import` and `orphans`.

use anyhow::{Context as _, Result, ensure};
use cyclades_crds::condition::Reason;
use cyclades_e2e::{LONG, SOON, Stage};
use ganeti_sim::InstanceSpec;
use serde_json::json;

use cyclades_e2e::plugin::{cyclades, cyclades_as, tenant};

/// What nobody declared is counted, written down, looked at, and taken over when its owner says so; until then nothing
/// is done to it.
pub async fn what_nobody_declared_is_written_down_and_looked_at(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("import").await?, stage.sim("import").await?);
    let larger = InstanceSpec { memory_mib: 64, ..InstanceSpec::small("Old_1.example.com") };
    cluster.sim.add_foreign_instance(larger);
    cluster.sim.add_foreign_instance(InstanceSpec::small("new.example.com"));
    cluster.backend.counts(2, &[]).await?;
    let (before, jobs) = (cluster.sim.instances(), cluster.sim.last_job());
    let (backend, namespace) = (cluster.backend.name(), space.namespace());
    let import = ["import", "--backend", backend, "-n", namespace];
    let written = cyclades(stage, &import).await?;
    written.is(0, &["adopt: ", "managementPolicy: Observe", &format!("backendName: {backend}")])?;
    let again = cyclades(stage, &import).await?;
    ensure!(again.text == written.text, "the order is stable:\n{}\n{}", written.text, again.text);
    stage.kubectl_with(&["apply", "-f", "-"], &written.text).await?;
    for name in ["old-1.example.com", "new.example.com"] {
        let words = space.machine(name).not_ready(Reason::Observed, SOON).await?;
        ensure!(words.contains("Ganeti has what the spec says"), "it is as it was found: {words}");
    }
    cluster.backend.counts(0, &[]).await?;
    cluster.polls(2).await?;
    ensure!(cluster.sim.instances() == before && cluster.sim.last_job() == jobs, "nothing is changed");
    let nothing = cyclades(stage, &import).await?;
    ensure!(nothing.status == 0 && nothing.text.is_empty(), "{nothing:?}");
    ensure!(nothing.words.contains("there is nothing to import"), "{nothing:?}");

    let machine = space.machine("new.example.com");
    machine.patch(&json!({"spec": {"managementPolicy": "Managed"}})).await?;
    machine.ready(SOON).await?;
    let since: Vec<_> = cluster.sim.jobs().into_iter().filter(|job| job.id > jobs).collect();
    let opcodes: Vec<_> = since.iter().flat_map(|job| job.opcodes.clone()).collect();
    ensure!(opcodes == ["OP_TAGS_SET"], "{since:?}");
    Ok(())
}

/// An object that lost its finalizer by hand leaves an instance of ours: told, left alone, and declared again by import.
pub async fn an_instance_whose_object_is_gone_is_told_and_comes_back(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("orphan").await?, stage.sim("orphan").await?);
    let (backend, namespace) = (cluster.backend.name(), space.namespace());
    cyclades(stage, &["orphans", "--backend", backend])
        .await?
        .is(0, &["has its VirtualMachine; somebody else made none.\n"])?;
    let spec = cluster.here(json!({"tags": ["env:prod", "two words"]}));
    let machine = space.apply("web", spec).await?;
    let id = machine.ready(LONG).await?.status.and_then(|status| status.id).context("an id")?;
    let instance = machine.instance().await?;
    machine.patch(&json!({"metadata": {"annotations": {"cyclades.io/paused": "true"}}})).await?;
    machine.not_ready(Reason::Paused, SOON).await?;
    machine.delete().await?;
    machine.patch(&json!({"metadata": {"finalizers": null}})).await?;
    machine.gone(SOON).await?;
    cluster.backend.counts(0, &[&instance]).await?;
    let (before, jobs) = (cluster.sim.instances(), cluster.sim.last_job());
    let events = cluster.backend.told("OrphansFound").await?;
    let told = events.iter().filter(|event| event.reason == "OrphansFound").count();
    ensure!(told == 1, "told once: {events:?}");

    let orphans = ["orphans", "--backend", backend];
    let row = format!("{backend}   {instance}   {namespace}/web\n");
    cyclades(stage, &orphans).await?.is(1, &[&row, "1 instance of ours has no VirtualMachine"])?;
    let listed = cyclades(stage, &[&orphans[..], &["-o", "json"]].concat()).await?;
    ensure!(listed.status == 1 && listed.json()?[0]["orphans"][0]["id"] == id, "{listed:?}");
    let found = cyclades(stage, &["import", "--backend", backend]).await?;
    ensure!(found.text.is_empty() && found.words.contains("--orphans"), "it is no stranger: {found:?}");
    cluster.polls(2).await?;
    ensure!(cluster.sim.instances() == before && cluster.sim.last_job() == jobs, "nothing is changed");

    let written = cyclades(stage, &["import", "--backend", backend, "--orphans"]).await?;
    written.is(0, &["name: web\n", &format!("namespace: {namespace}\n")])?;
    stage.kubectl_with(&["apply", "-f", "-"], &written.text).await?;
    let object = machine.ready(SOON).await?;
    ensure!(object.status.and_then(|status| status.id).as_deref() == Some(&id), "another id");
    cluster.backend.counts(0, &[]).await?;
    cluster.polls(2).await?;
    ensure!(cluster.sim.instances() == before && cluster.sim.last_job() == jobs, "nothing is changed");
    machine.delete().await?;
    machine.gone(SOON).await?;
    ensure!(cluster.sim.instance_count() == 0, "it is managed as before");
    Ok(())
}

/// Files that were worked on are not written over; and what cannot be known is not guessed.
pub async fn what_cannot_be_imported_says_why(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("why").await?, stage.sim("why").await?);
    let (backend, namespace) = (cluster.backend.name(), space.namespace());
    cluster.sim.add_foreign_instance(InstanceSpec::small("old"));
    let dir = stage.dir().join(format!("import-{namespace}"));
    let folder = dir.to_string_lossy();
    let import = ["import", "--backend", backend, "-n", namespace, "--dir", &folder];
    let written = cyclades(stage, &import).await?;
    ensure!(written.status == 0 && written.text.is_empty(), "{written:?}");
    let path = dir.join(format!("virtualmachine-{namespace}-old.yaml"));
    ensure!(std::fs::read_to_string(&path)?.contains("adopt: old\n"), "{written:?}");
    let again = cyclades(stage, &import).await?;
    ensure!(again.status == 3 && again.words.contains("has no file of that name"), "{again:?}");
    std::fs::remove_dir_all(&dir)?;

    let import = ["import", "--backend", backend, "-n", namespace, "nobody"];
    let told = cyclades(stage, &import).await?;
    ensure!(told.status == 3 && told.words.contains("nothing is to be imported as nobody"), "{told:?}");
    let told = cyclades(stage, &["import", "--backend", "nowhere"]).await?;
    ensure!(told.status == 3 && told.words.contains("there is no GanetiBackend nowhere"), "{told:?}");
    let told = cyclades(stage, &["import"]).await?;
    ensure!(told.status == 2 && told.words.contains("--backend"), "{told:?}");
    let kubeconfig = tenant(stage, namespace).await?;
    let told = cyclades_as(stage, &kubeconfig, &["import", "--backend", backend]).await?;
    ensure!(told.status == 3 && told.words.contains("you may not"), "{told:?}");
    Ok(())
}
