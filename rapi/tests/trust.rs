//! Who is trusted, and what a peer that is not gets to see: nothing.

#![allow(clippy::unwrap_used, clippy::expect_used)] // functions that only tests call

mod toy;

use std::sync::atomic::Ordering;
use std::time::Duration;

use ganeti_rapi::{Failure, Obstacle, Submit, Trust};
use rustls::version::{TLS12, TLS13};
use tokio::io::AsyncReadExt;
use toy::{Act, Identity, Toy};

fn pem(identity: &Identity) -> Vec<u8> {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(&identity.certificate);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n")).into_bytes()
}

/// Types of the TLS records in a stream of bytes, with their sizes.
fn records(mut raw: &[u8]) -> Vec<(u8, usize)> {
    let mut records = Vec::new();
    while let [kind, _, _, high, low, rest @ ..] = raw {
        let size = usize::from(u16::from_be_bytes([*high, *low]));
        records.push((*kind, size));
        raw = rest.get(size..).expect("only whole records");
    }
    assert!(raw.is_empty(), "only whole records");
    records
}

#[tokio::test]
async fn the_pinned_v1_certificate_is_trusted() {
    let identity = Identity::ganeti_v1();
    let toy = Toy::start(&identity, Act::answer(200, "2\n")).await;
    assert_eq!(toy.client(Trust::Pins(vec![identity.pin()])).version().await.unwrap(), 2);
}

#[tokio::test]
async fn any_of_several_pins_will_do() {
    let (old, new) = (Identity::ganeti_v1(), Identity::v3(&["ganeti.example.com"]));
    for identity in [&old, &new] {
        let toy = Toy::start(identity, Act::answer(200, "2\n")).await;
        toy.client(Trust::Pins(vec![old.pin(), new.pin()])).version().await.unwrap();
    }
}

#[tokio::test]
async fn nothing_is_sent_to_a_peer_with_another_certificate() {
    let identity = Identity::ganeti_v1();
    let toy = Toy::start(&identity, Act::answer(200, "17\n")).await;
    let client = toy.client(Trust::Pins(vec![Identity::v3(&["x"]).pin()]));
    let failure = client.startup_instance("web", &Submit::because("test")).await.unwrap_err();
    let Failure::UntrustedPeer(untrusted) = &failure else { panic!("{failure:?}") };
    assert_eq!(untrusted.presented, identity.pin());
    assert_eq!(untrusted.endpoint, toy.url());

    tokio::time::timeout(Duration::from_secs(5), async {
        // The alert that ends the handshake has to arrive before its size is judged.
        while !records(&toy.seen.raw.lock().unwrap()).iter().any(|(kind, _)| [21, 23].contains(kind)) {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    assert!(toy.requests().is_empty(), "no HTTP came out of TLS");
    let raw = toy.seen.raw.lock().unwrap().clone();
    let encrypted: usize = records(&raw).iter().filter(|(kind, _)| *kind == 23).map(|(_, size)| size).sum();
    assert!(encrypted <= 24, "after the handshake an alert (19 bytes) and no more: {:?}", records(&raw));
}

#[tokio::test]
async fn a_certificate_without_its_key_is_not_enough() {
    let identity = Identity::ganeti_v1();
    let thief = Identity { certificate: identity.certificate.clone(), key: Identity::v3(&["x"]).key };
    let toy = Toy::start(&thief, Act::answer(200, "2\n")).await;
    let failure = toy.client(Trust::Pins(vec![identity.pin()])).version().await.unwrap_err();
    assert!(matches!(failure, Failure::UntrustedPeer(_)), "{failure:?}");
    assert!(toy.requests().is_empty());
}

#[tokio::test]
async fn a_peer_without_tls_gets_no_credentials() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let plain = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = vec![0; 4096];
        let read = stream.read(&mut hello).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n2\n")
            .await
            .unwrap();
        let _ = stream.read_to_end(&mut hello).await;
        (hello, read)
    });
    let failure =
        toy::client([url], Trust::Pins(vec![Identity::ganeti_v1().pin()])).version().await.unwrap_err();
    let Failure::Unreachable(unreachable) = &failure else { panic!("{failure:?}") };
    assert!(matches!(unreachable.attempts[0].obstacle, Obstacle::Tls(_)), "{failure}");
    let (received, _) = plain.await.unwrap();
    assert_eq!(received[0], 22, "a TLS handshake record");
    assert!(!String::from_utf8_lossy(&received).contains("Basic"));
}

#[tokio::test]
async fn pins_need_tls_1_3_and_say_so() {
    let identity = Identity::ganeti_v1();
    let toy = Toy::with_versions(&identity, Act::answer(200, "2\n"), &[&TLS12]).await;
    let failure = toy.client(Trust::Pins(vec![identity.pin()])).version().await.unwrap_err();
    assert_eq!(failure.category(), "unreachable");
    assert!(failure.to_string().contains("TLS"), "{failure}");
}

#[tokio::test]
async fn a_ca_bundle_vouches_for_a_v3_certificate_with_the_right_name() {
    let identity = Identity::v3(&["127.0.0.1"]);
    for version in [&TLS12, &TLS13] {
        let toy = Toy::with_versions(&identity, Act::answer(200, "2\n"), &[version]).await;
        assert_eq!(toy.client(Trust::CaBundle(pem(&identity))).version().await.unwrap(), 2);
    }
}

#[tokio::test]
async fn a_ca_bundle_does_not_vouch_for_another_name() {
    let identity = Identity::v3(&["cluster.example.com"]);
    let toy = Toy::start(&identity, Act::answer(200, "2\n")).await;
    let failure = toy.client(Trust::CaBundle(pem(&identity))).version().await.unwrap_err();
    let Failure::UntrustedPeer(untrusted) = &failure else { panic!("{failure:?}") };
    assert_eq!(untrusted.presented, identity.pin());
    assert!(toy.requests().is_empty());
}

#[tokio::test]
async fn a_ca_bundle_cannot_vouch_for_ganetis_own_certificate_and_the_cure_is_named() {
    let identity = Identity::ganeti_v1();
    let toy = Toy::start(&identity, Act::answer(200, "2\n")).await;
    let failure = toy.client(Trust::CaBundle(pem(&identity))).version().await.unwrap_err();
    assert_eq!(failure.category(), "untrusted_peer");
    assert!(failure.to_string().contains("pin it"), "{failure}");
    assert!(failure.to_string().contains(&identity.pin().to_string()), "{failure}");
}

#[tokio::test]
async fn sessions_are_resumed_within_one_client_only() {
    let identity = Identity::ganeti_v1();
    let toy = Toy::start(&identity, Act::answer(200, "2\n")).await;
    let client = toy.client(Trust::Pins(vec![identity.pin()]));
    for _ in 0..3 {
        client.version().await.unwrap();
    }
    assert_eq!(toy.seen.resumed.load(Ordering::SeqCst), 2);
    let strict = toy.client(Trust::Pins(vec![Identity::v3(&["x"]).pin()]));
    assert_eq!(strict.version().await.unwrap_err().category(), "untrusted_peer");
    assert_eq!(toy.seen.resumed.load(Ordering::SeqCst), 2);
}
