//! Jobs: order, locks, waiting, cancelling.

use std::time::Duration;

use ganeti_rapi::{Dependency, JobId, JobStatus, ShutdownInstance, Submit};
use ganeti_sim::{Fault, FaultKind, InstanceSpec, Latency, Matcher, Options, Sim};
use serde_json::json;

use crate::bed::{Bed, WITHIN, small};
use crate::raw;

fn status(sim: &Sim, id: JobId) -> &'static str {
    sim.job(id.0).map_or("unknown", |job| job.status)
}

/// Jobs take 45–190 ms.
fn slow() -> Bed {
    Bed::up(Options { latency: Latency::Calibrated { scale: 0.1 }, ..Options::default() })
}

#[tokio::test]
async fn jobs_on_one_instance_run_one_after_the_other() {
    let bed = slow();
    bed.sim.preload_instances(2, |index| InstanceSpec::small(format!("web{index}.example.com")));
    let (shutdown, submit) = (ShutdownInstance::default(), Submit::default());
    let first = bed.client.shutdown_instance("web0.example.com", &shutdown, &submit).await.unwrap();
    let second = bed.client.startup_instance("web0.example.com", &submit).await.unwrap();
    let other = bed.client.startup_instance("web1.example.com", &submit).await.unwrap();
    let both = |sim: &Sim| status(sim, first) == "running" && status(sim, other) == "running";
    bed.sim.wait_for("two running jobs", WITHIN, both).await.unwrap();
    assert_eq!(status(&bed.sim, second), "waiting", "its instance is locked");
    bed.sim.wait_for("the second", WITHIN, |sim| status(sim, second) == "success").await.unwrap();
    assert_eq!(status(&bed.sim, first), "success");
    assert_eq!(bed.sim.instance("web0.example.com").unwrap().status, "running");
}

#[tokio::test]
async fn a_create_shows_down_until_it_is_started() {
    let bed = slow();
    let id = bed.client.create_instance(&small("new.example.com"), &Submit::default()).await.unwrap();
    let seen = |sim: &Sim| sim.instance("new.example.com").is_some();
    bed.sim.wait_for("the instance in the configuration", WITHIN, seen).await.unwrap();
    assert_eq!(bed.sim.instance("new.example.com").unwrap().status, "ADMIN_down");
    bed.sim.wait_for("its end", WITHIN, |sim| status(sim, id) == "success").await.unwrap();
    assert_eq!(bed.sim.instance("new.example.com").unwrap().status, "running");
}

#[tokio::test]
async fn a_name_that_is_being_removed_is_still_taken() {
    let bed = slow();
    bed.sim.preload_instances(1, |_| InstanceSpec::small("web.example.com"));
    let removing = bed.sim.admin_remove("web.example.com").unwrap();
    let job = bed.end(bed.client.create_instance(&small("web.example.com"), &Submit::default()).await).await;
    assert_eq!(job.status, JobStatus::Error);
    assert!(job.error.unwrap().to_string().contains("already in the cluster"));
    bed.sim.wait_for("removal", WITHIN, |sim| sim.job(removing).unwrap().status == "success").await.unwrap();
}

#[tokio::test]
async fn more_than_twenty_jobs_queue_up() {
    let bed = slow();
    let mut last = JobId(0);
    for number in 0..25 {
        last = bed.client.startup_instance(&format!("nobody{number}"), &Submit::default()).await.unwrap();
    }
    let busy = bed.sim.jobs().iter().filter(|job| matches!(job.status, "waiting" | "running")).count();
    assert!(busy <= 20, "{busy} jobs at once");
    bed.sim.wait_for("the last", WITHIN, |sim| status(sim, last) == "error").await.unwrap();
}

#[tokio::test]
async fn a_waiting_job_can_be_cancelled_and_a_running_one_not() {
    let bed = slow();
    bed.sim.preload_instances(1, |_| InstanceSpec::small("web.example.com"));
    let submit = Submit::default();
    let first =
        bed.client.shutdown_instance("web.example.com", &ShutdownInstance::default(), &submit).await.unwrap();
    let second = bed.client.startup_instance("web.example.com", &submit).await.unwrap();
    bed.sim.wait_for("the first", WITHIN, |sim| status(sim, first) == "running").await.unwrap();
    assert!(!bed.client.cancel_job(first).await.unwrap().0);
    let waits = |sim: &Sim| matches!(status(sim, second), "queued" | "waiting");
    bed.sim.wait_for("the second", WITHIN, waits).await.unwrap();
    assert!(bed.client.cancel_job(second).await.unwrap().0);
    assert_eq!(status(&bed.sim, second), "canceled");
    bed.sim.wait_for("the first", WITHIN, |sim| status(sim, first) == "success").await.unwrap();
    assert_eq!(bed.sim.instance("web.example.com").unwrap().status, "ADMIN_down");
    // The lock is free again.
    bed.end(bed.client.startup_instance("web.example.com", &submit).await).await;
}

