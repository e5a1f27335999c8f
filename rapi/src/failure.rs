//! Every answer that is not "done".

use std::fmt;

use crate::job::{ErrorClass, ErrorCode};
use crate::net::Pin;

/// What a call returns.
pub type Answer<T> = Result<T, Failure>;

/// Why a call has no result. The variants differ in what the caller may conclude.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// RAPI answered and refused. Nothing was done.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A request that changes something was, or may have been, sent, and its result is not known.
    /// Look at the cluster before sending it again.
    #[error(transparent)]
    UnknownOutcome(#[from] Unknown),
    /// No endpoint answered and nothing can have changed: nothing was sent, or the request only reads.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// An endpoint did not prove to be the cluster. Nothing, above all no password, was sent to it.
    #[error(transparent)]
    UntrustedPeer(#[from] Untrusted),
    /// RAPI does not accept the credentials (401), or they do not suffice (403). Nothing was done.
    #[error(transparent)]
    NotAuthorised(#[from] Denied),
    /// A read was answered with something that is cut off or is not what RAPI answers.
    #[error(transparent)]
    Garbled(#[from] Garbled),
    /// The request cannot be expressed to RAPI. Nothing was sent; the same call will never succeed.
    #[error("not sent: {0}")]
    Unsendable(String),
}

impl Failure {
    /// A short constant word for logs and metric labels.
    #[must_use]
    pub fn category(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::UnknownOutcome(_) => "unknown_outcome",
            Self::Unreachable(_) => "unreachable",
            Self::UntrustedPeer(_) => "untrusted_peer",
            Self::NotAuthorised(_) => "not_authorised",
            Self::Garbled(_) => "garbled",
            Self::Unsendable(_) => "unsendable",
        }
    }

    /// Whether the cluster's job queue is drained (`gnt-cluster queue drain`): no job is accepted until
    /// an administrator undrains it. RAPI says so with status 500 and a text.
    #[must_use]
    pub fn is_queue_drained(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.is_queue_drained())
    }

    /// The refusal, if RAPI refused.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

/// RAPI's own error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// The generic text of the status.
    pub explain: String,
    /// RAPI's words, with its HTML escapes undone.
    pub message: String,
    /// The class of Ganeti's error, when the text tells it.
    pub class: Option<ErrorClass>,
    /// The code of Ganeti's error, when the text tells it.
    pub ecode: Option<ErrorCode>,
}

/// luxid's words for a drained queue (`src/Ganeti/Query/Server.hs`), and those RAPI has for it but 3.x
/// never gets to say (`lib/rapi/baserlib.py`).
const DRAINED: [&str; 2] = ["Queue drained", "Job queue is drained"];

impl Refusal {
    /// See [`Failure::is_queue_drained`].
    #[must_use]
    pub fn is_queue_drained(&self) -> bool {
        self.class == Some(ErrorClass::JobQueueDrainError)
            || DRAINED.iter().any(|text| self.message.contains(text))
    }
}

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = if self.message.is_empty() { &self.explain } else { &self.message };
        write!(f, "Ganeti refused ({}): {words}", self.status)
    }
}

/// A change whose result is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("outcome unknown, {endpoint} did not answer a change: {obstacle}")]
pub struct Unknown {
    /// The endpoint the request was written to.
    pub endpoint: String,
    /// What came instead of an answer.
    pub obstacle: Obstacle,
}

/// No endpoint could be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreachable {
    /// One entry for each endpoint that was tried, in the order tried.
    pub attempts: Vec<Attempt>,
}

impl std::error::Error for Unreachable {}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cluster not reachable")?;
        for (index, attempt) in self.attempts.iter().enumerate() {
            write!(f, "{} {}: {}", if index == 0 { ":" } else { ";" }, attempt.endpoint, attempt.obstacle)?;
        }
        Ok(())
    }
}

/// One endpoint that could not be asked, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// `https://HOST:PORT`.
    pub endpoint: String,
    /// What stood in the way.
    pub obstacle: Obstacle,
}

/// What stood between request and answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Obstacle {
    /// The name does not resolve.
    #[error("name does not resolve: {0}")]
    Name(String),
    /// The connection was refused or is impossible.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// TCP or TLS handshake took longer than the connect timeout.
    #[error("no connection within {} s", .0.as_secs_f32())]
    ConnectTimeout(std::time::Duration),
    /// The TLS handshake failed for another reason than trust.
    #[error("TLS handshake failed: {0}")]
    Tls(String),
    /// The connection ended without an answer. RAPI also does this on its own read timeout.
    #[error("connection closed without an answer: {0}")]
    Closed(String),
    /// The answer did not come, or not wholly, within the timeout.
    #[error("no answer within {} s", .0.as_secs_f32())]
    Timeout(std::time::Duration),
    /// Status 502 or 504: RAPI is there, its master daemon is not (or did not understand).
    #[error("gateway status {status}: {message}")]
    Gateway {
        /// 502 or 504.
        status: u16,
        /// RAPI's words.
        message: String,
    },
    /// An answer came but is not readable (only with [`Failure::UnknownOutcome`]).
    #[error("unreadable answer: {0}")]
    Garbled(String),
}

/// A peer that is not the cluster one trusts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{endpoint} is not trusted: {why} (it presented the certificate {presented})")]
pub struct Untrusted {
    /// The endpoint that was connected to.
    pub endpoint: String,
    /// The fingerprint of the certificate it presented: what to pin, once it was verified by other means.
    pub presented: Pin,
    /// Why it is not trusted.
    pub why: String,
}

/// Credentials that are not accepted or do not suffice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} ({status}): {message}", if *.status == 401 { "user or password not accepted" } else { "user lacks the right" })]
pub struct Denied {
    /// 401: unknown user or wrong password. 403: the user lacks `write` (or `read`).
    pub status: u16,
    /// RAPI's words.
    pub message: String,
}

/// An answer that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unreadable answer of {bytes} bytes: {why}")]
pub struct Garbled {
    /// How much of the answer arrived.
    pub bytes: usize,
    /// What is wrong with it.
    pub why: String,
}

impl Refusal {
    /// Reads RAPI's error object, and in its message the error of Ganeti it may quote.
    pub(crate) fn read(status: u16, body: crate::error_body::ErrorBody) -> Self {
        let quoted = quoted_error(&body.message);
        let (class, ecode) = quoted.unwrap_or_default();
        Self { status, explain: body.explain, message: body.message, class, ecode }
    }
}

/// Finds class and code in a message that quotes an error of Ganeti: as JSON, `["Class", ["text",
/// "code"]]`, or as Python prints the arguments of an exception, `('text', 'code')`.
fn quoted_error(message: &str) -> Option<(Option<ErrorClass>, Option<ErrorCode>)> {
    if message.starts_with('[') {
        let error = crate::JobError::from_opresult(&serde_json::from_str(message).ok()?);
        return Some((error.class, error.ecode));
    }
    let (_, code) = message.strip_suffix("')")?.rsplit_once(", '")?;
    match ErrorCode::from(code) {
        ErrorCode::Other(_) => None,
        known => Some((None, Some(known))),
    }
}
