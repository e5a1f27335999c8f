//! Faults, as a client meets them.

use std::time::Duration;

use ganeti_rapi::{Failure, JobStatus, LiveRow, QueryRow, Resource, Submit};
use ganeti_sim::{Fault, FaultKind, InstanceSpec, Matcher, Options, Sim};

use crate::bed::{Bed, WITHIN, small};
use crate::raw;

const CREATE: &str = "OP_INSTANCE_CREATE";

fn bed() -> Bed {
    Bed::up(Options::default())
}

fn once(bed: &Bed, kind: FaultKind, matcher: Matcher) {
    bed.sim.add_fault(Fault::once(kind, matcher));
}

#[tokio::test]
async fn refused_connections_come_back() {
    let bed = bed();
    let fault = bed.sim.add_fault(Fault::always(FaultKind::Refuse));
    let refused = async |bed: &Bed| matches!(bed.client.info().await, Err(Failure::Unreachable(_)));
    // The listener ends when its task has seen the fault.
    while !refused(&bed).await {}
    let failure = bed.client.create_instance(&small("a"), &Submit::default()).await.unwrap_err();
    assert!(matches!(failure, Failure::Unreachable(_)), "nothing was sent: {failure:?}");
    bed.sim.remove_fault(fault);
    while refused(&bed).await {}
    assert_eq!(bed.sim.last_job(), 0);
}

#[tokio::test]
async fn an_answer_that_is_lost_leaves_a_job() {
    let bed = bed();
    once(&bed, FaultKind::CutAfterEffect, Matcher::opcode(CREATE));
    let failure = bed.client.create_instance(&small("a"), &Submit::because("nonce")).await.unwrap_err();
    assert!(matches!(failure, Failure::UnknownOutcome(_)), "{failure:?}");
    bed.sim.wait_for("the instance", WITHIN, |sim| sim.instance("a").is_some()).await.unwrap();
    assert_eq!(bed.sim.jobs()[0].reasons, ["nonce"]);

    once(&bed, FaultKind::CloseBeforeEffect, Matcher::opcode(CREATE));
    let failure = bed.client.create_instance(&small("b"), &Submit::default()).await.unwrap_err();
    assert!(matches!(failure, Failure::UnknownOutcome(_)), "{failure:?}");
    assert_eq!(bed.sim.last_job(), 1, "nothing was done");
}

#[tokio::test]
async fn answers_are_garbled_and_refused() {
    let bed = bed();
    let info = || Matcher::request("GET", "/2/info");
    once(&bed, FaultKind::Truncate(20), info());
    assert!(bed.client.info().await.is_err());
    once(&bed, FaultKind::Hang(Duration::from_millis(50)), info());
    assert!(bed.client.info().await.is_err());
    for (code, message) in [(500, "Internal error"), (502, "Bad gateway"), (401, "Unauthorized")] {
        once(&bed, FaultKind::Status { code, message: message.to_owned() }, info());
        let answer = raw::send(&bed.sim, "GET", "/2/info", None).await;
        assert_eq!((answer.status, answer.body["message"].as_str()), (code, Some(message)));
    }
    once(&bed, FaultKind::QueueDrained, Matcher::opcode(CREATE));
    let failure = bed.client.create_instance(&small("a"), &Submit::default()).await.unwrap_err();
    assert!(failure.is_queue_drained(), "{failure:?}");
    once(&bed, FaultKind::Slow(Duration::from_millis(80)), info());
    let started = std::time::Instant::now();
    bed.client.info().await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(80));
}

#[tokio::test]
async fn lists_lose_and_double_rows() {
    let bed = bed();
    bed.sim.preload_instances(10, |index| InstanceSpec::small(format!("web{index}")));
    let rows = async || {
        let body = bed.client.query_raw(Resource::Instance, LiveRow::FIELDS, None).await.unwrap();
        body.for_each(|_: LiveRow<'_>| {}).unwrap()
    };
    for (kind, count) in
        [(FaultKind::EmptyList, 0), (FaultKind::HalfOfRows, 5), (FaultKind::DuplicatedRows, 20)]
    {
        once(&bed, kind.clone(), Matcher::request("PUT", "/2/query/instance"));
        assert_eq!(rows().await, count, "{kind:?}");
        once(&bed, kind.clone(), Matcher::request("GET", "/2/instances"));
        let list = raw::send(&bed.sim, "GET", "/2/instances", None).await.body;
        assert_eq!(list.as_array().unwrap().len(), count, "{kind:?}");
    }
    assert_eq!(rows().await, 10);
}

fn job_error(leaves_instance: bool) -> FaultKind {
    let message = "Could not add os for instance: OS create script failed".to_owned();
    FaultKind::JobError { class: "OpExecError".to_owned(), message, ecode: None, leaves_instance }
}

#[tokio::test]
async fn a_failed_create_may_leave_the_instance_behind() {
    let bed = bed();
    for leaves in [false, true] {
        once(&bed, job_error(leaves), Matcher::opcode(CREATE));
        let job = bed.end(bed.client.create_instance(&small("a"), &Submit::default()).await).await;
        assert_eq!(job.status, JobStatus::Error);
        assert!(job.error.unwrap().to_string().contains("OS create script failed"));
        assert_eq!(bed.sim.instance("a").map(|instance| instance.status), leaves.then_some("ADMIN_down"));
    }
    let job = bed.end(bed.client.create_instance(&small("a"), &Submit::default()).await).await;
    assert!(job.error.unwrap().to_string().contains("already in the cluster"));
}

#[tokio::test]
async fn a_dead_job_tells_nothing_about_its_effect() {
    let bed = bed();
    for (after_effect, name) in [(false, "a"), (true, "b")] {
        once(&bed, FaultKind::JobDeath { after_effect }, Matcher::opcode(CREATE));
        let job = bed.end(bed.client.create_instance(&small(name), &Submit::default()).await).await;
        assert_eq!(job.status, JobStatus::Error);
        let id = job.id.0;
        assert_eq!(bed.sim.job(id).unwrap().results, [format!("detected death of job {id}")]);
        assert_eq!(bed.sim.instance(name).is_some(), after_effect);
    }
    // The locks of the dead are free.
    let job = bed.end(bed.client.startup_instance("b", &Submit::default()).await).await;
    assert_eq!(job.status, JobStatus::Success);
}

#[tokio::test]
async fn a_fault_meets_only_whom_it_is_meant_for() {
    let bed = bed();
    let matcher = Matcher { instance_prefix: Some("bad".to_owned()), ..Matcher::opcode(CREATE) };
    bed.sim.add_fault(Fault { kind: job_error(false), matcher, times: None });
    for (name, status) in
        [("good", JobStatus::Success), ("bad1", JobStatus::Error), ("bad2", JobStatus::Error)]
    {
        let job = bed.end(bed.client.create_instance(&small(name), &Submit::default()).await).await;
        assert_eq!(job.status, status, "{name}");
    }
    bed.sim.clear_faults();
    let job = bed.end(bed.client.create_instance(&small("bad1"), &Submit::default()).await).await;
    assert_eq!(job.status, JobStatus::Success);
    let left = |sim: &Sim| sim.instance_count();
    assert_eq!(left(&bed.sim), 2);
}
