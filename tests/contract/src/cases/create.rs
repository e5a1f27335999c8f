//! Creating instances, and what is refused.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use ganeti_rapi::{CreateInstance, DiskSpec, JobStatus, Submit};

use crate::{Notes, World};

pub(super) async fn what_was_asked_for(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let name = "plain.create.example.com";
    let mut create = world.small(name);
    create.beparams.insert("vcpus".to_owned(), 2.into());
    create.tags = vec!["suite:create".to_owned(), "suite:second".to_owned()];
    let job = world.done(world.client.create_instance(&create, &Submit::default()).await).await?;
    notes.fact("summary", job.summary.join(" "));
    notes.fact("opcodes", job.op_ids.join(" "));
    notes.fact("reasons", job.reasons.len());
    ensure!(job.started.is_some() && job.received <= job.started && job.started <= job.ended, "{job:?}");
    let nodes: Vec<String> = serde_json::from_str(job.results.first().context("no result")?.get())?;

    let instance = world.status(name, "running").await?;
    ensure!(nodes == [instance.pnode.clone()], "{nodes:?} is not {}", instance.pnode);
    ensure!(world.client.nodes().await?.iter().any(|node| node.name == instance.pnode), "{}", instance.pnode);
    let mut tags = instance.tags.clone();
    tags.sort();
    ensure!(tags == create.tags, "{tags:?}");
    notes.fact("uuid", &instance.uuid);
    notes.fact("states", format!("{} {} {:?}", instance.status, instance.admin_state, instance.oper_state));
    notes.fact("serial number", instance.serial_no);
    notes.fact("disk template", &instance.disk_template);
    notes.fact("os as asked for", instance.os == create.os_type);
    let be = &instance.beparams;
    notes.fact("memory and vcpus", format!("{} {} {}", be.minmem, be.maxmem, be.vcpus));
    notes.fact("running with", format!("{:?} {:?}", instance.oper_ram, instance.oper_vcpus));
    notes.fact("disks and NICs", format!("{} {}", instance.disk_sizes.len(), instance.nic_macs.len()));
    notes.fact("created before changed", instance.ctime > 0.0 && instance.ctime <= instance.mtime);
    ensure!(world.client.instances().await?.iter().any(|other| other == name), "not in the list");
    world.remove(name).await?;
    world.gone(name).await?;
    Ok(notes)
}

/// Submits a create that is to fail, notes how, and sees that nothing is left.
async fn refused(world: &World, notes: &mut Notes, what: &str, create: &CreateInstance) -> Result<()> {
    match world.client.create_instance(create, &Submit::default()).await {
        Err(failure) => notes.failure(what, &failure),
        submitted => {
            let job = world.end(submitted).await?;
            notes.outcome(what, &job);
            ensure!(job.status == JobStatus::Error, "{what} became {}", job.status);
        }
    }
    let left = world.client.instance(&create.instance_name).await?;
    ensure!(left.is_none(), "{what} left {left:?}");
    Ok(())
}

pub(super) async fn the_same_name_twice(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let name = "twice.create.example.com";
    let first = world.running(name).await?;
    let job = world.end(world.client.create_instance(&world.small(name), &Submit::default()).await).await?;
    notes.outcome("second create", &job);
    let now = world.status(name, "running").await?;
    ensure!(now.uuid == first.uuid && now.serial_no == first.serial_no, "the first one was touched");
    world.remove(name).await?;
    Ok(notes)
}

pub(super) async fn text_outside_ascii(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let mut create = world.small("text.create.example.com");
    create.osparams.insert(world.bed.os_parameter(), "grüße 😀".into());
    let start = Instant::now();
    // A bed's master daemon was started by Ganeti itself, hence in the C locale: it cannot write such a
    // text to its queue. That it gets as far as there is what the escapes are for; without them RAPI
    // would wait for 10 s and drop the connection.
    refused(world, &mut notes, "create with such a text", &create).await?;
    ensure!(start.elapsed() < Duration::from_secs(8), "took {:?}", start.elapsed());
    Ok(notes)
}

pub(super) async fn a_tag_outside_ascii(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let mut create = world.small("tag.create.example.com");
    create.tags = vec!["grüße".to_owned()];
    refused(world, &mut notes, "create with such a tag", &create).await?;
    Ok(notes)
}

pub(super) async fn too_much_memory(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let mut create = world.small("big.create.example.com");
    // More than any machine of a test has, less than the policy forbids.
    create.beparams.insert("maxmem".to_owned(), 1_000_000.into());
    refused(world, &mut notes, "create with 1 TB of memory", &create).await?;
    Ok(notes)
}

