//! Streams that somebody else makes.

#![allow(clippy::unwrap_used, clippy::expect_used)] // functions that only tests call

mod toy;

use std::io;
use std::sync::{Arc, Mutex};

use ganeti_rapi::{Client, Config, Connecting, Connector, Credentials, Failure, Pin, Stream, Trust};
use tokio::net::TcpStream;
use toy::{Act, Identity, PASSWORD, Toy, USER};

/// Leads everywhere to one port of loopback, or nowhere, as a tunnel does.
#[derive(Debug)]
struct Tunnel {
    port: Option<u16>,
    asked: Mutex<Vec<String>>,
}

impl Connector for Tunnel {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> Connecting<'a> {
        self.asked.lock().unwrap().push(format!("{host}:{port}"));
        Box::pin(async move {
            let port = self.port.ok_or_else(|| io::Error::other("the tunnel is closed"))?;
            Ok(Box::new(TcpStream::connect(("127.0.0.1", port)).await?) as Box<dyn Stream>)
        })
    }
}

fn client(tunnel: &Arc<Tunnel>, pin: Pin) -> Client {
    let credentials = Credentials::new(USER, PASSWORD.to_owned());
    // A name that nobody resolves: it is the tunnel's affair.
    let mut config = Config::new(["https://cluster.invalid:5081"], credentials, Trust::Pins(vec![pin]));
    config.connector = Some(tunnel.clone());
    Client::new(config).unwrap()
}

fn tunnel(port: Option<u16>) -> Arc<Tunnel> {
    Arc::new(Tunnel { port, asked: Mutex::default() })
}

#[tokio::test]
async fn it_is_asked_for_the_endpoint() {
    let identity = Identity::ganeti_v1();
    let toy = Toy::start(&identity, Act::answer(200, "2\n")).await;
    let tunnel = tunnel(Some(toy.port));
    assert_eq!(client(&tunnel, identity.pin()).version().await.unwrap(), 2);
    assert_eq!(*tunnel.asked.lock().unwrap(), ["cluster.invalid:5081"]);
}

#[tokio::test]
async fn the_peer_at_its_other_end_has_to_prove_who_it_is() {
    let toy = Toy::start(&Identity::ganeti_v1(), Act::answer(200, "2\n")).await;
    let failure = client(&tunnel(Some(toy.port)), Pin::of_der(b"another")).version().await.unwrap_err();
    assert!(matches!(failure, Failure::UntrustedPeer(_)), "{failure}");
    assert!(toy.requests().is_empty(), "nothing is sent to it");
}

#[tokio::test]
async fn why_it_leads_nowhere_is_told() {
    let failure = client(&tunnel(None), Pin::of_der(b"any")).version().await.unwrap_err();
    assert!(matches!(failure, Failure::Unreachable(_)), "{failure}");
    assert!(failure.to_string().contains("the tunnel is closed"), "{failure}");
}
