//! What a machine has beside its flavor, on a real Ganeti with QEMU: disks that are plugged in, hypervisor parameters.

use anyhow::{Context as _, Result, ensure};
use cyclades_crds::{condition::Reason, virtual_machine::ObservedPower};
use cyclades_e2e::{LONG, Machine, SOON, Space, Stage};
use serde_json::{Value, json};

use crate::{FAKE, FAKE_BACKEND, PARAMETERS};

/// The cluster whose guests run under QEMU.
const KVM: usize = 1;
const KVM_BACKEND: &str = "ganeti-1";

/// A machine with a file disk of 16 MiB. Nothing boots from it, so nothing would hear a soft shutdown.
async fn machine<'a>(space: &Space<'a>, backend: &str, more: Value) -> Result<Machine<'a>> {
    let flavor = space.namespace();
    let shape = json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "Flavor", "metadata": {"name": flavor},
        "spec": {"vcpus": 1, "memory": "32Mi", "disk": "16Mi", "volumeTypeRef": {"name": "file"}},
    });
    space.stage().apply(&[shape]).await?;
    let mut spec =
        json!({"backendName": backend, "flavorRef": {"name": flavor}, "shutdownTimeoutSeconds": 0});
    if let (Value::Object(spec), Value::Object(more)) = (&mut spec, more) {
        spec.extend(more);
    }
    let machine = space.apply("web", spec).await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    Ok(machine)
}

async fn pid(stage: &Stage, instance: &str) -> Result<u32> {
    let bed = stage.bed().await;
    bed.cluster(KVM)?.lab().context("a lab")?.qemu_pid(instance).map_err(Into::into)
}

async fn row(stage: &Stage, cluster: usize, instance: &str, fields: &str) -> Result<String> {
    Ok(stage.row(cluster, instance, fields).await?.context("the instance is there")?.join(" "))
}

/// A guest that has no free slot on its bus: Ganeti makes the disk and cannot plug it in. Restarted with room for it, the
/// guest has it.
pub async fn a_disk_that_is_not_plugged_in_is_told_until_the_guest_is_another(stage: &Stage) -> Result<()> {
    let space = stage.space("unplugged").await?;
    let allowed = json!({"spec": {"allowedHypervisorParameters": PARAMETERS}});
    stage.backend(KVM_BACKEND).patch(&allowed).await?;
    // Of 32 slots all but the root disk's are kept free.
    let machine =
        machine(&space, KVM_BACKEND, json!({"hypervisorParameters": {"kvm_pci_reservations": "31"}})).await?;
    let instance = machine.instance().await?;
    let before = pid(stage, &instance).await?;
    machine.patch(&json!({"spec": {"disks": [{"name": "data", "size": "16Mi"}]}})).await?;
    let message = machine.not_ready(Reason::HotplugFailed, LONG).await?;
    ensure!(message.contains("Stop and start it"), "the cure: {message}");
    let now = row(stage, KVM, &instance, "disk.sizes,disk.name/1").await?;
    ensure!(now == "16,16 data", "{now}");
    ensure!(pid(stage, &instance).await? == before, "the guest was restarted");

    machine.patch(&json!({"spec": {"hypervisorParameters": null, "resizePolicy": "Restart"}})).await?;
    let object = machine.ready_and(ObservedPower::Running, LONG).await?;
    ensure!(object.status.context("a status")?.restart_required.is_none(), "it has all disks");
    ensure!(pid(stage, &instance).await? != before, "the guest has to be another one");
    Ok(())
}

/// A disk is made with the machine; another one is plugged into QEMU, which runs on; both grow.
pub async fn a_disk_is_plugged_into_the_running_guest(stage: &Stage) -> Result<()> {
    let space = stage.space("plug").await?;
    let machine = machine(&space, KVM_BACKEND, json!({"disks": [{"name": "data", "size": "32Mi"}]})).await?;
    let instance = machine.instance().await?;
    let made = row(stage, KVM, &instance, "disk.sizes,disk.name/1").await?;
    ensure!(made == "16,32 data", "{made}");
    let before = pid(stage, &instance).await?;

    let disks = json!([{"name": "data", "size": "48Mi"}, {"name": "logs", "size": "16Mi"}]);
    machine.patch(&json!({"spec": {"disks": disks}})).await?;
    machine.told("Resizing", LONG).await?;
    let object = machine.ready_and(ObservedPower::Running, LONG).await?;
    let now = row(stage, KVM, &instance, "disk.sizes,disk.name/1,disk.name/2").await?;
    ensure!(now == "16,48,16 data logs", "{now}");
    ensure!(pid(stage, &instance).await? == before, "the guest was restarted");
    let status = object.status.context("a status")?;
    ensure!(status.disks.len() == 2, "{:?}", status.disks);
    let info = stage.gnt(KVM, &["gnt-instance", "info", &instance]).await?;
    ensure!(info.contains("name: logs"), "{info}");

    machine.patch(&json!({"spec": {"powerState": "Stopped"}})).await?;
    machine.ready_and(ObservedPower::Stopped, LONG).await?;
    let disks = json!([{"name": "data", "size": "64Mi"}, {"name": "logs", "size": "16Mi"}, {"name": "more", "size": "16Mi"}]);
    machine.patch(&json!({"spec": {"disks": disks, "powerState": "Running"}})).await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    let last = row(stage, KVM, &instance, "disk.sizes").await?;
    ensure!(last == "16,64,16,16", "{last}");
    Ok(())
}

