//! A machine's life under QEMU, typed with kubectl.

use anyhow::{Context as _, Result, ensure};
use cyclades_crds::virtual_machine::ObservedPower;
use cyclades_e2e::{LONG, Look, Machine, SOON, Space, Stage, eventually};
use serde_json::json;

/// The cluster whose guests run under QEMU.
const KVM: usize = 1;
const KVM_BACKEND: &str = "ganeti-1";

/// A flavor with its own words, so that QEMU's are known to come from it.
const VCPUS: u32 = 2;
const MEMORY_MIB: u32 = 132;

/// What a user types, from the first `apply` to the last `delete`.
pub async fn two_machines_are_made_stopped_started_and_deleted(stage: &Stage) -> Result<()> {
    let space = stage.space("life").await?;
    let (web, db) = create(&space).await?;
    stage
        .kubectl(&[
            "wait",
            "--for=condition=Ready",
            "vm/web",
            "vm/db",
            "-n",
            space.namespace(),
            "--timeout=90s",
        ])
        .await?;
    for machine in [&web, &db] {
        ganeti_agrees(stage, &space, machine, "running").await?;
        qemu_has_the_flavor(stage, machine).await?;
    }
    the_table_answers(stage, &space, &web).await?;
    let boot = boots(stage, &web, "").await?;

    web.power("Stopped").await?;
    web.ready_and(ObservedPower::Stopped, LONG).await?;
    ganeti_agrees(stage, &space, &web, "ADMIN_down").await?;
    ganeti_agrees(stage, &space, &db, "running").await?;
    let bed = stage.bed().await;
    let lab = bed.cluster(KVM)?.lab().context("a lab")?;
    ensure!(lab.qemu_command_line(&web.instance().await?).is_err(), "QEMU still runs");
    drop(bed);

    web.power("Running").await?;
    web.ready_and(ObservedPower::Running, LONG).await?;
    ganeti_agrees(stage, &space, &web, "running").await?;
    boots(stage, &web, &boot).await?;
    events_tell_its_life(&web).await?;

    let instances = [web.instance().await?, db.instance().await?];
    stage.kubectl(&["delete", "vm/web", "vm/db", "-n", space.namespace(), "--timeout=90s"]).await?;
    for instance in &instances {
        ensure!(stage.row(KVM, instance, "status").await?.is_none(), "{instance} is left in Ganeti");
    }
    Ok(())
}

async fn create<'a>(space: &Space<'a>) -> Result<(Machine<'a>, Machine<'a>)> {
    let flavor = format!("{}-kvm", space.namespace());
    let shape = json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "Flavor", "metadata": {"name": flavor},
        "spec": {"vcpus": VCPUS, "memory": format!("{MEMORY_MIB}Mi"), "disk": "64Mi", "volumeTypeRef": {"name": "file"}},
    });
    space.stage().apply(&[shape, space.image("guest", &json!({"ganetiOS": {"name": "guest"}}))]).await?;
    let spec =
        json!({"flavorRef": {"name": flavor}, "imageRef": {"name": "guest"}, "backendName": KVM_BACKEND});
    Ok((space.apply("web", spec.clone()).await?, space.apply("db", spec).await?))
}

/// `gnt-instance list -o name,status,tags` says the same as the object.
async fn ganeti_agrees(stage: &Stage, space: &Space<'_>, machine: &Machine<'_>, status: &str) -> Result<()> {
    let instance = machine.instance().await?;
    stage.field(KVM, &instance, ("status", status), SOON).await?;
    let row = stage.row(KVM, &instance, "tags").await?.context("the instance is there")?;
    let tags: Vec<&str> = row[0].split(',').collect();
    let id = instance.trim_start_matches("cyclades-");
    let namespace = space.namespace();
    for tag in [
        format!("cyclades:id:{id}"),
        format!("cyclades:ns:{namespace}"),
        format!("cyclades:name:{}", machine.name()),
        "cyclades:cluster:bed".to_owned(),
    ] {
        ensure!(tags.contains(&tag.as_str()), "{tag} is not among {tags:?}");
    }
    Ok(())
}

