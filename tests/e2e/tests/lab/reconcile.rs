//! What somebody else does to a machine's instance in Ganeti: shown within a poll, not fought, never made anew by surprise.
//!
//! Synnefo found these by a job of cron, and only told or repaired them when it was asked to. Its cases S1 to S9 are each
//! provoked once on the real Ganeti: those that are not here say so where they are, in `power`, `refusals` and `changes`.
//! Migration and failover need a second node, which the lab has not: `sim::power` has them.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use cyclades_crds::{condition::Reason, virtual_machine::ObservedPower};
use cyclades_e2e::{Job, LONG, Look, Machine, SOON, Space, Stage, eventually, plugin::cyclades};
use serde_json::{Value, json};

use crate::{FAKE, FAKE_BACKEND, KVM, KVM_BACKEND};

/// Longer than the operator and Ganeti need to start a job.
const HOLD: &str = "20";

async fn running<'a>(space: &Space<'a>, name: &str, more: Value) -> Result<(Machine<'a>, String)> {
    let mut spec = json!({"backendName": FAKE_BACKEND});
    if let (Value::Object(spec), Value::Object(more)) = (&mut spec, more) {
        spec.extend(more);
    }
    let machine = space.apply(name, spec).await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    let instance = machine.instance().await?;
    Ok((machine, instance))
}

/// A machine with a disk of 16 MiB.
async fn with_disk<'a>(space: &Space<'a>, policy: &str) -> Result<(Machine<'a>, String)> {
    let flavor = format!("{}-disk", space.namespace());
    let shape = json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "Flavor", "metadata": {"name": flavor},
        "spec": {"vcpus": 1, "memory": "16Mi", "disk": "16Mi", "volumeTypeRef": {"name": "file"}},
    });
    space.stage().apply(&[shape]).await?;
    running(space, "web", json!({"flavorRef": {"name": flavor}, "driftPolicy": policy})).await
}

/// Kinds of the jobs on an instance, oldest first.
async fn steps(stage: &Stage, instance: &str) -> Result<Vec<String>> {
    let kind = |job: Job| job.summary.split('(').next().unwrap_or_default().to_owned();
    Ok(stage.jobs(FAKE, instance).await?.into_iter().map(kind).collect())
}

/// Synnefo's case S1: in Kubernetes and not in Ganeti. The machine is lost, and no blank one takes its place until its
/// owner says so; deleted, its object goes.
pub async fn what_is_removed_in_ganeti_is_lost_and_not_made_anew(stage: &Stage) -> Result<()> {
    let space = stage.space("removed").await?;
    let (machine, instance) = running(&space, "web", json!({})).await?;
    let (other, of_other) = running(&space, "other", json!({})).await?;
    let first = machine.object().await?.status.and_then(|status| status.instance_uuid);
    for instance in [&instance, &of_other] {
        stage.gnt(FAKE, &["gnt-instance", "remove", "--force", "--shutdown-timeout=0", instance]).await?;
    }
    for machine in [&machine, &other] {
        let message = machine.stalled(Reason::InstanceLost, SOON).await?;
        ensure!(message.contains("set onMissing: Recreate"), "the cure: {message}");
        let status = machine.object().await?.status.context("a status")?;
        ensure!(status.power_state == Some(ObservedPower::Lost), "{:?}", status.power_state);
    }
    stage.polls(FAKE_BACKEND, 4, LONG).await?;
    ensure!(stage.row(FAKE, &instance, "status").await?.is_none(), "it was made anew");
    ensure!(
        steps(stage, &instance).await? == ["INSTANCE_CREATE", "INSTANCE_REMOVE"],
        "only what was asked for"
    );
    other.delete().await?;
    other.gone(SOON).await?;
    ensure!(
        steps(stage, &of_other).await? == ["INSTANCE_CREATE", "INSTANCE_REMOVE"],
        "there was nothing to remove"
    );

    machine.patch(&json!({"spec": {"onMissing": "Recreate"}})).await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    let second = machine.object().await?.status.and_then(|status| status.instance_uuid);
    ensure!(second.is_some() && second != first, "another instance: {first:?}, {second:?}");
    Ok(())
}

