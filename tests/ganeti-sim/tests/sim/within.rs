//! The simulator without a socket, and someone between it and its client.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ganeti_rapi::{
    Client, Config, Connecting, Connector, Credentials, Failure, JobId, Stream, Submit, Trust,
};
use ganeti_sim::{Fault, FaultKind, Latency, Moment, Options, Sim};

use crate::bed::{WITHIN, small};

/// Leads to a simulator of this process.
struct InMemory(Arc<Sim>);

impl std::fmt::Debug for InMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InMemory")
    }
}

impl Connector for InMemory {
    fn connect<'a>(&'a self, _: &'a str, _: u16) -> Connecting<'a> {
        Box::pin(async { self.0.connect().map(|stream| Box::new(stream) as Box<dyn Stream>) })
    }
}

fn up(options: Options) -> (Arc<Sim>, Client) {
    let sim = Arc::new(Sim::within(options).unwrap());
    let user = sim.write_credentials();
    let credentials = Credentials::new(user.username, user.password);
    let pin = sim.certificate_sha256().parse().unwrap();
    let mut config = Config::new([sim.url()], credentials, Trust::Pins(vec![pin]));
    config.connector = Some(Arc::new(InMemory(Arc::clone(&sim))));
    (sim, Client::new(config).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_paused_clock_pauses_nobody_who_waits() {
    let (sim, client) = up(Options { latency: Latency::Calibrated { scale: 1000.0 }, ..Options::default() });
    let job = client.create_instance(&small("a"), &Submit::default()).await.unwrap();
    let day = Duration::from_secs(86_400);
    sim.wait_for("the end of a slow job", day, |sim| sim.job(job.0).unwrap().is_final()).await.unwrap();
    assert_eq!(client.job(job).await.unwrap().unwrap().status, ganeti_rapi::JobStatus::Success);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_refuses_connections_refuses_these() {
    let (sim, client) = up(Options::default());
    let fault = sim.add_fault(Fault::always(FaultKind::Refuse));
    assert_eq!(sim.connect().unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    assert!(matches!(client.version().await, Err(Failure::Unreachable(_))));
    sim.remove_fault(fault);
    assert_eq!(client.version().await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_is_in_between_sees_each_request_twice_and_may_spoil_it() {
    let (sim, client) = up(Options::default());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let spoil = Arc::new(Mutex::new(None));
    let (log, next) = (Arc::clone(&seen), Arc::clone(&spoil));
    sim.interpose(Arc::new(move |request| {
        log.lock().unwrap().push(format!("{:?} {} {}", request.moment, request.method, request.target));
        let mut next = next.lock().unwrap();
        next.take_if(|(moment, _)| *moment == request.moment).map(|(_, kind)| kind)
    }));
    client.version().await.unwrap();
    assert_eq!(*seen.lock().unwrap(), ["Before GET /version", "After GET /version"]);

    *spoil.lock().unwrap() = Some((Moment::Before, FaultKind::CloseBeforeEffect));
    assert!(client.create_instance(&small("a"), &Submit::default()).await.is_err());
    assert_eq!(sim.last_job(), 0, "seen before its effect");

    *spoil.lock().unwrap() = Some((Moment::After, FaultKind::Hang(Duration::from_secs(300))));
    let failure = client.create_instance(&small("a"), &Submit::default()).await.unwrap_err();
    assert!(matches!(failure, Failure::UnknownOutcome(_)), "{failure}");
    assert_eq!(sim.last_job(), 1, "seen after its effect");
    sim.wait_for("the end of job 1", WITHIN, |sim| sim.job(1).unwrap().is_final()).await.unwrap();
    assert!(client.job(JobId(1)).await.unwrap().is_some());
}
