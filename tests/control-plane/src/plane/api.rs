//! The few requests that a control plane makes to itself.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::Error;

/// One request; `/metrics` of a busy server is several MB.
const REQUEST_LIMIT: Duration = Duration::from_secs(30);

/// The API server, asked as the administrator.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    server: String,
    token: SecretString,
    client: Client,
}

impl Api {
    /// A client that trusts the certificates in `ca_pem` and nothing else.
    pub(crate) fn new(server: &str, ca_pem: &str, token: SecretString) -> Result<Self, Error> {
        let malformed =
            |reason: String| Error::Malformed { what: "the API server's certificate".to_owned(), reason };
        let mut roots = rustls::RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(ca_pem.as_bytes()) {
            let certificate = certificate.map_err(|error| malformed(error.to_string()))?;
            roots.add(certificate).map_err(|error| malformed(error.to_string()))?;
        }
        let client = client(roots)?;
        Ok(Self { server: server.to_owned(), token, client })
    }

    /// The body of a GET.
    pub(crate) async fn get(&self, path: &str) -> Result<String, Error> {
        self.send("GET", path, self.client.request(Method::GET, self.url(path))).await
    }

    /// The JSON answer to a POST of JSON.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, Error> {
        let request = self.client.request(Method::POST, self.url(path));
        let request = request.header("content-type", "application/json").body(body.to_string());
        let answer = self.send("POST", path, request).await?;
        serde_json::from_str(&answer).map_err(|error| Error::Api {
            method: "POST",
            path: path.to_owned(),
            message: error.to_string(),
        })
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server)
    }

    async fn send(&self, method: &'static str, path: &str, request: RequestBuilder) -> Result<String, Error> {
        let failed = |message: String| Error::Api { method, path: path.to_owned(), message };
        let answer = request.bearer_auth(self.token.expose_secret()).send().await;
        let answer = answer.map_err(|error| failed(text(&error)))?;
        let status = answer.status();
        let body = answer.text().await.map_err(|error| failed(text(&error)))?;
        if status.is_success() { Ok(body) } else { Err(failed(refusal(status, &body))) }
    }
}

/// An HTTP client that trusts `roots`.
///
/// No idle connection is kept: its driver would belong to the runtime of whoever asked first, and tests that
/// share a control plane each have their own.
pub(crate) fn client(roots: rustls::RootCertStore) -> Result<Client, Error> {
    let malformed =
        |reason: String| Error::Malformed { what: "the settings of an HTTP client".to_owned(), reason };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| malformed(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let builder = Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(REQUEST_LIMIT);
    builder.tls_backend_preconfigured(tls).build().map_err(|error| malformed(text(&error)))
}

/// The server's own message out of a `Status` object, with the HTTP status.
fn refusal(status: StatusCode, body: &str) -> String {
    let message = serde_json::from_str::<Value>(body)
        .ok()
        .and_then(|value| value.get("message").and_then(Value::as_str).map(str::to_owned))
        .unwrap_or_else(|| body.to_owned());
    format!("{status}: {message}")
}

/// An error with its causes: reqwest's own text alone says only that something failed.
pub(crate) fn text(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