pub(super) async fn against_the_policy(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let mut create = world.small("policy.create.example.com");
    create.beparams.insert("vcpus".to_owned(), 10_000.into());
    refused(world, &mut notes, "by the allocator", &create).await?;
    create.pnode = Some(world.client.info().await?.master);
    refused(world, &mut notes, "on a given node", &create).await?;
    Ok(notes)
}

pub(super) async fn a_disk_template_that_is_not_enabled(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let mut create = world.small("template.create.example.com");
    create.disk_template = Some("plain".to_owned());
    create.disks = vec![DiskSpec { size: 64, ..DiskSpec::default() }];
    refused(world, &mut notes, "create with plain disks", &create).await?;
    create.disk_template = Some("bogus".to_owned());
    refused(world, &mut notes, "create with bogus disks", &create).await?;
    Ok(notes)
}

pub(super) async fn an_unknown_os(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let mut create = world.small("os.create.example.com");
    create.os_type = Some("no-such-os".to_owned());
    refused(world, &mut notes, "create with an unknown OS", &create).await?;
    Ok(notes)
}

pub(super) async fn an_unknown_hypervisor(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let mut create = world.small("hypervisor.create.example.com");
    create.hypervisor = Some("xen-hvm".to_owned());
    refused(world, &mut notes, "create with a hypervisor that is not enabled", &create).await?;
    create.hypervisor = Some("bogus".to_owned());
    refused(world, &mut notes, "create with a bogus hypervisor", &create).await?;
    Ok(notes)
}

pub(super) async fn bad_parameters(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    for (what, key, value) in [
        ("an unknown key", "no_such_parameter", serde_json::json!(1)),
        ("a wrong type", "ip_check_typo", serde_json::json!(null)),
        ("a text for a flag", "wait_for_sync", serde_json::json!("perhaps")),
        ("a reason in the body", "reason", serde_json::json!([["a", "b", 1]])),
    ] {
        let mut create = world.small("bad.create.example.com");
        create.more.insert(key.to_owned(), value);
        refused(world, &mut notes, what, &create).await?;
    }
    let mut create = world.small("bad.create.example.com");
    create.beparams.insert("no_such_parameter".to_owned(), 1.into());
    refused(world, &mut notes, "an unknown backend parameter", &create).await?;
    let mut create = world.small("bad.create.example.com");
    create.beparams.insert("vcpus".to_owned(), "many".into());
    refused(world, &mut notes, "a text for a number", &create).await?;
    let mut create = world.small("bad.create.example.com");
    create.hvparams.insert("no_such_parameter".to_owned(), 1.into());
    refused(world, &mut notes, "an unknown hypervisor parameter", &create).await?;
    Ok(notes)
}

pub(super) async fn not_started(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let name = "stopped.create.example.com";
    let mut create = world.small(name);
    create.start = Some(false);
    world.done(world.client.create_instance(&create, &Submit::default()).await).await?;
    let instance = world.status(name, "ADMIN_down").await?;
    notes.fact("states", format!("{} {:?}", instance.admin_state, instance.oper_state));
    notes.fact("serial number", instance.serial_no);
    notes.fact("running with", format!("{:?} {:?}", instance.oper_ram, instance.oper_vcpus));
    world.remove(name).await?;
    Ok(notes)
}

pub(super) async fn with_a_disk(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let name = "disk.create.example.com";
    let mut create = world.small(name);
    create.disk_template = Some("file".to_owned());
    create.disks = vec![DiskSpec { size: 65, name: Some("root".to_owned()), ..DiskSpec::default() }];
    world.done(world.client.create_instance(&create, &Submit::default()).await).await?;
    let instance = world.status(name, "running").await?;
    notes.fact("disk template", &instance.disk_template);
    notes.fact("disk sizes", format!("{:?}", instance.disk_sizes));
    notes.fact("disk uuids", instance.disk_uuids.join(" "));
    world.remove(name).await?;
    Ok(notes)
}

pub(super) async fn deleted_and_made_again(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let name = "again.create.example.com";
    let first = world.running(name).await?;
    let job = world.remove(name).await?;
    notes.fact("summary", job.summary.join(" "));
    notes.fact("opcodes", job.op_ids.join(" "));
    world.gone(name).await?;
    let second = world.running(name).await?;
    notes.fact("same uuid", first.uuid == second.uuid);
    notes.fact("serial number", second.serial_no);
    world.remove(name).await?;
    Ok(notes)
}

pub(super) async fn a_longer_name_with_the_same_start(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let name = "prefix-trap.create.example.com";
    world.running(name).await?;
    ensure!(world.client.instance("prefix-trap").await?.is_none(), "another instance was taken for it");
    ensure!(world.client.instance(name).await?.is_some(), "not found by its own name");
    let job = world.end(world.client.startup_instance("prefix-trap", &Submit::default()).await).await?;
    notes.outcome("startup by the short name", &job);
    world.remove(name).await?;
    Ok(notes)
}
