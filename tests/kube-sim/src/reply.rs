//! Answers that refuse.

use serde_json::{Value, json};

/// A request that is refused, as an API server says so: a Status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code} {reason}: {message}")]
pub struct Refused {
    /// HTTP status.
    pub code: u16,
    /// Such as `NotFound`.
    pub reason: &'static str,
    /// For people.
    pub message: String,
}

impl Refused {
    pub(crate) fn new(code: u16, message: impl Into<String>) -> Self {
        let reason = match code {
            400 => "BadRequest",
            404 => "NotFound",
            405 => "MethodNotAllowed",
            409 => "Conflict",
            410 => "Expired",
            415 => "UnsupportedMediaType",
            422 => "Invalid",
            429 => "TooManyRequests",
            503 => "ServiceUnavailable",
            504 => "Timeout",
            _ => "InternalError",
        };
        Self { code, reason, message: message.into() }
    }

    pub(crate) fn already_exists(what: &str) -> Self {
        Self { reason: "AlreadyExists", ..Self::new(409, format!("{what} already exists")) }
    }

    /// The Status object.
    pub(crate) fn status(&self) -> Value {
        json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason, "code": self.code,
        })
    }
}
