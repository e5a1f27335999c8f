//! A TLS server that plays RAPI for one test: it answers by script and keeps what it was sent.

// A test that cannot set up its world should stop; each test file uses its part of this.
#![allow(clippy::unwrap_used, dead_code)]

use std::io;
use std::pin::Pin as StdPin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use ganeti_rapi::{Client, Config, Credentials, Pin, Timeouts, Trust};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

pub const USER: &str = "operator";
pub const PASSWORD: &str = "pass-phrase-of-the-test";
const V1: &[u8] = include_bytes!("../fixtures/ganeti-v1.pem");

/// A certificate and the key the server signs with.
pub struct Identity {
    pub certificate: CertificateDer<'static>,
    pub key: PrivateKeyDer<'static>,
}

impl Identity {
    /// What Ganeti makes for itself: RSA, X.509 v1, no subject alternative name.
    pub fn ganeti_v1() -> Self {
        Self {
            certificate: CertificateDer::from_pem_slice(V1).unwrap(),
            key: PrivateKeyDer::from_pem_slice(V1).unwrap(),
        }
    }

    /// An ordinary self-signed one for these names.
    pub fn v3(names: &[&str]) -> Self {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        Self {
            certificate: made.cert.der().clone(),
            key: PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap(),
        }
    }

    pub fn pin(&self) -> Pin {
        Pin::of_der(&self.certificate)
    }

    fn server_config(&self, versions: &[&'static rustls::SupportedProtocolVersion]) -> ServerConfig {
        let key = ring::sign::any_supported_type(&self.key).unwrap();
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            // Unlike rustls's own resolver this one presents a certificate without its key, too.
            .with_cert_resolver(Arc::new(Always(Arc::new(CertifiedKey::new(
                vec![self.certificate.clone()],
                key,
            )))));
        config.ticketer = ring::Ticketer::new().unwrap();
        config
    }
}

#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// What the server does with a connection.
#[derive(Clone)]
pub enum Act {
    /// Reads the request, writes these bytes, closes.
    Write(String),
    /// Reads the request and closes.
    Close,
    /// Reads the request and says nothing more.
    Hang,
    /// Closes the first connection as soon as it stands; writes these bytes on the others.
    HangUpOnFirst(String),
}

impl Act {
    /// An answer as RAPI frames it.
    pub fn answer(status: u16, body: &str) -> Self {
        Self::Write(Self::framed(status, body))
    }

    /// The bytes of an answer as RAPI frames it.
    pub fn framed(status: u16, body: &str) -> String {
        format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    /// RAPI's error answer.
    pub fn error(status: u16, message: &str) -> Self {
        Self::answer(
            status,
            &format!("{{\"code\":{status},\"message\":{message:?},\"explain\":\"Generic\"}}\n"),
        )
    }
}

/// What the server has seen.
#[derive(Default)]
pub struct Seen {
    pub connections: AtomicUsize,
    /// Connections that the server has closed of its own accord.
    pub hung_up: AtomicUsize,
    pub resumed: AtomicUsize,
    /// Everything the client has written to the socket.
    pub raw: Mutex<Vec<u8>>,
    /// Everything it has written inside TLS.
    pub requests: Mutex<Vec<String>>,
}

pub struct Toy {
    pub port: u16,
    pub seen: Arc<Seen>,
    task: JoinHandle<()>,
}

impl Drop for Toy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Toy {
    pub async fn start(identity: &Identity, act: Act) -> Self {
        Self::with_versions(identity, act, rustls::ALL_VERSIONS).await
    }

    pub async fn with_versions(
        identity: &Identity,
        act: Act,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Seen::default());
        let acceptor = TlsAcceptor::from(Arc::new(identity.server_config(versions)));
        let task = tokio::spawn(serve(listener, acceptor, act, Arc::clone(&seen)));
        Self { port, seen, task }
    }

    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    pub fn client(&self, trust: Trust) -> Client {
        client([self.url()], trust)
    }

    pub fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }
}

pub fn client(urls: impl IntoIterator<Item = String>, trust: Trust) -> Client {
    let mut config = Config::new(urls, Credentials::new(USER, PASSWORD), trust);
    config.timeouts = Timeouts {
        connect: Duration::from_secs(5),
        read: Duration::from_millis(400),
        submit: Duration::from_millis(400),
    };
    Client::new(config).unwrap()
}

/// A port on which nothing listens.
pub async fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, act: Act, seen: Arc<Seen>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let number = seen.connections.fetch_add(1, Ordering::SeqCst);
        let (acceptor, act, seen) = (acceptor.clone(), act.clone(), Arc::clone(&seen));
        tokio::spawn(async move {
            let tap = Tap { stream, seen: Arc::clone(&seen) };
            // A client that does not trust ends the handshake: what it wrote is in `raw`.
            let Ok(mut tls) = acceptor.accept(tap).await else { return };
            if tls.get_ref().1.handshake_kind() == Some(rustls::HandshakeKind::Resumed) {
                seen.resumed.fetch_add(1, Ordering::SeqCst);
            }
            if matches!(act, Act::HangUpOnFirst(_)) && number == 0 {
                let _ = tls.shutdown().await;
                drop(tls);
                seen.hung_up.fetch_add(1, Ordering::SeqCst);
                return;
            }
            let request = read_request(&mut tls).await;
            seen.requests.lock().unwrap().push(request);
            match act {
                Act::Write(answer) | Act::HangUpOnFirst(answer) => {
                    tls.write_all(answer.as_bytes()).await.unwrap()
                }
                Act::Close => {}
                Act::Hang => std::future::pending().await,
            }
            let _ = tls.shutdown().await;
        });
    }
}

async fn read_request(tls: &mut TlsStream<Tap>) -> String {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return text.into_owned();
            }
        }
        match tls.read(&mut chunk).await {
            Ok(0) | Err(_) => return String::from_utf8_lossy(&request).into_owned(),
            Ok(read) => request.extend_from_slice(&chunk[..read]),
        }
    }
}

/// Keeps every byte read from the socket.
struct Tap {
    stream: TcpStream,
    seen: Arc<Seen>,
}

impl AsyncRead for Tap {
    fn poll_read(
        mut self: StdPin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = StdPin::new(&mut self.stream).poll_read(cx, buf);
        self.seen.raw.lock().unwrap().extend_from_slice(&buf.filled()[before..]);
        result
    }
}

impl AsyncWrite for Tap {
    fn poll_write(mut self: StdPin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        StdPin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: StdPin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        StdPin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: StdPin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        StdPin::new(&mut self.stream).poll_shutdown(cx)
    }
}