/// Synnefo's case S3: in Ganeti with our mark, and not in Kubernetes. Synnefo removed it; here it is told and left alone,
/// and can be declared again as the machine that it was.
pub async fn an_instance_whose_object_is_gone_is_told_and_left_alone(stage: &Stage) -> Result<()> {
    let space = stage.space("orphan").await?;
    let (machine, instance) = running(&space, "web", json!({"tags": ["env:prod"]})).await?;
    machine.patch(&json!({"metadata": {"annotations": {"cyclades.io/paused": "true"}}})).await?;
    machine.not_ready(Reason::Paused, SOON).await?;
    machine.delete().await?;
    machine.patch(&json!({"metadata": {"finalizers": null}})).await?;
    machine.gone(SOON).await?;
    let backend = stage.backend(FAKE_BACKEND);
    eventually(&format!("{instance} is told to be an orphan"), SOON, async || {
        let told = backend.object().await?.status.and_then(|status| status.undeclared).unwrap_or_default();
        Ok(if told.orphan_names.contains(&instance) {
            Look::Is(())
        } else {
            Look::NotYet(format!("{told:?}"))
        })
    })
    .await?;
    let before = stage.row(FAKE, &instance, "uuid,serial_no,status,tags").await?;
    let listed = cyclades(stage, &["orphans", "--backend", FAKE_BACKEND]).await?;
    listed.is(1, &[&format!("{instance}   {}/web\n", space.namespace())])?;
    stage.polls(FAKE_BACKEND, 4, LONG).await?;

    let import = ["import", "--backend", FAKE_BACKEND, "--orphans", &instance];
    let written = cyclades(stage, &import).await?;
    stage.kubectl_with(&["apply", "-f", "-"], &written.text).await?;
    machine.ready_and(ObservedPower::Running, SOON).await?;
    ensure!(machine.instance().await? == instance, "the same machine");
    stage.polls(FAKE_BACKEND, 3, LONG).await?;
    ensure!(
        stage.row(FAKE, &instance, "uuid,serial_no,status,tags").await? == before,
        "it was touched: {before:?}"
    );
    ensure!(steps(stage, &instance).await? == ["INSTANCE_CREATE"], "no job");
    Ok(())
}

/// Synnefo's case S6: network interfaces differ. A machine declares none yet, so what an administrator plugs in is his: it
/// stays, and the guest goes on.
pub async fn a_network_interface_that_is_plugged_in_is_left_alone(stage: &Stage) -> Result<()> {
    let space = stage.space("nic").await?;
    let (machine, instance) = running(&space, "web", json!({"driftPolicy": "Correct"})).await?;
    stage.gnt(FAKE, &["gnt-instance", "modify", "--net", "add:link=br0", &instance]).await?;
    let before = stage.row(FAKE, &instance, "nic.macs,serial_no").await?;
    stage.polls(FAKE_BACKEND, 4, LONG).await?;
    machine.ready_and(ObservedPower::Running, SOON).await?;
    ensure!(stage.row(FAKE, &instance, "nic.macs,serial_no").await? == before, "it was touched: {before:?}");
    ensure!(steps(stage, &instance).await? == ["INSTANCE_CREATE", "INSTANCE_SET_PARAMS"], "no job of ours");
    Ok(())
}

/// Synnefo's case S7: disks differ. One that was grown is shown by its size; it never shrinks, whatever the policy.
pub async fn a_disk_that_was_grown_is_shown_and_never_shrinks(stage: &Stage) -> Result<()> {
    let space = stage.space("grown").await?;
    let (machine, instance) = with_disk(&space, "Correct").await?;
    stage.gnt(FAKE, &["gnt-instance", "grow-disk", &instance, "0", "16M"]).await?;
    let message = machine.not_ready(Reason::Drifted, SOON).await?;
    ensure!(message.contains("disk: declared 16 MiB, Ganeti has 32 MiB"), "{message}");
    stage.polls(FAKE_BACKEND, 4, LONG).await?;
    machine.power("Stopped").await?;
    stage.field(FAKE, &instance, ("status", "ADMIN_down"), LONG).await?;
    stage.polls(FAKE_BACKEND, 3, LONG).await?;
    stage.field(FAKE, &instance, ("disk.sizes", "32"), SOON).await?;
    let steps = steps(stage, &instance).await?;
    ensure!(steps == ["INSTANCE_CREATE", "INSTANCE_GROW_DISK", "INSTANCE_SHUTDOWN"], "{steps:?}");
    Ok(())
}

