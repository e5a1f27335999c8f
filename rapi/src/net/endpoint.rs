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