#[tokio::test]
async fn dependencies_wait_cancel_and_fail() {
    let bed = slow();
    let after = |id: u64| Submit { reason: None, depends: vec![Dependency::success_of(JobId(id))] };
    let create = bed.client.create_instance(&small("web.example.com"), &Submit::default()).await.unwrap();
    let tag = bed.client.add_cluster_tags(&["late"], &after(create.0)).await.unwrap();
    assert_eq!(status(&bed.sim, tag), "queued");
    bed.sim.wait_for("the tag", WITHIN, |sim| status(sim, tag) == "success").await.unwrap();
    assert_eq!(status(&bed.sim, create), "success");

    let job = bed.end(bed.client.add_cluster_tags(&["never"], &after(99_999)).await).await;
    assert_eq!(job.status, JobStatus::Error);
    assert!(bed.sim.cluster_tags() == ["late"]);

    bed.sim.add_fault(Fault::once(FaultKind::JobCancel, Matcher::opcode("OP_INSTANCE_STARTUP")));
    let canceled = bed.client.startup_instance("web.example.com", &Submit::default()).await.unwrap();
    let job = bed.end(bed.client.add_cluster_tags(&["never"], &after(canceled.0)).await).await;
    assert_eq!(job.status, JobStatus::Canceled);
}

#[tokio::test]
async fn waiting_for_a_change_ends_with_the_change() {
    let bed = slow();
    let id = bed.client.create_instance(&small("web.example.com"), &Submit::default()).await.unwrap();
    let path = format!("/2/jobs/{id}/wait");
    let mut before = json!(null);
    let mut seen = Vec::new();
    while seen.last().is_none_or(|status| status != "success") {
        let body = json!({"fields": ["status"], "previous_job_info": before, "previous_log_serial": 1000});
        let answer = raw::send(&bed.sim, "GET", &path, Some(body)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        before = answer.body["job_info"].clone();
        seen.push(before[0].as_str().unwrap().to_owned());
    }
    assert!(seen.contains(&"running".to_owned()), "{seen:?}");
    let log = raw::send(&bed.sim, "GET", &path, Some(json!({"fields": ["status"]}))).await;
    assert!(!log.body["log_entries"].as_array().unwrap().is_empty(), "{log:?}");
    let lost = raw::send(&bed.sim, "GET", "/2/jobs/777/wait", Some(json!({"fields": ["status"]}))).await;
    assert_eq!(lost.status, 500);
}

#[tokio::test]
async fn rates_are_limited_and_pauses_end() {
    let bed = slow();
    let rule = json!({"action": ["RATE_LIMIT", 1], "predicates": [["opcode", ["=", "OP_ID", "OP_INSTANCE_STARTUP"]]]});
    let uuid = raw::send(&bed.sim, "POST", "/2/filters", Some(rule)).await.body;
    let mut ids = Vec::new();
    for number in 0..3 {
        ids.push(bed.client.startup_instance(&format!("nobody{number}"), &Submit::default()).await.unwrap());
    }
    let all = |sim: &Sim| ids.iter().all(|id| status(sim, *id) == "error");
    bed.sim.wait_for("all", WITHIN, all).await.unwrap();
    let mut times: Vec<_> =
        bed.client.job_details(&ids).await.unwrap().into_iter().map(|job| (job.started, job.ended)).collect();
    times.sort_unstable();
    assert!(times.windows(2).all(|two| two[0].1 <= two[1].0), "two at a time: {times:?}");
    let path = format!("/2/filters/{}", uuid.as_str().unwrap());
    let pause = json!({"action": "PAUSE", "predicates": []});
    assert_eq!(raw::send(&bed.sim, "PUT", &path, Some(pause)).await.body, uuid);
    let paused = bed.client.startup_instance("nobody", &Submit::default()).await.unwrap();
    let none =
        bed.sim.wait_for("nothing", Duration::from_millis(300), |sim| status(sim, paused) != "queued").await;
    assert!(none.is_err(), "a paused job went on");
    raw::send(&bed.sim, "DELETE", &path, None).await;
    bed.sim.wait_for("its end", WITHIN, |sim| status(sim, paused) == "error").await.unwrap();
}
