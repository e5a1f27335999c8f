//! What is done to a machine that exists, on a real Ganeti: another flavor, a reboot, letting it go.

use anyhow::{Context as _, Result, ensure};
use cyclades_crds::{
    condition::Reason,
    virtual_machine::{ActionResult, ObservedPower},
};
use cyclades_e2e::{LONG, Look, Machine, SOON, Space, Stage, eventually};
use serde_json::{Value, json};

use crate::{FAKE, FAKE_BACKEND};

/// The cluster whose guests run under QEMU.
pub(crate) const KVM: usize = 1;
pub(crate) const KVM_BACKEND: &str = "ganeti-1";
/// Fields of an instance's shape.
const SHAPE: &str = "be/vcpus,be/maxmem,be/minmem,disk.sizes";

fn flavor(name: &str, vcpus: u32, memory: &str, disk: &str) -> Value {
    json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "Flavor", "metadata": {"name": name},
        "spec": {"vcpus": vcpus, "memory": memory, "disk": disk, "volumeTypeRef": {"name": "file"}},
    })
}

/// Flavors of a case, with its own names.
async fn flavors(space: &Space<'_>) -> Result<[String; 3]> {
    let names = ["small", "big", "tiny"].map(|size| format!("{}-{size}", space.namespace()));
    let [small, big, tiny] = &names;
    space
        .stage()
        .apply(&[
            flavor(small, 1, "16Mi", "16Mi"),
            flavor(big, 2, "32Mi", "64Mi"),
            flavor(tiny, 1, "16Mi", "8Mi"),
        ])
        .await?;
    Ok(names)
}

async fn resize(machine: &Machine<'_>, flavor: &str, policy: &str) -> Result<()> {
    machine.patch(&json!({"spec": {"flavorRef": {"name": flavor}, "resizePolicy": policy}})).await
}

async fn shape(stage: &Stage, cluster: usize, instance: &str) -> Result<String> {
    Ok(stage.row(cluster, instance, SHAPE).await?.context("the instance is there")?.join(" "))
}

/// Another flavor is shown and waits; at the next stop it takes effect; a smaller disk is refused.
pub async fn another_flavor_takes_effect_at_the_next_stop(stage: &Stage) -> Result<()> {
    let space = stage.space("resize").await?;
    let [small, big, tiny] = flavors(&space).await?;
    let spec = json!({"backendName": FAKE_BACKEND, "flavorRef": {"name": small}});
    let machine = space.apply("web", spec).await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    let instance = machine.instance().await?;
    let before = shape(stage, FAKE, &instance).await?;
    ensure!(before == "1 16 16 16", "{before}");

    resize(&machine, &big, "WhenStopped").await?;
    let message = machine.not_ready(Reason::ResizePending, SOON).await?;
    for part in ["vcpus 1 to 2", "memory 16 MiB to 32 MiB", "disk 16 MiB to 64 MiB", "resizePolicy: Restart"]
    {
        ensure!(message.contains(part), "no {part:?} in {message}");
    }
    stage.polls(FAKE_BACKEND, 3, LONG).await?;
    ensure!(shape(stage, FAKE, &instance).await? == before, "the running guest is left alone");

    machine.power("Stopped").await?;
    machine.ready_and(ObservedPower::Stopped, LONG).await?;
    let after = shape(stage, FAKE, &instance).await?;
    ensure!(after == "2 32 32 64", "{after}");
    let status = machine.object().await?.status.context("a status")?;
    ensure!(status.flavor.as_deref() == Some(big.as_str()), "{:?}", status.flavor);

    resize(&machine, &tiny, "WhenStopped").await?;
    let message = machine.stalled(Reason::ResizeRefused, SOON).await?;
    ensure!(message.contains("disks never shrink: the machine has 64 MiB, the flavor 8 MiB"), "{message}");
    resize(&machine, &big, "WhenStopped").await?;
    machine.ready_and(ObservedPower::Stopped, SOON).await?;
    ensure!(shape(stage, FAKE, &instance).await? == after, "nothing was changed");
    Ok(())
}

