//! One connection: TLS, HTTP, and what faults do to both.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{
    AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, SERVER, TRANSFER_ENCODING, WWW_AUTHENTICATE,
};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Response, Version};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;

use super::body::Payload;
use crate::counts::Counters;
use crate::fault::FaultKind;
use crate::interpose::{Moment, Seen};
use crate::opcode::spec_of;
use crate::rapi::{Answer, Args, HttpError, Reply, Request, Route, Rows, answer};
use crate::shared::Shared;

/// RAPI's limits of the request line and of the header, bytes.
const LINE_LIMIT: usize = 8192;
const HEADER_LIMIT: usize = 4096;
/// RAPI's timeout of reading.
const READ_WITHIN: Duration = Duration::from_secs(10);
/// No hang lasts longer, whatever a fault says.
const HANG_AT_MOST: Duration = Duration::from_secs(600);

/// The connection ends without an answer.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("connection cut")
    }
}

impl std::error::Error for Cut {}

/// Serves one connection of the client of this number to its end. Its errors are the client's or wanted.
pub(crate) async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send>(
    shared: Arc<Shared>,
    client: usize,
    stream: S,
) {
    let acceptor = TlsAcceptor::from(Arc::clone(&shared.certificate().config));
    let Ok(Ok(stream)) = tokio::time::timeout(READ_WITHIN, acceptor.accept(stream)).await else { return };
    let keep_alive = shared.options.keep_alive;
    let service = service_fn(|request| handle(&shared, client, request));
    let mut builder = http1::Builder::new();
    builder.keep_alive(keep_alive).timer(TokioTimer::new());
    if !keep_alive {
        builder.header_read_timeout(READ_WITHIN);
    }
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

async fn handle(
    shared: &Shared,
    client: usize,
    request: hyper::Request<Incoming>,
) -> Result<Response<Payload>, Cut> {
    let (parts, body) = request.into_parts();
    if line_length(&parts) > LINE_LIMIT || header_length(&parts.headers) > HEADER_LIMIT {
        return Err(Cut);
    }
    let body = tokio::time::timeout(READ_WITHIN, body.collect())
        .await
        .map_err(|_| Cut)?
        .map_err(|_| Cut)?
        .to_bytes();
    // The real one compares characters with bytes here, waits 10 s for the rest and then cuts.
    if !body.is_ascii() {
        return Err(Cut);
    }
    let method = parts.method.as_str();
    let path = parts.uri.path();
    shared.counters.request(method, path);
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let seen = |moment| shared.interpose(&Seen { moment, client, method, target });
    let fault = seen(Moment::Before).or_else(|| take_fault(shared, method, path));
    match &fault {
        Some(FaultKind::Hang(time)) => {
            tokio::time::sleep((*time).min(HANG_AT_MOST)).await;
            return Err(Cut);
        }
        Some(FaultKind::CloseBeforeEffect) => return Err(Cut),
        Some(FaultKind::Slow(time)) => tokio::time::sleep((*time).min(HANG_AT_MOST)).await,
        _ => {}
    }
    let reply = reply(shared, &parts, &body, fault.as_ref()).await;
    match seen(Moment::After).or(fault) {
        Some(FaultKind::Hang(time)) => {
            tokio::time::sleep(time.min(HANG_AT_MOST)).await;
            Err(Cut)
        }
        Some(FaultKind::CutAfterEffect) => Err(Cut),
        Some(FaultKind::Truncate(after)) => Ok(response(reply.code, Payload::cut(reply.body, after))),
        _ => Ok(response(reply.code, Payload::whole(reply.body))),
    }
}

fn take_fault(shared: &Shared, method: &str, path: &str) -> Option<FaultKind> {
    let opcode = Route::parse(path).and_then(|route| route.opcode(method)).map(|kind| spec_of(kind).id);
    shared.faults().take(method, path, opcode)
}

async fn reply(shared: &Shared, parts: &Parts, body: &[u8], fault: Option<&FaultKind>) -> Reply {
    let answer: Answer = match fault {
        Some(FaultKind::Status { code, message }) => Err(HttpError::new(*code, message)),
        Some(FaultKind::QueueDrained) => Err(HttpError::new(500, "Queue drained")),
        _ if parts.version == Version::HTTP_11 && !parts.headers.contains_key(HOST) => {
            Err(HttpError::new(400, "Missing Host header"))
        }
        // Chunks are not decoded, and what they look like is no JSON.
        _ if parts.headers.contains_key(TRANSFER_ENCODING) => {
            Err(HttpError::new(400, "Unable to parse JSON data"))
        }
        fault => {
            let text = |name| parts.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
            let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
            let request = Request {
                method: parts.method.as_str(),
                target,
                path: parts.uri.path(),
                args: Args::parse(parts.uri.query()),
                authorization: text(AUTHORIZATION),
                content_type: text(CONTENT_TYPE),
                body,
                rows: fault.map_or(Rows::All, Rows::of),
            };
            answer(shared, &request).await
        }
    };
    let mut reply = answer.unwrap_or_else(|error| {
        if matches!(error.code, 401 | 403) {
            Counters::add(&shared.counters.denied);
        }
        error.reply()
    });
    reply.body.push(b'\n');
    reply
}

fn response(code: u16, payload: Payload) -> Response<Payload> {
    let mut response = Response::new(payload);
    *response.status_mut() =
        hyper::StatusCode::from_u16(code).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(SERVER, HeaderValue::from_static("Ganeti 3.0.2"));
    if code == 401 {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"Ganeti Remote API\""));
    }
    response
}

fn line_length(parts: &Parts) -> usize {
    let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
    parts.method.as_str().len() + target + " HTTP/1.1".len() + 1
}

fn header_length(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len()).sum()
}
