//! One request, within RAPI's limits.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Method};
use secrecy::ExposeSecret;
use serde::Serialize;

use super::to_ascii_json;
use crate::config::{ConfigError, Credentials};
use crate::failure::Failure;

/// RAPI reads a request line of at most 8192 characters and drops the connection without an answer
/// when it is longer (`lib/http/server.py`). Method, version and line end take 24 of them.
const TARGET_LIMIT_BYTES: usize = 8192 - 24;
/// RAPI reads a header block of at most 4096 characters (same place).
const HEADER_LIMIT_BYTES: usize = 4096;
/// What a header block holds beside the values of [`Headers`] and `Host`: names, separators and the
/// content headers.
const HEADER_FRAME_BYTES: usize = 192;
/// A bound for the user agent, far below [`HEADER_LIMIT_BYTES`].
const USER_AGENT_LIMIT_BYTES: usize = 256;

/// The headers that are the same in every request.
#[derive(Debug, Clone)]
pub(crate) struct Headers {
    /// Basic credentials; `Debug` shows `Sensitive`.
    pub(crate) authorization: HeaderValue,
    /// Who asks.
    pub(crate) user_agent: HeaderValue,
}

impl Headers {
    pub(crate) fn new(credentials: &Credentials, user_agent: &str) -> Result<Self, ConfigError> {
        let password = credentials.password.expose_secret();
        if credentials.user.is_empty() || credentials.user.contains(':') {
            return Err(ConfigError::Credentials("the user must not be empty or contain a colon"));
        }
        if !printable(&credentials.user) || !printable(password) {
            return Err(ConfigError::Credentials(
                "user and password must be printable ASCII, RAPI knows no other",
            ));
        }
        if user_agent.len() > USER_AGENT_LIMIT_BYTES || !printable(user_agent) {
            return Err(ConfigError::UserAgent);
        }
        let basic = format!("Basic {}", STANDARD.encode(format!("{}:{password}", credentials.user)));
        let mut authorization =
            HeaderValue::try_from(basic).map_err(|_| ConfigError::Credentials("do not fit in a header"))?;
        authorization.set_sensitive(true);
        let user_agent = HeaderValue::try_from(user_agent).map_err(|_| ConfigError::UserAgent)?;
        Ok(Self { authorization, user_agent })
    }

    /// Whether the header block for this host stays within RAPI's limit.
    pub(crate) fn fit(&self, host: &HeaderValue) -> bool {
        self.authorization.len() + self.user_agent.len() + host.len() + HEADER_FRAME_BYTES
            <= HEADER_LIMIT_BYTES
    }
}

fn printable(text: &str) -> bool {
    text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}

/// A request before it meets an endpoint. It has no `Debug`: the body may hold secrets.
pub(crate) struct Request {
    /// GET, PUT, POST or DELETE.
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) target: String,
    /// JSON in ASCII, or nothing.
    pub(crate) body: Bytes,
    /// Whether a lost answer leaves the outcome unknown.
    pub(crate) changes: bool,
}

impl Request {
    /// A request that only reads.
    pub(crate) fn read(method: Method, path: impl Into<String>) -> Self {
        Self { method, target: path.into(), body: Bytes::new(), changes: false }
    }

    /// A request that changes something.
    pub(crate) fn change(method: Method, path: impl Into<String>) -> Self {
        Self { changes: true, ..Self::read(method, path) }
    }

    /// Adds one query argument.
    pub(crate) fn arg(mut self, name: &str, value: &str) -> Self {
        self.target.push(if self.target.contains('?') { '&' } else { '?' });
        self.target.push_str(name);
        self.target.push('=');
        encode(value, &mut self.target);
        self
    }

    /// Sets the body.
    pub(crate) fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Result<Self, Failure> {
        let body = to_ascii_json(value).map_err(|error| Failure::Unsendable(format!("body: {error}")))?;
        self.body = body.into();
        Ok(self)
    }

    /// Refuses what RAPI would drop without an answer.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.target.len() > TARGET_LIMIT_BYTES {
            return Err(Failure::Unsendable(format!(
                "path and query are {} bytes, RAPI reads {TARGET_LIMIT_BYTES}; send fewer names or tags at once",
                self.target.len()
            )));
        }
        Ok(())
    }
}

/// Percent-encodes all but RFC 3986's unreserved characters; RAPI takes `+` in a query for a space.
pub(crate) fn encode(value: &str, into: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            into.push('%');
            into.push(char::from(HEX[usize::from(byte >> 4)]));
            into.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

/// Refuses a name that RAPI's paths cannot hold: it decodes no percent signs there and matches
/// `[\w\._-]+`. Returns the name.
pub(crate) fn check_name(name: &str) -> Result<&str, Failure> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if name.is_empty() || !name.bytes().all(plain) {
        return Err(Failure::Unsendable(format!(
            "{name:?} cannot stand in a RAPI path: only letters, digits, '.', '_' and '-' can"
        )));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::{HEADER_LIMIT_BYTES, Headers};
    use crate::config::{ConfigError, Credentials};

    fn headers(user: &str, password: &str) -> Result<Headers, ConfigError> {
        Headers::new(&Credentials::new(user, SecretString::from(password.to_owned())), "agent")
    }

    #[test]
    fn only_credentials_that_rapi_can_read_are_taken() {
        assert!(headers("operator", "a:b").is_ok());
        for (user, password) in [("", "x"), ("a:b", "x"), ("ü", "x"), ("a", "pässword"), ("a", "x\n")] {
            assert!(matches!(headers(user, password), Err(ConfigError::Credentials(_))), "{user} {password}");
        }
    }

    #[test]
    fn a_header_block_above_rapis_limit_is_seen() {
        let host = http::HeaderValue::from_static("cluster:5080");
        assert!(headers("operator", "secret").unwrap().fit(&host));
        assert!(!headers("operator", &"x".repeat(HEADER_LIMIT_BYTES)).unwrap().fit(&host));
    }

    #[test]
    fn the_password_is_not_shown() {
        let credentials = Credentials::new("operator", "hunter2".to_owned());
        let headers = Headers::new(&credentials, "agent").unwrap();
        let config =
            crate::Config::new(["https://c"], credentials, crate::Trust::Pins(vec![crate::Pin::of_der(b"")]));
        let client = crate::Client::new(config.clone()).unwrap();
        let shown = format!("{headers:?} {config:?} {client:?}");
        assert!(shown.contains("operator"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(!shown.contains("b3BlcmF0b3I6aHVudGVyMg"), "{shown}");
    }
}