/// With `resizePolicy: Restart` the guest is restarted for it: QEMU has the new shape.
pub async fn another_flavor_restarts_the_guest_when_that_is_wanted(stage: &Stage) -> Result<()> {
    let space = stage.space("restart").await?;
    let [small, big, _] = flavors(&space).await?;
    // Nothing boots from an empty disk, so nothing would hear a soft shutdown.
    let spec = json!({
        "backendName": KVM_BACKEND, "flavorRef": {"name": small}, "shutdownTimeoutSeconds": 0,
    });
    let machine = space.apply("web", spec).await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    let instance = machine.instance().await?;
    resize(&machine, &big, "Restart").await?;
    machine.told("Resizing", LONG).await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    let now = shape(stage, KVM, &instance).await?;
    ensure!(now == "2 32 32 64", "{now}");
    let qemu = qemu(stage, &instance).await?;
    let after = |flag: &str| qemu.iter().skip_while(|word| *word != flag).nth(1).cloned().unwrap_or_default();
    ensure!(after("-m") == "32" && after("-smp").starts_with('2'), "{qemu:?}");
    let jobs: Vec<String> = stage.jobs(KVM, &instance).await?.into_iter().map(|job| job.summary).collect();
    let steps: Vec<&str> = jobs.iter().filter_map(|job| job.split('(').next()).collect();
    ensure!(
        steps
            == [
                "INSTANCE_CREATE",
                "INSTANCE_SHUTDOWN",
                "INSTANCE_SET_PARAMS",
                "INSTANCE_GROW_DISK",
                "INSTANCE_STARTUP"
            ],
        "{steps:?}"
    );
    Ok(())
}

pub(crate) async fn qemu(stage: &Stage, instance: &str) -> Result<Vec<String>> {
    let bed = stage.bed().await;
    bed.cluster(KVM)?.lab().context("a lab")?.qemu_command_line(instance).map_err(Into::into)
}

async fn pid(stage: &Stage, instance: &str) -> Result<u32> {
    let bed = stage.bed().await;
    bed.cluster(KVM)?.lab().context("a lab")?.qemu_pid(instance).map_err(Into::into)
}

async fn reboots(stage: &Stage, instance: &str) -> Result<usize> {
    let jobs = stage.jobs(FAKE, instance).await?;
    Ok(jobs.iter().filter(|job| job.summary.starts_with("INSTANCE_REBOOT")).count())
}

async fn done(machine: &Machine<'_>, id: &str, result: ActionResult) -> Result<()> {
    let is = |last: &cyclades_crds::virtual_machine::LastAction| last.id == id && last.result == result;
    let what = format!("through with action {id}: {result:?}");
    machine
        .until(&what, LONG, |object| {
            object.status.as_ref().and_then(|status| status.last_action.as_ref()).is_some_and(is)
        })
        .await?;
    Ok(())
}

/// One reboot for each id, whatever is applied again and however often the operator begins anew.
pub async fn a_reboot_is_done_once_for_each_id(stage: &Stage) -> Result<()> {
    let space = stage.space("reboot").await?;
    let spec = json!({"backendName": FAKE_BACKEND, "action": {"id": "from-git", "type": "RebootHard"}});
    let machine = space.apply("web", spec.clone()).await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    done(&machine, "from-git", ActionResult::Baseline).await?;
    let instance = machine.instance().await?;

    for (number, kind) in ["RebootHard", "RebootSoft"].into_iter().enumerate() {
        let id = format!("2026-11-21T10:00:0{number}Z");
        machine.patch(&json!({"spec": {"action": {"id": id, "type": kind}}})).await?;
        done(&machine, &id, ActionResult::Done).await?;
        machine.ready_and(ObservedPower::Running, SOON).await?;
        ensure!(reboots(stage, &instance).await? == number + 1, "one for each");
    }
    machine.told("Rebooted", SOON).await?;
    stage.polls(FAKE_BACKEND, 3, LONG).await?;
    ensure!(reboots(stage, &instance).await? == 2, "and none by itself");

    machine.power("Stopped").await?;
    machine.ready_and(ObservedPower::Stopped, LONG).await?;
    machine.patch(&json!({"spec": {"action": {"id": "late", "type": "RebootHard"}}})).await?;
    done(&machine, "late", ActionResult::Declined).await?;
    machine.told("ActionDeclined", SOON).await?;
    ensure!(reboots(stage, &instance).await? == 2, "what is stopped is not rebooted");
    machine.ready_and(ObservedPower::Stopped, SOON).await.map(drop)
}