async fn qemu_has_the_flavor(stage: &Stage, machine: &Machine<'_>) -> Result<()> {
    let bed = stage.bed().await;
    let lab = bed.cluster(KVM)?.lab().context("a lab")?;
    let command = lab.qemu_command_line(&machine.instance().await?)?;
    let after =
        |flag: &str| command.iter().skip_while(|word| *word != flag).nth(1).cloned().unwrap_or_default();
    ensure!(after("-m") == MEMORY_MIB.to_string(), "-m {}", after("-m"));
    // `-smp 2` or `-smp 2,sockets=1,…`.
    ensure!(after("-smp").split(',').next() == Some(&VCPUS.to_string()), "-smp {}", after("-smp"));
    Ok(())
}

/// `kubectl get vm -o wide`: is it well, where, since when.
async fn the_table_answers(stage: &Stage, space: &Space<'_>, machine: &Machine<'_>) -> Result<()> {
    let table = stage.kubectl(&["get", "vm", "-n", space.namespace(), "-o", "wide"]).await?;
    let mut lines = table.lines();
    let head = lines.next().unwrap_or_default();
    for column in ["NAME", "READY", "STATE", "FLAVOR", "BACKEND", "NODE", "INSTANCE", "REASON", "AGE"] {
        ensure!(head.contains(column), "no column {column} in {head}");
    }
    let row = lines.find(|line| line.starts_with(machine.name())).context("a row of the machine")?;
    let words: Vec<&str> = row.split_whitespace().collect();
    let instance = machine.instance().await?;
    for word in ["True", "Running", KVM_BACKEND, instance.as_str(), "Ready"] {
        ensure!(words.contains(&word), "no {word} in {row}");
    }
    Ok(())
}

/// The guest says on its serial line that it is up; gives which start of it that is.
async fn boots(stage: &Stage, machine: &Machine<'_>, after: &str) -> Result<String> {
    let instance = machine.instance().await?;
    let log = stage.bed().await.cluster(KVM)?.lab().context("a lab")?.console_log(&instance);
    eventually("the guest tells that it is up", LONG, async || {
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let banner =
            text.lines().rfind(|line| line.contains("cyclades guest up: ") && line.contains("cpus=2"));
        let boot =
            banner.and_then(|line| line.split_whitespace().find_map(|word| word.strip_prefix("boot=")));
        Ok(match boot.filter(|boot| *boot != after) {
            Some(boot) => Look::Is(boot.to_owned()),
            None => Look::NotYet(text.lines().last().unwrap_or_default().to_owned()),
        })
    })
    .await
}

/// `kubectl describe vm` has the events of its life, in their order, each transition once.
async fn events_tell_its_life(machine: &Machine<'_>) -> Result<()> {
    let wanted = ["Scheduled", "Creating", "Running", "Stopping", "Stopped", "Starting"];
    // A pinned machine was not scheduled by us.
    let wanted: Vec<&str> = wanted.into_iter().filter(|reason| *reason != "Scheduled").collect();
    machine.told("Starting", SOON).await?;
    let reasons: Vec<String> = machine.events().await?.into_iter().map(|event| event.reason).collect();
    let mut rest = reasons.iter();
    for reason in &wanted {
        ensure!(rest.any(|told| told == reason), "{reason} is not told in its place: {reasons:?}");
    }
    let events = machine.events().await?;
    ensure!(events.iter().all(|event| event.kind == "Normal"), "a good life has no warnings: {events:?}");
    let described = machine.describe().await?;
    for word in ["Running", "The machine runs as declared.", "is to create instance"] {
        ensure!(described.contains(word), "no {word:?} in\n{described}");
    }
    Ok(())
}

/// `kubectl explain` is documentation worth reading.
pub async fn explain_documents_every_field(stage: &Stage) -> Result<()> {
    for kind in ["virtualmachine", "ganetibackend", "flavor", "image", "volumetype"] {
        let text = stage.kubectl(&["explain", &format!("{kind}.spec")]).await?;
        let fields = text.split("FIELDS:").nth(1).with_context(|| format!("fields of {kind}"))?;
        let mut named = 0;
        for field in fields.split("\n\n").filter(|field| !field.trim().is_empty()) {
            named += 1;
            let words = field.split_whitespace().skip(2).count();
            ensure!(words >= 4, "{kind}.spec has a field without words: {field}");
        }
        ensure!(named >= 2, "{kind}.spec names its fields:\n{text}");
    }
    Ok(())
}
