//! RAPI's self-signed certificate.

use std::fmt::Write;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{CipherSuite, ServerConfig};
use sha2::{Digest, Sha256};

use crate::Error;

/// A self-signed certificate and what serves it.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The certificate, PEM.
    pub pem: String,
    /// SHA-256 of the DER form, hexadecimal.
    pub sha256: String,
    /// A TLS server's configuration with it.
    pub config: Arc<ServerConfig>,
}

impl Certificate {
    /// Makes a new key (ECDSA P-256, which costs a server the least) and certificate.
    ///
    /// # Errors
    /// [`Error::Certificate`].
    pub fn generate(name: &str) -> Result<Self, Error> {
        let fail = |error: &dyn std::fmt::Display| Error::Certificate(error.to_string());
        let names = vec![name.to_owned(), "localhost".to_owned(), "127.0.0.1".to_owned()];
        let pair = rcgen::generate_simple_self_signed(names).map_err(|error| fail(&error))?;
        let der = pair.cert.der().clone();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pair.signing_key.serialize_der()));
        let config = server_config(der.clone(), key).map_err(|error| fail(&error))?;
        Ok(Self { pem: pair.cert.pem(), sha256: fingerprint(&der), config: Arc::new(config) })
    }
}

fn server_config(
    der: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, rustls::Error> {
    let mut provider = ring::default_provider();
    // SHA-256 has instructions of its own in today's processors, SHA-384 has not: with the usual order a fifth
    // of what a connection costs would be hashing.
    provider.cipher_suites.sort_by_key(|suite| suite.suite() != CipherSuite::TLS13_AES_128_GCM_SHA256);
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![der], key)?;
    config.ignore_client_order = true;
    // Resumed sessions spare both sides the signature, which is most of what a connection costs.
    config.ticketer = ring::Ticketer::new()?;
    Ok(config)
}

fn fingerprint(der: &[u8]) -> String {
    Sha256::digest(der).iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
