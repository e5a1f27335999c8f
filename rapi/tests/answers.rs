//! What every kind of answer, and of silence, is told as.

#![allow(clippy::unwrap_used, clippy::expect_used)] // functions that only tests call

mod toy;

use ganeti_rapi::{
    CreateInstance, DeleteInstance, ErrorCode, Failure, JobId, Obstacle, Resource, Submit, Trust,
};
use toy::{Act, Identity, Toy, client, closed_port};

async fn toy(act: Act) -> (Toy, ganeti_rapi::Client) {
    let identity = Identity::v3(&["127.0.0.1"]);
    let toy = Toy::start(&identity, act).await;
    let client = toy.client(Trust::Pins(vec![identity.pin()]));
    (toy, client)
}

/// The failures of a read and of a change that get the same answer.
async fn both(act: Act) -> (Failure, Failure) {
    let (_toy, client) = toy(act).await;
    let read = client.info().await.unwrap_err();
    let change = client.create_instance(&CreateInstance::named("web"), &Submit::default()).await.unwrap_err();
    (read, change)
}

#[tokio::test]
async fn nobody_listens() {
    let identity = Identity::v3(&["x"]);
    let url = format!("https://127.0.0.1:{}", closed_port().await);
    let client = client([url.clone()], Trust::Pins(vec![identity.pin()]));
    for failure in [
        client.info().await.unwrap_err(),
        client.startup_instance("web", &Submit::default()).await.unwrap_err(),
    ] {
        let Failure::Unreachable(unreachable) = &failure else { panic!("{failure:?}") };
        assert_eq!(unreachable.attempts[0].endpoint, url);
        assert!(matches!(unreachable.attempts[0].obstacle, Obstacle::Connect(_)), "{failure}");
    }
}

#[tokio::test]
async fn the_name_does_not_resolve() {
    let client =
        client(["https://nobody.invalid:5080".to_owned()], Trust::Pins(vec![Identity::v3(&["x"]).pin()]));
    let failure = client.startup_instance("web", &Submit::default()).await.unwrap_err();
    // Where no resolver answers at all, the connect timeout says so.
    assert_eq!(failure.category(), "unreachable", "{failure}");
    assert!(failure.to_string().contains("nobody.invalid:5080"), "{failure}");
}

#[tokio::test]
async fn the_connection_closes_after_the_request() {
    let (read, change) = both(Act::Close).await;
    assert!(
        matches!(&read, Failure::Unreachable(lost) if matches!(lost.attempts[0].obstacle, Obstacle::Closed(_))),
        "{read:?}"
    );
    assert!(
        matches!(&change, Failure::UnknownOutcome(lost) if matches!(lost.obstacle, Obstacle::Closed(_))),
        "{change:?}"
    );
}

#[tokio::test]
async fn no_answer_comes_in_time() {
    let (read, change) = both(Act::Hang).await;
    assert!(
        matches!(&read, Failure::Unreachable(lost) if matches!(lost.attempts[0].obstacle, Obstacle::Timeout(_))),
        "{read:?}"
    );
    assert!(
        matches!(&change, Failure::UnknownOutcome(lost) if matches!(lost.obstacle, Obstacle::Timeout(_))),
        "{change:?}"
    );
}

#[tokio::test]
async fn the_answer_is_cut_off() {
    let (read, change) =
        both(Act::Write("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"name\":".to_owned())).await;
    assert!(matches!(&read, Failure::Garbled(garbled) if garbled.bytes == 8), "{read:?}");
    assert_eq!(change.category(), "unknown_outcome");
}

#[tokio::test]
async fn the_answer_is_no_json() {
    let (read, change) = both(Act::answer(200, "<html>")).await;
    assert_eq!(read.category(), "garbled");
    assert_eq!(change.category(), "unknown_outcome");
}

#[tokio::test]
async fn the_answer_is_too_big() {
    let (read, change) =
        both(Act::Write("HTTP/1.1 200 OK\r\nContent-Length: 40000000\r\n\r\n".to_owned())).await;
    assert!(read.to_string().contains("more than"), "{read}");
    assert_eq!(read.category(), "garbled");
    assert_eq!(change.category(), "unknown_outcome");
}

#[tokio::test]
async fn the_gateway_fails() {
    for status in [502, 504] {
        let (_, change) = both(Act::error(status, "Protocol error")).await;
        assert_eq!(change.category(), "unknown_outcome", "{status}");
    }
    let (read, _) = both(Act::error(502, "qfilter not understood")).await;
    assert!(matches!(&read, Failure::Refused(refusal) if refusal.status == 502), "{read:?}");
    let (read, _) = both(Act::error(504, "")).await;
    assert_eq!(read.category(), "unreachable");
}