/// `deletionPolicy: Detach`: the object goes, the instance runs on and is nobody's.
pub async fn a_detached_instance_runs_on(stage: &Stage) -> Result<()> {
    let space = stage.space("detach").await?;
    let spec = json!({"backendName": FAKE_BACKEND, "deletionPolicy": "Detach"});
    let machine = space.apply("web", spec).await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    let instance = machine.instance().await?;
    machine.delete().await?;
    machine.gone(LONG).await?;
    let row = stage.row(FAKE, &instance, "status,tags").await?.context("the instance is there")?;
    ensure!(row == ["running", ""], "{row:?}");
    let jobs = stage.jobs(FAKE, &instance).await?;
    ensure!(jobs.iter().all(|job| !job.summary.contains("REMOVE")), "{jobs:?}");
    stage.gnt(FAKE, &["gnt-instance", "remove", "--force", &instance]).await.map(drop)
}

/// A suspended machine is stopped and kept so, and is as before when it is released.
pub async fn a_suspended_machine_stays_stopped_until_it_is_released(stage: &Stage) -> Result<()> {
    let space = stage.space("suspend").await?;
    let machine = space.apply("web", json!({"backendName": FAKE_BACKEND})).await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    let instance = machine.instance().await?;
    machine.patch(&json!({"spec": {"suspended": true}})).await?;
    machine.not_ready(Reason::Suspended, LONG).await?;
    stage.field(FAKE, &instance, ("status", "ADMIN_down"), SOON).await?;
    stage.gnt(FAKE, &["gnt-instance", "startup", &instance]).await?;
    stage.field(FAKE, &instance, ("status", "ADMIN_down"), LONG).await?;
    machine.patch(&json!({"spec": {"suspended": false}})).await?;
    machine.ready_and(ObservedPower::Running, LONG).await.map(drop)
}

/// An instance made by hand: first looked at, then taken over while its guest runs on.
pub async fn an_instance_is_looked_at_and_then_taken_over(stage: &Stage) -> Result<()> {
    let space = stage.space("adopt").await?;
    let legacy = format!("legacy-{}", space.namespace());
    let add = [
        "gnt-instance",
        "add",
        "-H",
        "kvm",
        "-t",
        "diskless",
        "-o",
        "noop",
        "-B",
        "memory=24,vcpus=1",
        "--no-ip-check",
        "--no-name-check",
        "--no-wait-for-sync",
        &legacy,
    ];
    stage.gnt(KVM, &add).await?;
    let pid = pid(stage, &legacy).await?;
    let before = stage.row(KVM, &legacy, "serial_no,tags,status").await?.context("it is there")?;
    let spec = json!({
        "backendName": KVM_BACKEND, "adopt": legacy, "managementPolicy": "Observe",
        "action": {"id": "from-git", "type": "RebootHard"}, "shutdownTimeoutSeconds": 0,
    });
    let machine = space.apply("web", spec).await?;
    let message = machine.not_ready(Reason::Observed, LONG).await?;
    ensure!(message.contains("memory: declared 16 MiB, Ganeti has 24 MiB"), "the difference: {message}");
    machine
        .until("shown as running", LONG, |object| {
            object.status.as_ref().and_then(|status| status.power_state) == Some(ObservedPower::Running)
        })
        .await?;
    stage.polls(KVM_BACKEND, 2, LONG).await?;
    let watched = stage.row(KVM, &legacy, "serial_no,tags,status").await?.context("it is there")?;
    ensure!(watched == before, "it was touched: {watched:?}, was {before:?}");

    machine.patch(&json!({"spec": {"managementPolicy": "Managed"}})).await?;
    machine.not_ready(Reason::Drifted, LONG).await?;
    let tags = stage.row(KVM, &legacy, "tags").await?.context("it is there")?[0].clone();
    ensure!(tags.contains("cyclades:id:") && tags.contains("cyclades:cluster:bed"), "{tags}");
    let jobs: Vec<String> = stage.jobs(KVM, &legacy).await?.into_iter().map(|job| job.summary).collect();
    ensure!(
        jobs.iter().all(|job| job.starts_with("INSTANCE_CREATE") || job.starts_with("TAGS_SET")),
        "{jobs:?}"
    );
    ensure!(self::pid(stage, &legacy).await? == pid, "the guest was restarted");

    machine.delete().await?;
    machine.gone(LONG).await?;
    ensure!(stage.row(KVM, &legacy, "status").await?.is_none(), "it was the machine's");
    Ok(())
}