/// Synnefo's case S9: a job that we wait for is cancelled and its record is gone. The machine does not wait for ever.
pub async fn a_job_that_vanishes_is_not_waited_for(stage: &Stage) -> Result<()> {
    let space = stage.space("vanished").await?;
    let (machine, instance) = with_disk(&space, "Report").await?;
    machine.power("Stopped").await?;
    machine.ready_and(ObservedPower::Stopped, LONG).await?;
    // Somebody else's job holds the instance, so that ours is queued behind it.
    let busy = [
        "gnt-instance",
        "reinstall",
        "--force",
        "--submit",
        "-o",
        "slow-create",
        "-O",
        &format!("delay={HOLD}"),
    ];
    stage.gnt(FAKE, &[&busy[..], &[&instance]].concat()).await?;
    machine.power("Running").await?;
    let ours = eventually("our job waits", SOON, async || {
        let jobs = stage.jobs(FAKE, &instance).await?;
        let ours =
            jobs.iter().find(|job| job.summary.starts_with("INSTANCE_STARTUP") && job.status == "waiting");
        Ok(ours.map_or_else(|| Look::NotYet(format!("{jobs:?}")), |job| Look::Is(job.id)))
    })
    .await?;
    let ours = ours.to_string();
    stage.gnt(FAKE, &["gnt-job", "cancel", "--force", &ours]).await?;
    // Whoever comes later finds nothing of it.
    stage.gnt(FAKE, &["gnt-job", "archive", &ours]).await?;
    machine.ready_and(ObservedPower::Running, Duration::from_secs(150)).await?;
    let jobs = stage.jobs(FAKE, &instance).await?;
    ensure!(jobs.iter().all(|job| job.id.to_string() != ours), "it is archived: {jobs:?}");
    let starts = jobs.iter().filter(|job| job.summary.starts_with("INSTANCE_STARTUP")).count();
    ensure!(starts == 1, "started once: {jobs:?}");
    Ok(())
}

/// `gnt-instance rename`: the machine is found by its tags, whatever its name.
pub async fn a_renamed_instance_is_followed(stage: &Stage) -> Result<()> {
    let space = stage.space("renamed").await?;
    let (machine, instance) = running(&space, "web", json!({})).await?;
    machine.power("Stopped").await?;
    machine.ready_and(ObservedPower::Stopped, LONG).await?;
    let new = format!("renamed-{}", space.namespace());
    stage
        .gnt(
            FAKE,
            &["gnt-instance", "rename", "--force", "--no-ip-check", "--no-name-check", &instance, &new],
        )
        .await?;
    let named = |name: &str| {
        let name = name.to_owned();
        move |object: &cyclades_crds::VirtualMachine| {
            object.status.as_ref().and_then(|status| status.instance_name.as_ref()) == Some(&name)
        }
    };
    machine.until("told by its new name", SOON, named(&new)).await?;
    machine.ready_and(ObservedPower::Stopped, SOON).await?;
    stage.polls(FAKE_BACKEND, 4, LONG).await?;
    machine.ready_and(ObservedPower::Stopped, SOON).await?;
    let events = machine.events().await?;
    ensure!(
        events.iter().all(|event| event.kind == "Normal"),
        "it is no second one, and none is lost: {events:?}"
    );
    machine.power("Running").await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    stage.field(FAKE, &new, ("status", "running"), SOON).await?;
    ensure!(stage.row(FAKE, &instance, "status").await?.is_none(), "one was made under the old name");
    machine.delete().await?;
    machine.gone(LONG).await?;
    ensure!(stage.row(FAKE, &new, "status").await?.is_none(), "it was the machine's");
    Ok(())
}