#[tokio::test]
async fn credentials_are_not_accepted() {
    for status in [401, 403] {
        let (read, change) = both(Act::error(status, "No")).await;
        for failure in [read, change] {
            assert!(
                matches!(&failure, Failure::NotAuthorised(denied) if denied.status == status),
                "{failure:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_refusal_is_told_in_ganetis_words() {
    let (_, change) =
        both(Act::error(400, "Invalid body parameters: (&#x27;a &lt; b&#x27;, &#x27;wrong_input&#x27;)"))
            .await;
    let refusal = change.refusal().expect("refused");
    assert_eq!(refusal.message, "Invalid body parameters: ('a < b', 'wrong_input')");
    assert_eq!(refusal.explain, "Generic");
    assert_eq!(refusal.ecode, Some(ErrorCode::WrongInput));
    assert!(!change.is_queue_drained());
}

#[tokio::test]
async fn a_drained_queue_is_recognised() {
    let (_, change) = both(Act::error(500, "Queue drained")).await;
    assert!(change.is_queue_drained());
    let (_, change) = both(Act::error(500, "Node node1 is drained")).await;
    assert!(!change.is_queue_drained());
}

#[tokio::test]
async fn a_proxys_error_page_is_a_refusal() {
    let (read, _) = both(Act::answer(503, "<h1>Busy</h1>")).await;
    assert!(matches!(&read, Failure::Refused(refusal) if refusal.message.contains("Busy")), "{read:?}");
}

#[tokio::test]
async fn the_next_endpoint_is_asked_only_when_nothing_was_sent() {
    let identity = Identity::v3(&["x"]);
    let pins = || Trust::Pins(vec![identity.pin()]);
    let good = Toy::start(&identity, Act::answer(200, "7\n")).await;
    let closed = format!("https://127.0.0.1:{}", closed_port().await);
    let both = client([closed.clone(), good.url()], pins());
    assert_eq!(both.startup_instance("web", &Submit::default()).await.unwrap(), JobId(7));
    assert_eq!(both.startup_instance("web", &Submit::default()).await.unwrap(), JobId(7));
    assert_eq!(good.connections(), 2);

    let silent = Toy::start(&identity, Act::Close).await;
    let both = client([silent.url(), good.url()], pins());
    let failure = both.startup_instance("web", &Submit::default()).await.unwrap_err();
    assert_eq!(failure.category(), "unknown_outcome");
    assert_eq!((silent.connections(), good.connections()), (1, 2), "a change is written once");
}

#[tokio::test]
async fn a_rapi_that_is_not_on_the_master_is_passed_over_by_reads() {
    let identity = Identity::v3(&["x"]);
    let stale = Toy::start(&identity, Act::error(502, "Can't connect to master daemon: no socket")).await;
    let good = Toy::start(&identity, Act::answer(200, "[]\n")).await;
    let both = client([stale.url(), good.url()], Trust::Pins(vec![identity.pin()]));
    assert!(both.features().await.unwrap().is_empty());
    assert!(both.features().await.unwrap().is_empty());
    assert_eq!((stale.connections(), good.connections()), (1, 2), "the good one is remembered");
}

#[tokio::test]
async fn the_request_is_what_rapi_reads() {
    let (toy, client) = toy(Act::answer(200, "\"12\"\n")).await;
    let delete = DeleteInstance { shutdown_timeout: Some(5), instance_uuid: Some("u".to_owned()) };
    let id = client.delete_instance("web.example.com", &delete, &Submit::because("ü+1 a/b")).await.unwrap();
    assert_eq!(id, JobId(12));
    let requests = toy.requests();
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    assert_eq!(
        lines.next().unwrap(),
        "DELETE /2/instances/web.example.com?reason=%C3%BC%2B1%20a%2Fb HTTP/1.1"
    );
    let mut lines: Vec<_> = lines.map(str::to_owned).collect();
    lines.sort();
    let authority = toy.url().replace("https://", "");
    assert_eq!(
        lines,
        [
            "authorization: Basic b3BlcmF0b3I6cGFzcy1waHJhc2Utb2YtdGhlLXRlc3Q=".to_owned(),
            format!("content-length: {}", body.len()),
            "content-type: application/json".to_owned(),
            format!("host: {authority}"),
            concat!("user-agent: ganeti-rapi/", env!("CARGO_PKG_VERSION")).to_owned(),
        ]
    );
    assert_eq!(body, r#"{"shutdown_timeout":5,"instance_uuid":"u"}"#);
}

#[tokio::test]
async fn what_does_not_fit_is_not_sent() {
    let (toy, client) = toy(Act::answer(200, "1\n")).await;
    let many: Vec<String> = (0..500).map(|index| format!("some-quite-long-tag-{index}")).collect();
    let submit = Submit::default();
    let failures = [
        client.add_instance_tags("web", &many, &submit).await.unwrap_err(),
        client.add_instance_tags("web", &[] as &[&str], &submit).await.unwrap_err(),
        client.startup_instance("web/../x", &submit).await.unwrap_err(),
        client.startup_instance("wéb", &submit).await.unwrap_err(),
        client.startup_instance("", &submit).await.unwrap_err(),
    ];
    for failure in failures {
        assert_eq!(failure.category(), "unsendable", "{failure}");
    }
    assert_eq!(toy.connections(), 0);
}

#[tokio::test]
async fn an_unknown_job_is_none() {
    let nulls = r#"{"id":99,"ops":null,"opresult":null,"status":null,"summary":null,"opstatus":null,"oplog":null,
        "received_ts":null,"start_ts":null,"end_ts":null}"#;
    let (_toy, client) = toy(Act::answer(200, nulls)).await;
    assert!(client.job(JobId(99)).await.unwrap().is_none());
}

#[tokio::test]
async fn a_query_is_read_row_by_row() {
    let body = r#"{"fields":[],"data":[[[0,5],[0,"success"],[0,["A(x)"]],[0,[1,2]]],[[0,6],[3,null],[3,null],[3,null]]]}"#;
    let (toy, client) = toy(Act::answer(200, body)).await;
    let jobs = client.jobs_above(4, &[JobId(6)]).await.unwrap();
    assert_eq!(jobs.len(), 1, "an id without status is not known");
    assert_eq!(jobs[0].summary, ["A(x)"]);
    assert!(
        toy.requests()[0].ends_with(
            r#"{"fields":["id","status","summary","end_ts"],"qfilter":["|",[">","id",4],["=","id",6]]}"#
        ),
        "{}",
        toy.requests()[0]
    );
    assert!(client.query_raw(Resource::Job, &["id"], None).await.unwrap().len() > 10);
}