/// What another installation owns is not taken over, and what is not there is not made.
pub async fn what_is_not_nobodys_is_not_taken_over(stage: &Stage) -> Result<()> {
    let space = stage.space("foreign").await?;
    let foreign = format!("foreign-{}", space.namespace());
    let add = [
        "gnt-instance",
        "add",
        "-t",
        "diskless",
        "-o",
        "noop",
        "-B",
        "memory=16",
        "--no-ip-check",
        "--no-name-check",
        "--no-wait-for-sync",
        &foreign,
    ];
    stage.gnt(FAKE, &add).await?;
    stage.gnt(FAKE, &["gnt-instance", "add-tags", &foreign, "cyclades:cluster:other"]).await?;
    let serial = stage.row(FAKE, &foreign, "serial_no").await?;
    let machine = space.apply("web", json!({"backendName": FAKE_BACKEND, "adopt": foreign})).await?;
    machine.stalled(Reason::InstanceNameTaken, LONG).await?;
    let absent = space.apply("absent", json!({"backendName": FAKE_BACKEND, "adopt": "nobody-knows"})).await?;
    absent.not_ready(Reason::InstanceNotFound, LONG).await?;
    stage.polls(FAKE_BACKEND, 3, LONG).await?;
    ensure!(stage.row(FAKE, &foreign, "serial_no").await? == serial, "it was touched");
    ensure!(stage.row(FAKE, "nobody-knows", "status").await?.is_none(), "it was made");
    for machine in [&machine, &absent] {
        machine.delete().await?;
        machine.gone(LONG).await?;
    }
    stage.gnt(FAKE, &["gnt-instance", "remove", "--force", &foreign]).await.map(drop)
}

/// Synnefo's case S8, the tags differ: the owner's words are on the instance in Synnefo's encoding, from its creation on, and are put right again.
pub async fn tags_are_kept_while_the_guest_runs(stage: &Stage) -> Result<()> {
    let space = stage.space("tags").await?;
    let spec = json!({"backendName": FAKE_BACKEND, "tags": ["env:prod", "two words_é"]});
    let machine = space.apply("web", spec).await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    let instance = machine.instance().await?;
    let words = async || -> Result<Vec<String>> {
        let row = stage.row(FAKE, &instance, "tags").await?.context("the instance is there")?;
        let mut words: Vec<String> = row[0]
            .split(',')
            .filter_map(|tag| tag.strip_prefix("cyclades:user:"))
            .map(str::to_owned)
            .collect();
        words.sort();
        Ok(words)
    };
    let become_these = async |wanted: &[&str]| {
        eventually(&format!("the words are {wanted:?}"), LONG, async || {
            let words = words().await?;
            Ok(if words == wanted { Look::Is(()) } else { Look::NotYet(format!("{words:?}")) })
        })
        .await
    };
    become_these(&["env:prod", "two+words*/C3/A9"]).await?;
    machine.patch(&json!({"spec": {"tags": ["env:prod", "new"]}})).await?;
    become_these(&["env:prod", "new"]).await?;
    machine.ready_and(ObservedPower::Running, SOON).await?;
    stage.gnt(FAKE, &["gnt-instance", "remove-tags", &instance, "cyclades:user:new"]).await?;
    stage.gnt(FAKE, &["gnt-instance", "add-tags", &instance, "cyclades:user:strange", "rack7"]).await?;
    become_these(&["env:prod", "new"]).await?;
    let tags = stage.row(FAKE, &instance, "tags").await?.context("it is there")?[0].clone();
    ensure!(tags.contains("rack7") && tags.contains("cyclades:id:"), "other tags are left alone: {tags}");
    let jobs = stage.jobs(FAKE, &instance).await?;
    ensure!(jobs.iter().all(|job| !job.summary.contains("SHUTDOWN")), "the guest ran on: {jobs:?}");
    Ok(())
}
