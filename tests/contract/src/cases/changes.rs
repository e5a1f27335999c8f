//! Changing an instance's configuration.

use anyhow::{Context, Result, ensure};
use ganeti_rapi::{ModifyInstance, ShutdownInstance, Submit};

use crate::{Notes, World};

fn vcpus(count: impl Into<serde_json::Value>) -> ModifyInstance {
    let mut modify = ModifyInstance::default();
    modify.beparams.insert("vcpus".to_owned(), count.into());
    modify
}

pub(super) async fn nothing_to_change(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let name = "nothing.changes.example.com";
    world.running(name).await?;
    match world.client.modify_instance(name, &ModifyInstance::default(), &Submit::default()).await {
        Err(failure) => notes.failure("empty change", &failure),
        submitted => notes.outcome("empty change", &world.end(submitted).await?),
    }
    world.remove(name).await?;
    Ok(notes)
}

pub(super) async fn backend_parameters(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let name = "be.changes.example.com";
    let (client, submit) = (&world.client, &Submit::default());
    let default = world.running(name).await?.beparams.vcpus;
    let job = world.done(client.modify_instance(name, &vcpus(3), submit).await).await?;
    notes.fact("summary", job.summary.join(" "));
    let result: serde_json::Value = serde_json::from_str(job.results.first().context("no result")?.get())?;
    notes.fact("result", result);
    world.seen(name, "3 vcpus", |instance| instance.beparams.vcpus == 3).await?;
    world.done(client.modify_instance(name, &vcpus("default"), submit).await).await?;
    world.seen(name, "the default", |instance| instance.beparams.vcpus == default).await?;
    let wrong = world.end(client.modify_instance(name, &vcpus("many"), submit).await).await?;
    notes.outcome("a text for a number", &wrong);

    let guarded =
        ModifyInstance { instance_uuid: Some("00000000-0000-4000-8000-000000000000".to_owned()), ..vcpus(2) };
    let job = world.end(client.modify_instance(name, &guarded, submit).await).await?;
    notes.outcome("with another's uuid", &job);
    world.remove(name).await?;
    Ok(notes)
}

pub(super) async fn what_the_serial_number_counts(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let name = "serial.changes.example.com";
    let (client, submit) = (&world.client, &Submit::default());
    let mut serial = world.running(name).await?.serial_no;

    let mut counted = async |what: &str, submitted| {
        world.done(submitted).await?;
        let before = serial;
        let instance = world.seen(name, "a higher serial number", |now| now.serial_no > before).await?;
        notes.fact(what, format!("+{}", instance.serial_no - before));
        serial = instance.serial_no;
        anyhow::Ok(())
    };
    counted("modify", client.modify_instance(name, &vcpus(2), submit).await).await?;
    counted("add a tag", client.add_instance_tags(name, &["a"], submit).await).await?;
    counted("remove a tag", client.remove_instance_tags(name, &["a"], submit).await).await?;
    let at_once = ShutdownInstance { timeout: Some(0), ..ShutdownInstance::default() };
    counted("shutdown", client.shutdown_instance(name, &at_once, submit).await).await?;
    counted("startup", client.startup_instance(name, submit).await).await?;

    world.status(name, "running").await?;
    world.bed.crash(name).await?;
    let crashed = world.status(name, "ERROR_down").await?;
    ensure!(crashed.serial_no == serial, "a crash changed the serial number to {}", crashed.serial_no);
    world.remove(name).await?;
    Ok(notes)
}
