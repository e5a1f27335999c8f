//! A rescue under QEMU.

use anyhow::{Context as _, Result, ensure};
use cyclades_crds::{condition::Reason, virtual_machine::ObservedPower};
use cyclades_e2e::{LONG, SOON, Stage};
use serde_json::json;

use crate::changes::{KVM, KVM_BACKEND, qemu};

/// The drive of the medium, as QEMU was told of it, if it was.
async fn drive(stage: &Stage, instance: &str, medium: &str) -> Result<Option<String>> {
    let words = qemu(stage, instance).await?;
    Ok(words.into_iter().find(|word| word.contains(medium)))
}

/// QEMU is started with the medium to boot from, and without it again.
pub async fn a_guest_boots_from_the_medium_and_then_from_its_disk(stage: &Stage) -> Result<()> {
    let space = stage.space("rescue").await?;
    let medium = stage.dir().join("grml.iso");
    std::fs::write(&medium, vec![0; 1 << 20]).context("a medium on the node")?;
    let medium = medium.to_str().context("a path in UTF-8")?.to_owned();
    let folder = format!("{}/", stage.dir().display());
    stage.backend(KVM_BACKEND).patch(&json!({"spec": {"rescueMedia": [folder]}})).await?;
    stage.apply(&[space.image("grml", &json!({"cdrom": {"location": medium}}))]).await?;
    let spec = json!({"backendName": KVM_BACKEND, "shutdownTimeoutSeconds": 0, "rescuePolicy": "Restart"});
    let machine = space.apply("web", spec).await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    let instance = machine.instance().await?;

    // The lab's guests boot a kernel of the node.
    machine.patch(&json!({"spec": {"rescue": {"imageRef": {"name": "grml"}}}})).await?;
    let message = machine.stalled(Reason::RescueRefused, LONG).await?;
    ensure!(message.contains("kernel_path"), "{message}");
    ensure!(drive(stage, &instance, &medium).await?.is_none(), "nothing was done");
    stage.gnt(KVM, &["gnt-instance", "modify", "-H", "kernel_path=", &instance]).await?;

    machine
        .until("in rescue", LONG, |object| object.status.as_ref().is_some_and(|it| it.rescue.is_some()))
        .await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    let told = drive(stage, &instance, &medium).await?.context("QEMU has no such drive")?;
    ensure!(told.contains("media=cdrom"), "{told}");
    let words = qemu(stage, &instance).await?.join(" ");
    ensure!(words.contains("-boot d") || words.contains("bootindex") || told.contains("boot=on"), "{words}");
    let row = stage.row(KVM, &instance, "hv/boot_order,hv/cdrom_image_path").await?.context("it is there")?;
    ensure!(row == ["cdrom", medium.as_str()], "{row:?}");

    machine.patch(&json!({"spec": {"rescue": null}})).await?;
    machine
        .until("out of rescue", LONG, |object| object.status.as_ref().is_some_and(|it| it.rescue.is_none()))
        .await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    ensure!(drive(stage, &instance, &medium).await?.is_none(), "the medium is gone");

    let by_hand = format!("boot_order=cdrom,cdrom_image_path={medium}");
    stage.gnt(KVM, &["gnt-instance", "modify", "-H", &by_hand, &instance]).await?;
    let message = machine.not_ready(Reason::Drifted, LONG).await?;
    ensure!(message.contains(&medium), "{message}");
    machine.patch(&json!({"spec": {"driftPolicy": "Correct"}})).await?;
    machine.ready_and(ObservedPower::Running, SOON + LONG).await.map(drop)
}