/// The guest powers itself off: respected like a stop by an administrator, until its owner wants it again.
pub async fn a_guest_that_powers_itself_off_is_respected(stage: &Stage) -> Result<()> {
    let space = stage.space("poweroff").await?;
    let flavor = format!("{}-kvm", space.namespace());
    let shape = json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "Flavor", "metadata": {"name": flavor},
        "spec": {"vcpus": 1, "memory": "128Mi", "disk": "64Mi", "volumeTypeRef": {"name": "file"}},
    });
    stage.apply(&[shape, space.image("guest", &json!({"ganetiOS": {"name": "guest"}}))]).await?;
    let spec =
        json!({"flavorRef": {"name": flavor}, "imageRef": {"name": "guest"}, "backendName": KVM_BACKEND});
    let machine = space.apply("web", spec).await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    let instance = machine.instance().await?;
    guest_is_up(stage, &instance).await?;
    {
        let bed = stage.bed().await;
        bed.cluster(KVM)?.lab().context("a lab")?.power_off_from_inside(&instance).await?;
    }
    // Ganeti's daemon that tells a guest's own end from a crash misses some guests' starts; then it is a crash.
    let told = eventually("the end of the guest is told", LONG, async || {
        let events = machine.events().await?;
        let told = events.iter().map(|event| event.reason.as_str());
        let told = told.rev().find(|reason| ["StoppedOutside", "Starting"].contains(reason));
        Ok(told.map_or_else(|| Look::NotYet(format!("{events:?}")), |reason| Look::Is(reason.to_owned())))
    })
    .await?;
    let starts = async || -> Result<usize> {
        let jobs = stage.jobs(KVM, &instance).await?;
        Ok(jobs.iter().filter(|job| job.summary.starts_with("INSTANCE_STARTUP")).count())
    };
    if told == "StoppedOutside" {
        stage.polls(KVM_BACKEND, 4, LONG).await?;
        machine.not_ready(Reason::StoppedOutside, SOON).await?;
        ensure!(starts().await? == 0, "it was started again");
        machine.power("Stopped").await?;
        machine.ready_and(ObservedPower::Stopped, LONG).await?;
        machine.power("Running").await?;
    }
    machine.ready_and(ObservedPower::Running, LONG).await?;
    ensure!(starts().await? == 1, "started once");
    Ok(())
}

async fn guest_is_up(stage: &Stage, instance: &str) -> Result<()> {
    let log = stage.bed().await.cluster(KVM)?.lab().context("a lab")?.console_log(instance);
    eventually("the guest tells that it is up", LONG, async || {
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let up = text.contains("cyclades guest up: ");
        Ok(if up { Look::Is(()) } else { Look::NotYet(text.lines().last().unwrap_or_default().to_owned()) })
    })
    .await
}

/// Instances that somebody else made are counted and left alone; written down and applied, they are looked at.
pub async fn what_nobody_declared_is_counted_and_imported_without_a_trace(stage: &Stage) -> Result<()> {
    let space = stage.space("import").await?;
    let legacy = format!("Legacy_{}", space.namespace()).to_lowercase();
    let add =
        ["gnt-instance", "add", "-t", "file", "--disk", "0:size=8M", "-o", "noop", "-B", "memory=24,vcpus=2"];
    let more = ["--net", "0:link=br0", "--no-ip-check", "--no-name-check", "--no-wait-for-sync", &legacy];
    let counted = async || -> Result<u32> {
        let status = stage.backend(FAKE_BACKEND).object().await?.status;
        Ok(status.and_then(|status| status.undeclared).map_or(0, |undeclared| undeclared.instances))
    };
    stage.gnt(FAKE, &[&add[..], &more].concat()).await?;
    eventually("it is counted", SOON, async || {
        let now = counted().await?;
        Ok(if now >= 1 { Look::Is(()) } else { Look::NotYet(now.to_string()) })
    })
    .await?;
    let seen = "uuid,serial_no,mtime,status,tags";
    let before = stage.row(FAKE, &legacy, seen).await?;

    let import = ["import", "--backend", FAKE_BACKEND, "-n", space.namespace(), &legacy];
    let written = cyclades(stage, &import).await?;
    written.is(0, &["kind: Flavor", "memory: \"24Mi\"", "disk: \"8Mi\"", "managementPolicy: Observe"])?;
    ensure!(written.words.contains("1 network interfaces"), "what it does not speak of: {}", written.words);
    stage.kubectl_with(&["apply", "-f", "-"], &written.text).await?;
    let machine = space.machine(&legacy.replace('_', "-"));
    let message = machine.not_ready(Reason::Observed, SOON).await?;
    ensure!(message.contains("Ganeti has what the spec says"), "{message}");
    stage.polls(FAKE_BACKEND, 4, LONG).await?;
    ensure!(stage.row(FAKE, &legacy, seen).await? == before, "it was touched: {before:?}");
    ensure!(steps(stage, &legacy).await? == ["INSTANCE_CREATE"], "a job was made");
    machine.delete().await?;
    machine.gone(SOON).await?;
    ensure!(stage.row(FAKE, &legacy, seen).await? == before, "it was touched: {before:?}");
    stage.gnt(FAKE, &["gnt-instance", "remove", "--force", &legacy]).await.map(drop)
}
