//! The queue as a whole: drained, filtered, and jobs that wait in it.

use anyhow::{Context, Result, ensure};
use ganeti_rapi::{Action, Filter, JobFilterSpec, JobStatus, Predicate, Retry, Submit};

use crate::{Notes, World};

pub(super) async fn drained(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let submit = Submit::default();
    world.bed.drain(true).await?;
    let create = world.client.create_instance(&world.small("drained.queue.example.com"), &submit).await;
    let tag = world.client.add_cluster_tags(&["suite:drained"], &submit).await;
    let read = world.client.info().await;
    world.bed.drain(false).await?;
    for (what, answer) in [("create", create), ("tag", tag)] {
        let Err(failure) = answer else { anyhow::bail!("{what}: accepted by a drained queue") };
        ensure!(failure.is_queue_drained(), "{what}: {failure}");
        notes.failure(what, &failure);
    }
    read.context("a drained queue can be read from")?;
    let job = world.end(world.client.startup_instance("nobody.queue.example.com", &submit).await).await?;
    notes.outcome("undrained", &job);
    Ok(notes)
}

/// A rule that rejects every reason of one holder below an epoch.
fn fence(below: &str) -> JobFilterSpec {
    JobFilterSpec {
        priority: 0,
        predicates: vec![Predicate::Reason(Filter::And(vec![
            Filter::at_least("reason", "suite/prod/"),
            Filter::less("reason", below),
        ]))],
        action: Action::Reject,
    }
}

pub(super) async fn rejected_by_reason(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let client = &world.client;
    let try_with = async |reason: &str| {
        let submitted = client.startup_instance("nobody.queue.example.com", &Submit::because(reason)).await;
        world.end(submitted).await
    };
    let uuid = client.add_job_filter(&fence("suite/prod/0000000005")).await?;
    notes.fact("uuid", &uuid);
    let rule =
        client.job_filters().await?.into_iter().find(|rule| rule.uuid == uuid).context("not listed")?;
    ensure!(rule.predicates == fence("suite/prod/0000000005").predicates, "{:?}", rule.predicates);
    notes.fact("rule", format!("{} {:?} watermark {}", rule.priority, rule.action, rule.watermark.is_some()));

    let rejected = try_with("suite/prod/0000000004/abc").await?;
    notes.outcome("an older epoch", &rejected);
    let error = rejected.error.context("no error")?;
    ensure!(rejected.status == JobStatus::Canceled && error.retry() == Retry::BackOff, "{error:?}");
    for reason in ["suite/prod/0000000005/abc", "suite/other/0000000001/abc", "unmarked"] {
        notes.outcome(reason, &try_with(reason).await?);
    }

    ensure!(client.replace_job_filter(&uuid, &fence("suite/prod/0000000006")).await? == uuid, "another uuid");
    notes.outcome("after the next take-over", &try_with("suite/prod/0000000005/abc").await?);
    client.delete_job_filter(&uuid).await?;
    ensure!(client.job_filters().await?.iter().all(|rule| rule.uuid != uuid), "still listed");
    notes.outcome("without the rule", &try_with("suite/prod/0000000005/abc").await?);

    let own = "6f1c1f2e-7c4b-4a59-9d35-3a1f6f0f0a11";
    ensure!(client.replace_job_filter(own, &fence("suite/prod/0000000002")).await? == own, "another uuid");
    notes.outcome("under a uuid of our own", &try_with("suite/prod/0000000001/abc").await?);
    client.delete_job_filter(own).await?;
    match client.delete_job_filter(own).await {
        Ok(()) => notes.fact("deleted twice", "done"),
        Err(failure) => notes.failure("deleted twice", &failure),
    }
    Ok(notes)
}

/// What was accepted before a rule goes on, if the rule says so: its watermark is the last job when it was written.
pub(super) async fn a_fence_spares_what_was_accepted_before(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let client = &world.client;
    let reason = "suite/fence/0000000004/abc";
    let pause = JobFilterSpec {
        priority: 5,
        predicates: vec![Predicate::Reason(Filter::equal("reason", reason))],
        action: Action::Pause,
    };
    let paused = client.add_job_filter(&pause).await?;
    let submit = Submit::because(reason);
    let early = client.startup_instance("nobody.queue.example.com", &submit).await?;
    let later = JobFilterSpec {
        priority: 0,
        predicates: vec![
            Predicate::JobId(Filter::greater("id", "watermark")),
            Predicate::Reason(Filter::And(vec![
                Filter::at_least("reason", "suite/fence/"),
                Filter::less("reason", "suite/fence/0000000005/"),
            ])),
        ],
        action: Action::Reject,
    };
    let fence = "6f1c1f2e-7c4b-4a59-9d35-3a1f6f0f0a12";
    client.replace_job_filter(fence, &later).await?;
    let rule =
        client.job_filters().await?.into_iter().find(|rule| rule.uuid == fence).context("not listed")?;
    ensure!(
        rule.watermark.is_some_and(|mark| mark >= early) && rule.predicates == later.predicates,
        "{rule:?}"
    );
    let late = world.end(client.startup_instance("nobody.queue.example.com", &submit).await).await?;
    notes.outcome("submitted after the fence", &late);
    ensure!(late.status == JobStatus::Canceled, "{late:?}");
    let waiting = client.job(early).await?.context("not known")?;
    ensure!(!waiting.status.is_final(), "accepted before the fence: {waiting:?}");
    client.delete_job_filter(&paused).await?;
    notes.outcome("accepted before the fence", &world.end(Ok(early)).await?);
    client.delete_job_filter(fence).await?;
    Ok(notes)
}

pub(super) async fn cancel_a_waiting_job(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let client = &world.client;
    let pause = JobFilterSpec {
        priority: 0,
        predicates: vec![Predicate::Reason(Filter::equal("reason", "suite/paused"))],
        action: Action::Pause,
    };
    let uuid = client.add_job_filter(&pause).await?;
    let id = client.startup_instance("nobody.queue.example.com", &Submit::because("suite/paused")).await?;
    let waiting = client.job(id).await?.context("not known")?;
    notes.fact("paused", &waiting.status);
    let (cancelled, _) = client.cancel_job(id).await?;
    notes.fact("cancelled", cancelled);
    let job = world.end(Ok(id)).await?;
    notes.outcome("ended", &job);
    client.delete_job_filter(&uuid).await?;
    Ok(notes)
}