/// What an administrator does to disks is shown by name, and one that he removes may be given up.
pub async fn a_disk_that_is_removed_by_hand_is_shown(stage: &Stage) -> Result<()> {
    let space = stage.space("removed").await?;
    let disks = json!({"disks": [{"name": "data", "size": "32Mi"}], "powerPolicy": "Follow"});
    let machine = machine(&space, FAKE_BACKEND, disks).await?;
    let instance = machine.instance().await?;
    machine.power("Stopped").await?;
    machine.ready_and(ObservedPower::Stopped, LONG).await?;
    stage.gnt(FAKE, &["gnt-instance", "modify", "--disk", "1:remove", &instance]).await?;
    let message = machine.not_ready(Reason::Drifted, LONG).await?;
    ensure!(message.contains("disk data: declared 32 MiB, Ganeti has none"), "{message}");
    machine
        .until("without the disk", SOON, |object| {
            object.status.as_ref().is_some_and(|status| status.disks.iter().all(|disk| disk.size_mib == 0))
        })
        .await?;
    machine.patch(&json!({"spec": {"disks": null}})).await?;
    machine.ready_and(ObservedPower::Stopped, LONG).await?;
    machine.patch(&json!({"spec": {"disks": [{"name": "data", "size": "16Mi"}]}})).await?;
    machine.ready_and(ObservedPower::Stopped, LONG).await?;
    let now = row(stage, FAKE, &instance, "disk.sizes").await?;
    ensure!(now == "16,16", "{now}");
    Ok(())
}

/// A hypervisor parameter waits for a start, as another flavor does, and QEMU has it then.
pub async fn a_hypervisor_parameter_takes_effect_at_a_start(stage: &Stage) -> Result<()> {
    let space = stage.space("hv").await?;
    let allowed = json!({"spec": {"allowedHypervisorParameters": PARAMETERS}});
    stage.backend(KVM_BACKEND).patch(&allowed).await?;
    let parameters = json!({"hypervisorParameters": {"acpi": "false"}});
    let machine = machine(&space, KVM_BACKEND, parameters).await?;
    let instance = machine.instance().await?;
    let fields = "hv/acpi,hv/serial_console,custom_hvparams";
    let made = row(stage, KVM, &instance, fields).await?;
    ensure!(made.starts_with("N Y"), "{made}");
    let before = pid(stage, &instance).await?;

    machine
        .patch(&json!({"spec": {"hypervisorParameters": {"acpi": null, "serial_console": "false"}}}))
        .await?;
    machine.not_ready(Reason::ResizePending, LONG).await?;
    stage.polls(KVM_BACKEND, 2, LONG).await?;
    ensure!(row(stage, KVM, &instance, fields).await? == made, "it was touched");
    ensure!(pid(stage, &instance).await? == before, "the guest was restarted");

    machine.patch(&json!({"spec": {"resizePolicy": "Restart"}})).await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    let now = row(stage, KVM, &instance, fields).await?;
    ensure!(now.starts_with("Y N") && !now.contains("acpi"), "{now}");
    ensure!(pid(stage, &instance).await? != before, "the guest has to be another one");

    machine.patch(&json!({"spec": {"hypervisorParameters": {"kvm_extra": "-x"}}})).await?;
    let message = machine.not_ready(Reason::ParameterNotAllowed, SOON).await?;
    ensure!(message.contains("kvm_extra"), "{message}");
    machine.patch(&json!({"spec": {"hypervisorParameters": {"kvm_extra": null}}})).await?;
    machine.ready_and(ObservedPower::Running, LONG).await.map(drop)
}
