//! Jobs.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use ganeti_rapi::{DeleteInstance, Dependency, JobId, JobStatus, Submit};

use crate::{Notes, World};

pub(super) async fn an_unknown_one(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let id = JobId(99_999_999);
    notes.fact("by its id", world.client.job(id).await?.is_some());
    notes.fact("in a query", world.client.job_details(&[id]).await?.len());
    notes.fact("in the feed", world.client.jobs_above(id.0, &[id]).await?.len());
    match world.client.cancel_job(id).await {
        Ok((done, words)) => notes.fact("cancelled", format!("{done} {words}")),
        Err(failure) => notes.failure("cancel", &failure),
    }
    Ok(notes)
}

pub(super) async fn the_feed(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let name = "feed.jobs.example.com";
    let last = world.last_job().await?;
    let first = world.end(world.client.startup_instance(name, &Submit::default()).await).await?;
    ensure!(first.id.0 > last, "ids grow: {} after {last}", first.id);
    let second = world.end(world.client.startup_instance(name, &Submit::default()).await).await?;
    ensure!(second.id > first.id, "ids grow: {} after {}", second.id, first.id);

    let feed = world.client.jobs_above(last, &[]).await?;
    let own: Vec<_> = feed.iter().filter(|job| job.summary.iter().any(|text| text.contains(name))).collect();
    notes.fact("own jobs in the feed", own.len());
    notes.fact("summary", own.first().context("none")?.summary.join(" "));
    notes.fact("state", &own.first().context("none")?.status);
    let feed = world.client.jobs_above(first.id.0, &[first.id]).await?;
    ensure!(feed.iter().any(|job| job.id == first.id), "the one asked for is there");
    ensure!(feed.iter().any(|job| job.id == second.id), "the one above is there");
    let details = world.client.job_details(&[first.id, second.id]).await?;
    notes.fact("details", details.len());
    for job in &details {
        notes.outcome("ended", job);
        notes.fact("opcodes", job.op_ids.join(" "));
    }
    Ok(notes)
}

pub(super) async fn a_reason_comes_back(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let name = "reason.jobs.example.com";
    let reason = "suite/a b+c%d&e=f/#?";
    let job = world.end(world.client.startup_instance(name, &Submit::because(reason)).await).await?;
    notes.fact("reasons of a startup", job.reasons.join(" | "));
    ensure!(job.reasons == [reason], "{:?}", job.reasons);
    let job = world.end(world.client.add_instance_tags(name, &["a"], &Submit::because(reason)).await).await?;
    notes.fact("reasons of a tag", job.reasons.join(" | "));
    ensure!(job.reasons == [reason], "{:?}", job.reasons);
    let found = world.client.job_details_above(job.id.0 - 1).await?;
    ensure!(
        found.iter().any(|other| other.id == job.id && other.reasons == [reason]),
        "not found by its reason"
    );
    let job = world.end(world.client.startup_instance(name, &Submit::default()).await).await?;
    notes.fact("reasons without one", job.reasons.len());
    Ok(notes)
}

pub(super) async fn one_after_the_other(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let name = "order.jobs.example.com";
    let create = world.client.create_instance(&world.small(name), &Submit::default()).await?;
    let after = |job| Submit { reason: None, depends: vec![Dependency::success_of(job)] };
    let down = ganeti_rapi::ShutdownInstance { timeout: Some(0), ..Default::default() };
    let shutdown = world.client.shutdown_instance(name, &down, &after(create)).await?;
    let startup = world.client.startup_instance(name, &after(shutdown)).await?;
    let startup = world.done(Ok(startup)).await?;
    let shutdown = world.done(Ok(shutdown)).await?;
    ensure!(shutdown.ended <= startup.started, "{:?} then {:?}", shutdown.ended, startup.started);
    world.status(name, "running").await?;
    world.remove(name).await?;

    let fails = world.client.startup_instance("nobody.jobs.example.com", &Submit::default()).await?;
    let dependent = world.client.add_cluster_tags(&["suite:never"], &after(fails)).await;
    let dependent = world.end(dependent).await?;
    notes.outcome("after a failed one", &dependent);
    ensure!(dependent.status != JobStatus::Success, "it ran");
    Ok(notes)
}

pub(super) async fn delete_after_whatever_became_of_the_create(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let name = "brief.jobs.example.com";
    let delete = DeleteInstance { shutdown_timeout: Some(0), ..DeleteInstance::default() };
    let mut impossible = world.small(name);
    impossible.os_type = Some("no-such-os".to_owned());
    for (what, create) in [("after a create", world.small(name)), ("after a failed create", impossible)] {
        let create = world.client.create_instance(&create, &Submit::default()).await?;
        let after = Submit { reason: None, depends: vec![Dependency { job: create, statuses: Vec::new() }] };
        let delete = world.end(world.client.delete_instance(name, &delete, &after).await).await?;
        let create = world.end(Ok(create)).await?;
        ensure!(create.ended <= delete.started, "{:?} then {:?}", create.ended, delete.started);
        notes.outcome(what, &delete);
        world.gone(name).await?;
    }
    Ok(notes)
}

pub(super) async fn cancel_a_finished_one(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let submitted = world.client.startup_instance("nobody.jobs.example.com", &Submit::default()).await;
    let job = world.end(submitted).await?;
    // For a moment after its end the queue still holds the job and has other words, even another verdict.
    let start = Instant::now();
    loop {
        let (done, words) = world.client.cancel_job(job.id).await?;
        if !done && words.ends_with("not found in queue") {
            break;
        }
        ensure!(start.elapsed() < Duration::from_secs(20), "{done}: {words}");
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    let after = world.client.job(job.id).await?.context("gone")?;
    notes.outcome("it stays", &after);
    ensure!(after.status == job.status && after.ended == job.ended, "{after:?}");
    Ok(notes)
}
