//! Disks beside the first: made with the instance, added to it, grown.

use anyhow::{Context as _, Result};
use ganeti_rapi::{
    Change, CreateInstance, DiskSpec, GrowDisk, Instance, ModifyInstance, ShutdownInstance, Submit,
};

use crate::{Notes, World};

fn disk(name: Option<&str>, size: u64) -> DiskSpec {
    DiskSpec { size, name: name.map(str::to_owned), ..DiskSpec::default() }
}

fn add(item: DiskSpec, hotplug: bool) -> ModifyInstance {
    let mut modify = ModifyInstance {
        disks: vec![Change::Add { at: "-1".to_owned(), item }],
        hotplug: Some(hotplug),
        ..ModifyInstance::default()
    };
    modify.more.insert("wait_for_sync".to_owned(), false.into());
    modify
}

fn grow(amount: u64) -> GrowDisk {
    GrowDisk { amount, absolute: true, wait_for_sync: false, instance_uuid: None }
}

fn told(instance: &Instance) -> String {
    let names: Vec<&str> = instance.disk_names.iter().map(|name| name.as_deref().unwrap_or("-")).collect();
    let sizes: Vec<String> =
        instance.disk_sizes.iter().map(|size| size.map_or("-".to_owned(), |size| size.to_string())).collect();
    format!("{} of {}", names.join(" "), sizes.join(" "))
}

fn with_disks(world: &World, name: &str) -> CreateInstance {
    let mut create = world.small(name);
    create.disk_template = Some("file".to_owned());
    create.disks = vec![disk(None, 16), disk(Some("data"), 30)];
    create
}

pub(super) async fn added_and_grown(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let name = "added.disks.example.com";
    let (client, submit) = (&world.client, &Submit::default());
    world.done(client.create_instance(&with_disks(world, name), submit).await).await?;
    let made = world.status(name, "running").await?;
    notes.fact("made with", told(&made));

    let job =
        world.end(client.modify_instance(name, &add(disk(Some("logs"), 16), true), submit).await).await?;
    notes.outcome("plugged into a guest that takes none", &job);
    let job =
        world.end(client.modify_instance(name, &add(disk(Some("logs"), 16), false), submit).await).await?;
    notes.outcome("added while it runs", &job);
    let result: serde_json::Value = serde_json::from_str(job.results.first().context("no result")?.get())?;
    notes.fact("result", result);
    let added = world.seen(name, "three disks", |now| now.disk_sizes.len() == 3).await?;
    notes.fact("added", told(&added));
    notes.fact("counted", added.serial_no - made.serial_no);

    let job = world.end(client.grow_disk(name, 1, &grow(64), submit).await).await?;
    notes.outcome("grown while it runs", &job);
    let grown = world.seen(name, "grown", |now| now.disk_sizes.get(1) == Some(&Some(64))).await?;
    notes.fact("grown", told(&grown));
    notes.fact("counted", grown.serial_no - added.serial_no);
    let job = world.end(client.grow_disk(name, 1, &grow(64), submit).await).await?;
    notes.outcome("to the size that it has", &job);
    let job = world.end(client.grow_disk(name, 1, &grow(32), submit).await).await?;
    notes.outcome("to a smaller size", &job);
    let job = world.end(client.grow_disk(name, 7, &grow(32), submit).await).await?;
    notes.outcome("a disk that is not there", &job);

    let at_once = ShutdownInstance { timeout: Some(0), ..ShutdownInstance::default() };
    world.done(client.shutdown_instance(name, &at_once, submit).await).await?;
    let mut more = add(disk(Some("more"), 16), false);
    let job = world.end(client.modify_instance(name, &more, submit).await).await?;
    notes.outcome("added while it is down, without a wait", &job);
    more.more.clear();
    let job = world.end(client.modify_instance(name, &more, submit).await).await?;
    notes.outcome("added while it is down", &job);
    let job = world.end(client.modify_instance(name, &more, submit).await).await?;
    notes.outcome("a name that another one has", &job);
    let now = world.seen(name, "more disks", |now| now.disk_sizes.len() > 3).await?;
    notes.fact("then", told(&now));
    world.remove(name).await?;
    Ok(notes)
}

pub(super) async fn of_a_diskless_instance(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let name = "diskless.disks.example.com";
    world.running(name).await?;
    let modify = add(disk(Some("data"), 16), false);
    let job = world.end(world.client.modify_instance(name, &modify, &Submit::default()).await).await?;
    notes.outcome("add a disk", &job);
    world.remove(name).await?;
    Ok(notes)
}
