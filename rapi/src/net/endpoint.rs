//! Where RAPI listens.

use std::fmt;

use http::HeaderValue;
use http::Uri;
use rustls_pki_types::ServerName;

use crate::config::ConfigError;

/// The port of RAPI when the URL names none.
const DEFAULT_PORT: u16 = 5080;

/// One endpoint, taken apart once.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    /// Host without brackets, as a resolver wants it.
    pub(crate) host: String,
    /// TCP port.
    pub(crate) port: u16,
    /// What the certificate has to be valid for under a CA bundle.
    pub(crate) server_name: ServerName<'static>,
    /// The `Host` header, without which RAPI answers 400.
    pub(crate) authority: HeaderValue,
}

impl Endpoint {
    pub(crate) fn parse(text: &str) -> Result<Self, ConfigError> {
        let shown = text.rsplit('@').next().unwrap_or_default().to_owned();
        let error = |why| ConfigError::Endpoint { endpoint: shown.clone(), why };
        let uri: Uri = text.trim().parse().map_err(|_| error("not a URL"))?;
        if uri.scheme_str() != Some("https") {
            return Err(error("only https is supported"));
        }
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(error("must not have a path or a query"));
        }
        let authority = uri.authority().ok_or_else(|| error("has no host"))?;
        if authority.as_str().contains('@') {
            return Err(error("must not hold credentials"));
        }
        let bare = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = authority.port_u16().unwrap_or(DEFAULT_PORT);
        let server_name =
            ServerName::try_from(bare.clone()).map_err(|_| error("host is neither a name nor an address"))?;
        let authority = HeaderValue::try_from(format!("{}:{port}", authority.host()))
            .map_err(|_| error("host does not fit in a header"))?;
        Ok(Self { host: bare, port, server_name, authority })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}", self.authority.to_str().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::Endpoint;

    #[test]
    fn host_and_port_are_taken_apart() {
        for (text, host, port, shown) in [
            ("https://cluster.example.com", "cluster.example.com", 5080, "https://cluster.example.com:5080"),
            ("https://192.0.2.1:443/", "192.0.2.1", 443, "https://192.0.2.1:443"),
            ("https://[2001:db8::1]:5081", "2001:db8::1", 5081, "https://[2001:db8::1]:5081"),
        ] {
            let endpoint = Endpoint::parse(text).unwrap();
            assert_eq!((endpoint.host.as_str(), endpoint.port), (host, port), "{text}");
            assert_eq!(endpoint.to_string(), shown);
        }
    }

    #[test]
    fn anything_else_is_refused_without_showing_a_password() {
        for text in [
            "",
            "cluster:5080",
            "http://cluster:5080",
            "https://",
            "https://c/2/info",
            "https://c?x=1",
            "https://me:hunter2@c",
        ] {
            let error = Endpoint::parse(text).unwrap_err().to_string();
            assert!(error.contains("https://HOST[:PORT]"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
