//! Between the operator and a real RAPI: ends TLS on both sides, counts requests, and spoils them.
//!
//! RAPI answers one request on a connection and closes it, so that each connection is one request.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ganeti_sim::{Certificate, FaultKind};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::calls::{Calls, Seen};

/// Bytes that a connection holds in each direction, as a socket's buffer would.
const BUFFER_BYTES: usize = 64 * 1024;
/// What separates a header from what follows.
const END_OF_HEADER: &[u8] = b"\r\n\r\n";

/// What is wrong with RAPI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Illness {
    /// It takes no connections.
    Down,
    /// It takes connections, and answers nothing.
    Hangs,
}

/// Stands between the operator and a real RAPI.
pub(crate) struct Between {
    rapi: SocketAddr,
    certificate: Certificate,
    connector: TlsConnector,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    calls: Option<Arc<Calls>>,
    illness: Option<Illness>,
}

impl std::fmt::Debug for Between {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Between").field("rapi", &self.rapi).finish_non_exhaustive()
    }
}

impl Between {
    /// Leads to a RAPI of this machine, under a certificate of its own.
    pub fn to(rapi: SocketAddr) -> anyhow::Result<Self> {
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(OfThisMachine(provider)))
            .with_no_client_auth();
        Ok(Self {
            rapi,
            certificate: Certificate::generate("between.test")?,
            connector: TlsConnector::from(Arc::new(config)),
            state: Mutex::default(),
        })
    }

    /// Fingerprint of its certificate.
    pub fn pin(&self) -> String {
        self.certificate.sha256.clone()
    }

    /// Shows every request to these from now on.
    pub fn interpose(&self, calls: &Arc<Calls>) {
        self.state().calls = Some(Arc::clone(calls));
    }

    /// RAPI falls ill, or is well again.
    pub fn fall_ill(&self, illness: Option<Illness>) {
        self.state().illness = illness;
    }

    /// A connection of an operator.
    pub fn connect(self: &Arc<Self>, operator: usize) -> io::Result<DuplexStream> {
        if self.state().illness == Some(Illness::Down) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let (ours, theirs) = tokio::io::duplex(BUFFER_BYTES);
        let own = Arc::clone(self);
        // Whoever is at its other end sees that it has ended; there is nobody else to be told why.
        tokio::spawn(async move { own.carry(operator, theirs).await.unwrap_or_default() });
        Ok(ours)
    }

    /// One connection of an operator, from its handshakes to its end.
    async fn carry(&self, number: usize, stream: DuplexStream) -> io::Result<()> {
        let mut operator = TlsAcceptor::from(Arc::clone(&self.certificate.config)).accept(stream).await?;
        let name = ServerName::IpAddress(self.rapi.ip().into());
        let mut rapi = self.connector.connect(name, TcpStream::connect(self.rapi).await?).await?;
        let request = read_message(&mut operator).await?;
        let (method, target) = line_of(&request).ok_or(io::ErrorKind::InvalidData)?;
        match self.see(number, Seen::Before, method, target) {
            Some(FaultKind::Hang(time)) => return hang(time).await,
            Some(FaultKind::Status { code, message }) => {
                operator.write_all(&refusal(code, &message)).await?;
                return operator.shutdown().await;
            }
            Some(_) => return Ok(()),
            None => {}
        }
        rapi.write_all(&request).await?;
        // It ends its connections a second later: the header tells when all has come.
        let mut answer = read_message(&mut rapi).await?;
        match self.see(number, Seen::After, method, target) {
            Some(FaultKind::Hang(time)) => return hang(time).await,
            Some(FaultKind::Truncate(after)) => answer.truncate(body_of(&answer) + after),
            Some(_) => return Ok(()),
            None => {}
        }
        operator.write_all(&answer).await?;
        operator.shutdown().await
    }

    fn see(&self, operator: usize, seen: Seen, method: &str, target: &str) -> Option<FaultKind> {
        let (calls, illness) = {
            let state = self.state();
            (state.calls.clone(), state.illness)
        };
        let spoilt = calls.and_then(|calls| calls.rapi((operator, 0), seen, method, target));
        let hangs = illness == Some(Illness::Hangs);
        spoilt.or_else(|| hangs.then_some(FaultKind::Hang(crate::calls::FOR_EVER)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn hang(time: std::time::Duration) -> io::Result<()> {
    tokio::time::sleep(time).await;
    Ok(())
}

/// Header and body of a request or an answer, each of which tells how long its body is.
async fn read_message(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut message = Vec::new();
    loop {
        let body = body_of(&message);
        if body > 0 && message.len() >= body + length_of(&message[..body]) {
            return Ok(message);
        }
        if stream.read_buf(&mut message).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Where the body begins; 0 where the header is not complete.
fn body_of(message: &[u8]) -> usize {
    let end = message.windows(END_OF_HEADER.len()).position(|bytes| bytes == END_OF_HEADER);
    end.map_or(0, |at| at + END_OF_HEADER.len())
}

/// How long the body is, as the header tells; a request without one has none.
fn length_of(header: &[u8]) -> usize {
    let header = String::from_utf8_lossy(header);
    let named = header.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = named.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    lengths.next().and_then(|(_, length)| length.trim().parse().ok()).unwrap_or(0)
}

/// Method and target of a request.
fn line_of(request: &[u8]) -> Option<(&str, &str)> {
    let line = request.split(|byte| *byte == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    Some((words.next()?, words.next()?))
}

/// An error as RAPI tells it.
fn refusal(code: u16, message: &str) -> Vec<u8> {
    let body = serde_json::json!({"code": code, "message": message, "explain": null}).to_string();
    let length = body.len();
    let header = "Content-Type: application/json\r\nConnection: close";
    format!("HTTP/1.1 {code} Spoilt\r\n{header}\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes()
}

/// Takes any certificate: the peer is a cluster that this process has made on this machine, and what is sent to it is of no
/// worth to anyone. (The operator's own verification is that of every day: it pins ours.)
#[derive(Debug)]
struct OfThisMachine(Arc<CryptoProvider>);

impl ServerCertVerifier for OfThisMachine {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_is_read_to_its_end_and_no_farther() {
        let text = b"PUT /2/tags?tag=a HTTP/1.1\r\nHost: x\r\ncontent-length: 4\r\n\r\nbodyMORE";
        let (mut ours, mut theirs) = tokio::io::duplex(16);
        let sender = tokio::spawn(async move { ours.write_all(&text[..text.len() - 4]).await });
        let request = read_message(&mut theirs).await.unwrap();
        sender.await.unwrap().unwrap();
        assert_eq!(request, &text[..text.len() - 4]);
        assert_eq!(line_of(&request), Some(("PUT", "/2/tags?tag=a")));
        assert_eq!(&request[body_of(&request)..], b"body");
        let (ours, mut theirs) = tokio::io::duplex(16);
        drop(ours);
        assert!(read_message(&mut theirs).await.is_err());
    }
}
