//! Connections opened ahead of a change.

#![allow(clippy::unwrap_used, clippy::expect_used)] // functions that only tests call

mod toy;

use std::sync::atomic::Ordering;
use std::time::Duration;

use ganeti_rapi::{Client, JobId, Submit, Trust};
use toy::{Act, Identity, Toy};

/// Longer than any of these tests.
const LONG: Duration = Duration::from_secs(60);

async fn up(act: Act) -> (Toy, Client) {
    let identity = Identity::ganeti_v1();
    let toy = Toy::start(&identity, act).await;
    let client = toy.client(Trust::Pins(vec![identity.pin()]));
    (toy, client)
}

async fn start(client: &Client) -> JobId {
    client.startup_instance("web", &Submit::default()).await.unwrap()
}

/// Waits until something is so, and not for ever.
async fn until(what: &str, is: impl Fn() -> bool) {
    let mut looks = tokio::time::interval(Duration::from_millis(1));
    let so = async {
        while !is() {
            looks.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), so).await.expect(what);
}

/// Waits until the server has seen a connection.
async fn connected(toy: &Toy) {
    until("a connection", || toy.connections() > 0).await;
}

#[tokio::test]
async fn a_change_takes_the_connection_that_stands() {
    let (toy, client) = up(Act::answer(200, "17\n")).await;
    let ahead = tokio::spawn({
        let client = client.clone();
        async move { client.open_ahead(LONG).await }
    });
    connected(&toy).await;
    start(&client).await;
    assert_eq!((toy.connections(), toy.requests().len()), (1, 1));
    ahead.await.unwrap();
    start(&client).await;
    assert_eq!(toy.connections(), 2, "each serves one request");
}

#[tokio::test]
async fn a_read_leaves_it_alone() {
    let (toy, client) = up(Act::answer(200, "2\n")).await;
    let (_, version) = tokio::join!(client.open_ahead(Duration::from_millis(200)), client.version());
    assert_eq!(version.unwrap(), 2);
    assert_eq!(toy.connections(), 2);
}

#[tokio::test]
async fn what_nobody_takes_is_closed() {
    let (toy, client) = up(Act::answer(200, "17\n")).await;
    client.open_ahead(Duration::from_millis(20)).await;
    start(&client).await;
    assert_eq!(toy.connections(), 2);
    // The first has ended without a request; nothing was lost by it.
    assert_eq!(toy.requests().iter().filter(|request| !request.is_empty()).count(), 1);
}

#[tokio::test]
async fn a_change_survives_that_the_connection_was_closed_meanwhile() {
    let (toy, client) = up(Act::HangUpOnFirst(Act::framed(200, "17\n"))).await;
    let ahead = tokio::spawn({
        let client = client.clone();
        async move { client.open_ahead(LONG).await }
    });
    // On the loopback interface what is closed here has arrived there: the client reads it before it writes.
    until("the server hangs up", || toy.seen.hung_up.load(Ordering::SeqCst) > 0).await;
    start(&client).await;
    assert_eq!(toy.connections(), 2);
    ahead.await.unwrap();
}

#[tokio::test]
async fn nobody_listening_costs_nothing() {
    let identity = Identity::ganeti_v1();
    let url = format!("https://127.0.0.1:{}", toy::closed_port().await);
    let client = toy::client([url], Trust::Pins(vec![identity.pin()]));
    client.open_ahead(LONG).await;
    let failure = client.startup_instance("web", &Submit::default()).await.unwrap_err();
    assert_eq!(failure.category(), "unreachable");
}
