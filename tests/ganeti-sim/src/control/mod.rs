//! A plain HTTP endpoint on loopback, by which other processes do to a detached simulator what the library
//! lets a test do.
//!
//! | verb | body | answer |
//! |---|---|---|
//! | `GET /cluster` | | name, uuid, url, fingerprint, counts |
//! | `GET /requests` | | what was asked of RAPI |
//! | `POST /query/KIND` | `fields`, `qfilter` | as `/2/query/KIND` |
//! | `POST /instance/VERB` | `name` | `shutdown`, `startup`, `remove`: the job; `crash`, `user-down` |
//! | `POST /tags` | `kind`, `name`, `tags`, `remove` | the job |
//! | `POST /preload` | `count`, `prefix`, … | |
//! | `POST /queue` | `drained` | |
//! | `POST /node` | `name`, `offline`, `unreachable` | |
//! | `POST /job/cancel` | `id` | whether |
//! | `POST /certificate` | | the new fingerprint |
//! | `POST /password` | `username`, `password`, `access` | |
//! | `POST /uuid` | `uuid` | |
//! | `POST /wipe` | | |
//! | `POST /faults` | see [`FaultRequest`] | its number |
//! | `DELETE /faults` | `id` or nothing | |

mod fault_request;
mod verbs;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub use fault_request::FaultRequest;

use crate::{Error, Sim};

/// Largest body of a request, bytes.
const BODY_LIMIT: usize = 1 << 20;

/// Listens at a loopback address; `serve` runs until it is dropped.
#[derive(Debug)]
pub struct Control {
    listener: TcpListener,
    address: SocketAddr,
}

impl Control {
    /// Takes the address.
    ///
    /// # Errors
    /// [`Error::Listen`] when it is taken or not on loopback: nobody is asked for a password here.
    pub async fn bind(address: SocketAddr) -> Result<Self, Error> {
        if !address.ip().is_loopback() {
            let source = std::io::Error::other("only loopback addresses are allowed here");
            return Err(Error::Listen { address, source });
        }
        let fail = |source| Error::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(fail)?;
        let address = listener.local_addr().map_err(fail)?;
        Ok(Self { listener, address })
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves requests until it is dropped.
    pub async fn serve(self, sim: Arc<Sim>) {
        let mut connections = tokio::task::JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            let Ok((stream, _)) = self.listener.accept().await else { continue };
            let sim = Arc::clone(&sim);
            connections.spawn(async move {
                let service = service_fn(|request| answer(&sim, request));
                let server = hyper::server::conn::http1::Builder::new();
                // The client's errors are the client's.
                let _ = server.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    }
}

/// Why a verb was not carried out.
struct Refusal(StatusCode, String);

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self(StatusCode::CONFLICT, error.to_string())
    }
}

async fn answer(sim: &Sim, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let outcome = match Limited::new(body, BODY_LIMIT).collect().await {
        Err(_) => Err(Refusal(StatusCode::BAD_REQUEST, "the body is too long or broken".to_owned())),
        Ok(body) => {
            let body = body.to_bytes();
            let parsed = if body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&body) };
            let broken = |error| Refusal(StatusCode::BAD_REQUEST, format!("the body is no JSON: {error}"));
            parsed
                .map_err(broken)
                .and_then(|body| verbs::run(sim, parts.method.as_str(), parts.uri.path(), body))
        }
    };
    let (status, value) = outcome.map_or_else(
        |Refusal(status, error)| (status, json!({"error": error}).to_string().into_bytes()),
        |value| (StatusCode::OK, value),
    );
    let mut response = Response::new(Full::new(Bytes::from(value)));
    *response.status_mut() = status;
    Ok(response)
}
