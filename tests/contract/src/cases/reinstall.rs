//! Installing an OS on the disk of an instance that exists.

use anyhow::{Context, Result, ensure};
use ganeti_rapi::{
    DiskSpec, Instance, JobStatus, ModifyInstance, ReinstallInstance, ShutdownInstance, Submit,
};
use serde_json::{Value, json};

use crate::{Notes, World};

fn at_once() -> ShutdownInstance {
    ShutdownInstance { timeout: Some(0), ..ShutdownInstance::default() }
}

fn with(os: &str, osparams: Value) -> ReinstallInstance {
    let osparams = osparams.as_object().cloned().unwrap_or_default();
    ReinstallInstance { os: Some(os.to_owned()), osparams, start: false }
}

/// An instance with a disk and an OS parameter, which is down.
async fn stopped(world: &World, name: &str) -> Result<Instance> {
    let mut create = world.small(name);
    create.disk_template = Some("file".to_owned());
    create.disks = vec![DiskSpec { size: 16, ..DiskSpec::default() }];
    create.osparams.insert(world.bed.os_parameter(), "hello".into());
    create.start = Some(false);
    world.done(world.client.create_instance(&create, &Submit::default()).await).await?;
    world.status(name, "ADMIN_down").await
}

async fn parameters(world: &World, name: &str) -> Result<Value> {
    Ok(Value::Object(world.client.os_parameters(name).await?.context("it exists")?))
}

pub(super) async fn another_os_on_the_same_disk(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let name = "other.reinstall.example.com";
    let (client, parameter) = (&world.client, world.bed.os_parameter());
    let before = stopped(world, name).await?;
    notes.fact("parameters before", parameters(world, name).await?);
    ensure!(client.os_parameters("nobody.example.com").await?.is_none(), "it is there");

    // The parameters of the old OS are not those of the new one.
    let job = world.end(client.reinstall_instance(name, &with("noop", json!({}))).await).await?;
    notes.outcome("with a parameter left over", &job);
    let mut modify = ModifyInstance { instance_uuid: Some(before.uuid.clone()), ..ModifyInstance::default() };
    modify.more.insert("os_name".to_owned(), "noop".into());
    modify.osparams.insert(parameter.clone(), "default".into());
    let job = world.done(client.modify_instance(name, &modify, &Submit::default()).await).await?;
    let result: Value = serde_json::from_str(job.results.first().context("a result")?.get())?;
    notes.fact("told of the OS", result);
    let told = world.seen(name, "another OS", |now| now.os.as_deref() == Some("noop")).await?;
    notes.fact("parameters when told", parameters(world, name).await?);

    let job = world.done(client.reinstall_instance(name, &with("noop", json!({}))).await).await?;
    notes.fact("summary", job.summary.join(" "));
    notes.fact("opcodes", job.op_ids.join(" "));
    notes.fact("reasons", job.reasons.len());
    let after = world.status(name, "ADMIN_down").await?;
    notes.fact(
        "same uuid, disk and os",
        (&after.uuid, &after.disk_uuids, &after.os) == (&told.uuid, &told.disk_uuids, &told.os),
    );
    notes.fact("counted", after.serial_no > told.serial_no);
    notes.fact("parameters after", parameters(world, name).await?);

    let greeting = json!({ parameter: "again" });
    world.done(client.reinstall_instance(name, &with(&world.bed.os(), greeting)).await).await?;
    let back = world.seen(name, "the first OS", |now| now.os == before.os).await?;
    notes.fact("down all the while", format!("{} {}", back.status, back.admin_state));
    notes.fact("parameters in the end", parameters(world, name).await?);
    world.remove(name).await?;
    Ok(notes)
}

pub(super) async fn what_is_refused_before_anything_is_erased(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let name = "refused.reinstall.example.com";
    let client = &world.client;
    let before = stopped(world, name).await?;
    for (what, os) in [("an unknown OS", "no-such-os"), ("an OS without its variant", "variants-os")] {
        let mut modify = ModifyInstance::default();
        modify.more.insert("os_name".to_owned(), os.into());
        // A parameter that is not there and is taken back: without any, the OS is not looked at.
        modify.osparams.insert("no-such-parameter".to_owned(), "default".into());
        modify.osparams.insert(world.bed.os_parameter(), "default".into());
        let job = world.end(client.modify_instance(name, &modify, &Submit::default()).await).await?;
        notes.outcome(&format!("told of {what}"), &job);
        ensure!(job.status == JobStatus::Error, "{what}: {}", job.status);
    }
    let after = world.status(name, "ADMIN_down").await?;
    ensure!(after.serial_no == before.serial_no && after.os == before.os, "it was touched: {after:?}");
    world.remove(name).await?;

    let diskless = "diskless.reinstall.example.com";
    world.running(diskless).await?;
    let job = world.end(client.reinstall_instance(diskless, &with("noop", json!({}))).await).await?;
    notes.outcome("without a disk", &job);
    world.status(diskless, "ADMIN_down").await?;
    world.remove(diskless).await?;
    let job =
        world.end(client.reinstall_instance("nobody.example.com", &with("noop", json!({}))).await).await?;
    notes.outcome("nobody", &job);
    Ok(notes)
}

pub(super) async fn a_script_that_fails(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let name = "fails.reinstall.example.com";
    let client = &world.client;
    stopped(world, name).await?;
    world.done(client.startup_instance(name, &Submit::default()).await).await?;
    world.done(client.shutdown_instance(name, &at_once(), &Submit::default()).await).await?;
    let mut modify = ModifyInstance::default();
    modify.osparams.insert(world.bed.os_parameter(), "default".into());
    world.done(client.modify_instance(name, &modify, &Submit::default()).await).await?;
    let job = world.end(client.reinstall_instance(name, &with("fail-create", json!({}))).await).await?;
    notes.outcome("a script that fails", &job);
    let after = world.status(name, "ADMIN_down").await?;
    notes.fact("os of what is left", format!("{:?}", after.os));
    world.done(client.reinstall_instance(name, &with("noop", json!({}))).await).await?;
    world.remove(name).await?;
    Ok(notes)
}
