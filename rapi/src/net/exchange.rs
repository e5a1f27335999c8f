//! One request on one connection. RAPI closes every connection after its answer, so there is no pool.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_client::body::Body;
use hyper_client::body::Incoming;
use hyper_client::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::connect::{self, Connector, Stream};
use super::tls::NotTrusted;
use super::{Endpoint, Headers, Request};
use crate::failure::{Obstacle, Untrusted};

/// A bound on the memory one answer may take. RAPI itself needs minutes to relay answers of this size.
const ANSWER_LIMIT_BYTES: usize = 32 * 1024 * 1024;
/// The only content type RAPI accepts, to the letter.
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

/// Where an exchange broke.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The peer is not trusted; nothing was written.
    Untrusted(Untrusted),
    /// No connection; nothing was written.
    Before(Obstacle),
    /// The request was, or may have been, written.
    After(Obstacle),
    /// Status 200 came, its body did not.
    InBody {
        /// How much of it came.
        bytes: usize,
        /// What went wrong.
        why: String,
    },
}

/// A connection whose peer is verified and to which nothing has been written.
pub(crate) type Line = TlsStream<Box<dyn Stream>>;

/// How one gets to endpoints, and whom one trusts there.
pub(crate) struct Route {
    pub(crate) tls: Arc<ClientConfig>,
    /// Instead of plain TCP.
    pub(crate) connector: Option<Arc<dyn Connector>>,
}

/// Connects and verifies the peer.
pub(crate) async fn open(route: &Route, endpoint: &Endpoint, within: Duration) -> Result<Line, Broken> {
    match timeout(within, connect(route, endpoint)).await {
        Ok(line) => line,
        Err(_) => Err(Broken::Before(Obstacle::ConnectTimeout(within))),
    }
}

/// Sends a request and reads the whole answer.
pub(crate) async fn exchange(
    line: Line,
    endpoint: &Endpoint,
    headers: &Headers,
    request: &Request,
    within: Duration,
) -> Result<Reply, Broken> {
    let message = message(endpoint, headers, request)
        .map_err(|error| Broken::Before(Obstacle::Connect(format!("request: {error}"))))?;
    match timeout(within, converse(line, message)).await {
        Ok(answer) => answer,
        Err(_) => Err(Broken::After(Obstacle::Timeout(within))),
    }
}

async fn connect(route: &Route, endpoint: &Endpoint) -> Result<Line, Broken> {
    let stream = connect::stream(route.connector.as_deref(), endpoint).await.map_err(Broken::Before)?;
    let tls = TlsConnector::from(Arc::clone(&route.tls));
    tls.connect(endpoint.server_name.clone(), stream).await.map_err(|error| match NotTrusted::find(&error) {
        Some(NotTrusted { presented, why }) => Broken::Untrusted(Untrusted {
            endpoint: endpoint.to_string(),
            presented: *presented,
            why: why.clone(),
        }),
        None => Broken::Before(Obstacle::Tls(error.to_string())),
    })
}

fn message(
    endpoint: &Endpoint,
    headers: &Headers,
    request: &Request,
) -> http::Result<http::Request<Full<Bytes>>> {
    let mut builder = http::Request::builder()
        .method(&request.method)
        .uri(request.target.as_str())
        .header(HOST, &endpoint.authority)
        .header(USER_AGENT, &headers.user_agent)
        .header(AUTHORIZATION, &headers.authorization);
    if !request.body.is_empty() {
        builder = builder.header(CONTENT_TYPE, JSON);
    }
    builder.body(Full::new(request.body.clone()))
}

async fn converse(stream: Line, message: http::Request<Full<Bytes>>) -> Result<Reply, Broken> {
    let closed = |error: hyper_client::Error| Broken::After(Obstacle::Closed(error.to_string()));
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(closed)?;
    let answer = async move {
        match sender.try_send_request(message).await {
            Ok(response) => read(response).await,
            // The request comes back only if no byte of it was written.
            Err(mut error) => match error.take_message() {
                Some(_) => Err(Broken::Before(Obstacle::Closed(error.into_error().to_string()))),
                None => Err(closed(error.into_error())),
            },
        }
    };
    // Both in this task: dropping the call closes the connection. The connection's own end says
    // nothing that the answer does not say better.
    tokio::pin!(answer);
    tokio::select! {
        biased;
        reply = &mut answer => reply,
        _ = connection => answer.await,
    }
}

async fn read(response: Response<Incoming>) -> Result<Reply, Broken> {
    let (head, mut incoming) = response.into_parts();
    let announced = incoming.size_hint().lower();
    let too_big = |bytes| Broken::InBody { bytes, why: format!("more than {ANSWER_LIMIT_BYTES} bytes") };
    let announced = usize::try_from(announced).ok().filter(|size| *size <= ANSWER_LIMIT_BYTES);
    let mut body = BytesMut::with_capacity(announced.ok_or_else(|| too_big(0))?);
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|error| Broken::InBody { bytes: body.len(), why: error.to_string() })?;
        let Some(data) = frame.data_ref() else { continue };
        if body.len() + data.len() > ANSWER_LIMIT_BYTES {
            return Err(too_big(body.len()));
        }
        body.extend_from_slice(data);
    }
    Ok(Reply { status: head.status, body: body.freeze() })
}
