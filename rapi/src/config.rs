//! What a client is made from: endpoints, credentials, trust and timeouts.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use crate::net::{Connector, PinError, Trust};

/// Everything a [`crate::Client`] needs to know. Nothing else is read: no environment, no proxy
/// variable, no file.
#[derive(Debug, Clone)]
pub struct Config {
    /// `https://HOST[:PORT]`, tried in this order; the port defaults to 5080. Put the cluster's own
    /// name (the master's address) first, nodes that may become master after it.
    pub endpoints: Vec<String>,
    /// Who asks.
    pub credentials: Credentials,
    /// How the cluster proves who it is.
    pub trust: Trust,
    /// How long to wait for what.
    pub timeouts: Timeouts,
    /// The `User-Agent` header: ASCII, at most 256 bytes (RAPI accepts 4 KiB of header in all).
    pub user_agent: String,
    /// What makes the streams to the endpoints; plain TCP where `None`.
    pub connector: Option<Arc<dyn Connector>>,
}

impl Config {
    /// A configuration with default timeouts and this crate's name as user agent.
    pub fn new<E: Into<String>>(
        endpoints: impl IntoIterator<Item = E>,
        credentials: Credentials,
        trust: Trust,
    ) -> Self {
        Self {
            endpoints: endpoints.into_iter().map(Into::into).collect(),
            credentials,
            trust,
            timeouts: Timeouts::default(),
            user_agent: concat!("ganeti-rapi/", env!("CARGO_PKG_VERSION")).to_owned(),
            connector: None,
        }
    }
}

/// A RAPI user and its password, as in `/var/lib/ganeti/rapi/users`. `Debug` shows the user only.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The user's name: ASCII, without a colon.
    pub user: String,
    /// The password: ASCII, as RAPI refuses any other with 401.
    pub password: SecretString,
}

impl Credentials {
    /// Credentials from a name and a password.
    pub fn new(user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self { user: user.into(), password: password.into() }
    }
}

/// How long to wait for what. Each bound is for one endpoint; with several endpoints that cannot be
/// reached, `connect` counts once for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// TCP and TLS handshake together. Default 10 s: a RAPI whose 20 children are all busy accepts
    /// connections into its backlog but answers no handshake, and that should show soon.
    pub connect: Duration,
    /// From the first byte of a request that only reads to the last byte of its answer. Default 45 s:
    /// RAPI itself answers 504 only after 30 s without its master daemon.
    pub read: Duration,
    /// The same for a request that changes something. Default 60 s: the queue replicates a job to all
    /// master candidates before it answers, at 5 s for each one that is down. What is cut off here is a
    /// [`crate::Failure::UnknownOutcome`], so a longer wait buys certainty, a shorter one does not.
    pub submit: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            read: Duration::from_secs(45),
            submit: Duration::from_secs(60),
        }
    }
}

/// Why a [`crate::Client`] cannot be made. The text says what to change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No endpoint at all.
    #[error("no endpoint: give at least one URL like https://cluster.example.com:5080")]
    NoEndpoint,
    /// An endpoint that cannot be used.
    #[error("endpoint {endpoint:?}: {why}; expected https://HOST[:PORT]")]
    Endpoint {
        /// The endpoint as given, without any credentials it may have held.
        endpoint: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Neither a pin nor a certificate: there is no unverified mode.
    #[error("no trust: give the SHA-256 pin of the cluster's certificate, or a PEM bundle with its CA")]
    NoTrust,
    /// The PEM bundle cannot be used.
    #[error("CA bundle: {0}")]
    CaBundle(String),
    /// A pin that is not one.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// User or password that RAPI cannot accept.
    #[error("credentials: {0}")]
    Credentials(&'static str),
    /// A user agent that does not fit in a header.
    #[error("user agent: must be printable ASCII of at most 256 bytes")]
    UserAgent,
    /// A timeout of zero.
    #[error("timeouts: every timeout must be longer than zero")]
    Timeouts,
    /// The TLS library refused the configuration.
    #[error("TLS: {0}")]
    Tls(String),
}
