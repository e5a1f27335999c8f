//! RAPI without a client's care: whatever is written goes over the wire.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ganeti_sim::{Credentials, Sim};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::bed::WITHIN;

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Value,
    /// As it came, its end included.
    pub text: String,
}

/// `Authorization` for a user.
pub fn basic(user: &Credentials) -> String {
    let pair = format!("{}:{}", user.username, user.password.expose_secret());
    format!("Authorization: Basic {}\r\n", STANDARD.encode(pair))
}

/// Writes bytes and reads until the end. `None` if the connection ended without an answer.
pub async fn exchange(sim: &Sim, bytes: &[u8]) -> Option<Answer> {
    let talk = async {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(sim.certificate_pem().as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(sim.address()).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.ok()?;
        stream.write_all(bytes).await.ok()?;
        let mut answer = Vec::new();
        // An end without a farewell is an end.
        let _ = stream.read_to_end(&mut answer).await;
        parse(&String::from_utf8(answer).unwrap())
    };
    tokio::time::timeout(WITHIN, talk).await.expect("an answer or the connection's end")
}

fn parse(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let value = serde_json::from_str(body).unwrap_or(Value::Null);
    Some(Answer { status, head: head.to_lowercase(), body: value, text: body.to_owned() })
}

/// A request as the user `operator` would send it.
pub async fn send(sim: &Sim, method: &str, path: &str, body: Option<Value>) -> Answer {
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    let auth = basic(&sim.write_credentials());
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{auth}{kind}Content-Length: {length}\r\n\r\n{body}"
    );
    exchange(sim, request.as_bytes()).await.expect("an answer")
}

/// Submits a job and waits for its end: its status and the result of its last opcode.
pub async fn job(sim: &Sim, method: &str, path: &str, body: Option<Value>) -> (&'static str, Value) {
    let answer = send(sim, method, path, body).await;
    assert_eq!(answer.status, 200, "{method} {path}: {answer:?}");
    let id = answer.body.as_u64().unwrap();
    let ended = |sim: &Sim| sim.job(id).is_some_and(|job| job.is_final());
    sim.wait_for(&format!("the end of job {id}"), WITHIN, ended).await.unwrap();
    let job = sim.job(id).unwrap();
    (job.status, job.results.last().cloned().unwrap_or_default())
}

/// A job that has to succeed; its result.
pub async fn done(sim: &Sim, method: &str, path: &str, body: Value) -> Value {
    let (status, result) = job(sim, method, path, Some(body)).await;
    assert_eq!(status, "success", "{method} {path}: {result}");
    result
}

/// A diskless instance without NICs.
pub fn create(name: &str, more: Value) -> Value {
    let mut body = json!({
        "__version__": 1, "mode": "create", "instance_name": name, "disk_template": "diskless", "disks": [],
        "nics": [], "os_type": "noop", "name_check": false, "ip_check": false, "beparams": {"memory": 16},
    });
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}
