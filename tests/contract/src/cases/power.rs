//! Starting, stopping and rebooting.

use anyhow::{Result, ensure};
use ganeti_rapi::{DeleteInstance, RebootInstance, RebootKind, ShutdownInstance, Submit};

use crate::{Notes, World};

fn at_once() -> ShutdownInstance {
    ShutdownInstance { timeout: Some(0), ..ShutdownInstance::default() }
}

pub(super) async fn down_up_and_round(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let name = "power.example.com";
    let (client, submit) = (&world.client, &Submit::default());
    world.running(name).await?;

    let job = world.done(client.shutdown_instance(name, &at_once(), submit).await).await?;
    notes.fact("summary", job.summary.join(" "));
    let instance = world.status(name, "ADMIN_down").await?;
    notes.fact("down", format!("{} {:?} {:?}", instance.admin_state, instance.oper_state, instance.oper_ram));
    let job = world.end(client.shutdown_instance(name, &at_once(), submit).await).await?;
    notes.outcome("down again", &job);

    let job = world.done(client.startup_instance(name, submit).await).await?;
    notes.fact("summary", job.summary.join(" "));
    let instance = world.status(name, "running").await?;
    notes.fact("up", format!("{} {:?}", instance.admin_state, instance.oper_state));
    let job = world.end(client.startup_instance(name, submit).await).await?;
    notes.outcome("up again", &job);

    for kind in [RebootKind::Soft, RebootKind::Hard, RebootKind::Full] {
        let reboot = RebootInstance { kind, shutdown_timeout: Some(0), ..RebootInstance::default() };
        let job = world.done(client.reboot_instance(name, &reboot, submit).await).await?;
        notes.fact(kind.as_str(), job.summary.join(" "));
        world.status(name, "running").await?;
    }
    world.done(client.shutdown_instance(name, &at_once(), submit).await).await?;
    world.status(name, "ADMIN_down").await?;
    world.done(client.reboot_instance(name, &RebootInstance::default(), submit).await).await?;
    let instance = world.status(name, "running").await?;
    notes.fact("after the reboot of a stopped one", instance.admin_state);
    world.remove(name).await?;
    Ok(notes)
}

pub(super) async fn unknown_instances(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let name = "nobody.power.example.com";
    let (client, submit) = (&world.client, &Submit::default());
    for (what, submitted) in [
        ("startup", client.startup_instance(name, submit).await),
        ("shutdown", client.shutdown_instance(name, &at_once(), submit).await),
        ("reboot", client.reboot_instance(name, &RebootInstance::default(), submit).await),
        ("delete", client.delete_instance(name, &DeleteInstance::default(), submit).await),
        ("tags", client.add_instance_tags(name, &["a"], submit).await),
    ] {
        let job = world.end(submitted).await?;
        notes.outcome(what, &job);
        let ecode = job.error.and_then(|error| error.ecode);
        ensure!(ecode == Some(ganeti_rapi::ErrorCode::UnknownEntity), "{what}: {ecode:?}");
    }
    ensure!(client.instance(name).await?.is_none(), "it exists");
    Ok(notes)
}

pub(super) async fn the_uuid_guard(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let name = "guard.power.example.com";
    let (client, submit) = (&world.client, &Submit::default());
    let before = world.running(name).await?;
    let other = Some("00000000-0000-4000-8000-000000000000".to_owned());
    let shutdown = ShutdownInstance { instance_uuid: other.clone(), ..at_once() };
    let reboot = RebootInstance { instance_uuid: other.clone(), ..RebootInstance::default() };
    let delete = DeleteInstance { instance_uuid: other, ..DeleteInstance::default() };
    for (what, submitted) in [
        ("shutdown", client.shutdown_instance(name, &shutdown, submit).await),
        ("reboot", client.reboot_instance(name, &reboot, submit).await),
        ("delete", client.delete_instance(name, &delete, submit).await),
    ] {
        let job = world.end(submitted).await?;
        notes.outcome(what, &job);
        let ecode = job.error.and_then(|error| error.ecode);
        ensure!(ecode == Some(ganeti_rapi::ErrorCode::ResourceNotUnique), "{what}: {ecode:?}");
    }
    let after = world.status(name, "running").await?;
    ensure!(after.serial_no == before.serial_no, "it was touched");

    let own = DeleteInstance { shutdown_timeout: Some(0), instance_uuid: Some(before.uuid) };
    let job = world.done(client.delete_instance(name, &own, submit).await).await?;
    notes.outcome("delete with its own uuid", &job);
    Ok(notes)
}
