//! How the peer proves who it is.

use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls13_signature_with_raw_key};
use rustls::version::{TLS12, TLS13};
use rustls::{
    CertificateError, CipherSuite, ClientConfig, DigitallySignedStruct, OtherError, PeerIncompatible,
    RootCertStore, SignatureScheme,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use x509_parser::prelude::{FromDer, X509Certificate, X509Version};

use super::Pin;
use crate::config::ConfigError;

/// How a cluster proves who it is. There is no unverified mode.
#[derive(Clone)]
pub enum Trust {
    /// PEM certificates of the authorities that may vouch for the cluster. The cluster's certificate
    /// then has to be X.509 v3, valid now, and name the endpoint's host among its subject alternative
    /// names. The certificate Ganeti makes for itself is none of this: pin it.
    CaBundle(Vec<u8>),
    /// Exactly these certificates, whatever version, names and dates they have. List the old and the
    /// new one while a cluster's certificate is renewed. Needs TLS 1.3 (OpenSSL 1.1.1 on the master).
    Pins(Vec<Pin>),
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CaBundle(pem) => write!(f, "CaBundle({} bytes)", pem.len()),
            Self::Pins(pins) => f.debug_tuple("Pins").field(pins).finish(),
        }
    }
}

/// The rustls configuration for one client. Sessions are resumed within it only, so what is trusted
/// after a change of trust is proved anew.
pub(crate) fn client_config(trust: &Trust) -> Result<ClientConfig, ConfigError> {
    let provider = Arc::new(provider());
    let algorithms = provider.signature_verification_algorithms;
    let (rule, versions): (Rule, &[_]) = match trust {
        Trust::Pins(pins) if pins.is_empty() => return Err(ConfigError::NoTrust),
        Trust::Pins(pins) => (Rule::Pins(pins.clone()), &[&TLS13]),
        Trust::CaBundle(pem) => (Rule::Authorities(authorities(pem, &provider)?), &[&TLS13, &TLS12]),
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(|error| ConfigError::Tls(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier { rule, algorithms }))
        .with_no_client_auth();
    Ok(config)
}

/// ring, with the suite first whose hash the processor computes itself: every call is a handshake, and a handshake is
/// mostly hashing. Ganeti's OpenSSL takes the first that the client names.
fn provider() -> CryptoProvider {
    let mut provider = ring::default_provider();
    provider.cipher_suites.sort_by_key(|suite| suite.suite() != CipherSuite::TLS13_AES_128_GCM_SHA256);
    provider
}

fn authorities(pem: &[u8], provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, ConfigError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| ConfigError::CaBundle(format!("not PEM: {error}")))?;
        roots.add(certificate).map_err(|error| ConfigError::CaBundle(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(ConfigError::CaBundle("holds no certificate".to_owned()));
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| ConfigError::CaBundle(error.to_string()))
}

/// What makes a certificate trusted.
#[derive(Debug)]
enum Rule {
    Pins(Vec<Pin>),
    Authorities(Arc<WebPkiServerVerifier>),
}

/// Decides about the peer's certificate and checks that the peer holds its key.
#[derive(Debug)]
struct Verifier {
    rule: Rule,
    algorithms: WebPkiSupportedAlgorithms,
}

/// Carries the presented fingerprint through rustls to the caller.
#[derive(Debug, Clone)]
pub(crate) struct NotTrusted {
    pub(crate) presented: Pin,
    pub(crate) why: String,
}

impl std::error::Error for NotTrusted {}

impl fmt::Display for NotTrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.why, self.presented)
    }
}

impl NotTrusted {
    fn of(certificate: &CertificateDer<'_>, why: String) -> rustls::Error {
        let error = Self { presented: Pin::of_der(certificate), why };
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(error))))
    }

    /// Finds it again in the error of a handshake.
    pub(crate) fn find(error: &std::io::Error) -> Option<&Self> {
        let rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) =
            error.get_ref()?.downcast_ref::<rustls::Error>()?
        else {
            return None;
        };
        inner.downcast_ref::<Self>()
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match &self.rule {
            Rule::Pins(pins) if pins.contains(&Pin::of_der(end_entity)) => {
                Ok(ServerCertVerified::assertion())
            }
            Rule::Pins(_) => {
                Err(NotTrusted::of(end_entity, "its certificate is none of the pinned ones".to_owned()))
            }
            Rule::Authorities(webpki) => webpki
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
                .map_err(|error| NotTrusted::of(end_entity, explain(end_entity, &error))),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match &self.rule {
            // Not reached: pins are offered with TLS 1.3 only.
            Rule::Pins(_) => Err(PeerIncompatible::Tls12NotOffered.into()),
            Rule::Authorities(webpki) => webpki
                .verify_tls12_signature(message, certificate, signature)
                .map_err(|error| keyless(certificate, &error)),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match &self.rule {
            // webpki refuses to look into a v1 certificate, so its key is taken out of it here.
            Rule::Pins(_) => {
                let key = public_key(certificate)?;
                verify_tls13_signature_with_raw_key(message, &key, signature, &self.algorithms)
                    .map_err(|error| keyless(certificate, &error))
            }
            Rule::Authorities(webpki) => webpki
                .verify_tls13_signature(message, certificate, signature)
                .map_err(|error| keyless(certificate, &error)),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// A trusted certificate is public: only the signature proves that the peer is its owner.
fn keyless(certificate: &CertificateDer<'_>, error: &rustls::Error) -> rustls::Error {
    NotTrusted::of(certificate, format!("it did not prove that it holds the certificate's key: {error}"))
}

/// The public key in a certificate of any version.
fn public_key<'a>(certificate: &'a CertificateDer<'_>) -> Result<SubjectPublicKeyInfoDer<'a>, rustls::Error> {
    let (_, parsed) = X509Certificate::from_der(certificate)
        .map_err(|_| rustls::Error::InvalidCertificate(CertificateError::BadEncoding))?;
    Ok(SubjectPublicKeyInfoDer::from(parsed.tbs_certificate.subject_pki.raw.to_vec()))
}

/// Adds the cure where the cause is Ganeti's own certificate.
fn explain(certificate: &CertificateDer<'_>, error: &rustls::Error) -> String {
    let own =
        X509Certificate::from_der(certificate).is_ok_and(|(_, parsed)| parsed.version() != X509Version::V3);
    if own {
        return "its certificate is X.509 v1, as Ganeti makes for itself: no CA bundle can vouch for it, pin it"
            .to_owned();
    }
    format!("no certificate of the CA bundle vouches for it: {error}")
}
