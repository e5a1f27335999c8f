//! HTTP in front of the store.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt as _;
use http::request::Parts;
use http::{Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use kube::client::Body;
use serde_json::{Value, json};
use tower_service::Service;

use crate::fault::{Call, Moment, Spoil};
use crate::reply::Refused;
use crate::selector::Selector;
use crate::state::Shared;
use crate::target::{Target, parameter, parse};
use crate::watch::{Wanted, watch};

/// The body of an answer.
type Payload = UnsyncBoxBody<Bytes, io::Error>;
/// What is asked for with this in `Accept` is answered with metadata only.
const METADATA_ONLY: &str = "as=PartialObjectMetadata";
const MERGE_PATCH: &str = "application/merge-patch+json";

/// The server as kube's `Client` of this number sees it.
#[derive(Clone)]
pub(crate) struct Door(pub Arc<Shared>, pub usize);

impl Service<Request<Body>> for Door {
    type Response = Response<Payload>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Response<Payload>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(serve(Arc::clone(&self.0), self.1, request))
    }
}

async fn serve(shared: Arc<Shared>, client: usize, request: Request<Body>) -> io::Result<Response<Payload>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let number = {
        let mut state = shared.state();
        state.requests += 1;
        state.requests
    };
    travel(&shared, number).await;
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let call = |moment| Call { moment, client, method: parts.method.as_str(), target };
    match shared.interpose(&call(Moment::Before)) {
        Some(Spoil::Hang) => std::future::pending().await,
        Some(Spoil::Cut) => return Err(io::ErrorKind::ConnectionReset.into()),
        Some(Spoil::Status(code)) => return Ok(refusal(&Refused::new(code, "spoilt on purpose"))),
        None => {}
    }
    let answer = answer(&shared, &parts, &body).unwrap_or_else(|refused| refusal(&refused));
    match shared.interpose(&call(Moment::After)) {
        Some(Spoil::Hang) => std::future::pending().await,
        Some(Spoil::Cut) => return Err(io::ErrorKind::ConnectionReset.into()),
        Some(Spoil::Status(_)) | None => {}
    }
    travel(&shared, number ^ u64::MAX).await;
    Ok(answer)
}

/// The way to the server, or back.
async fn travel(shared: &Shared, number: u64) {
    let most = u64::try_from(shared.latency.as_micros()).unwrap_or(0);
    if most > 0 {
        tokio::time::sleep(Duration::from_micros(shared.chance(3, number, most))).await;
    }
}

fn answer(shared: &Arc<Shared>, parts: &Parts, body: &Bytes) -> Result<Response<Payload>, Refused> {
    let target = parse(&shared.kinds.0, parts.uri.path())
        .ok_or_else(|| Refused::new(404, "the server could not find the requested resource"))?;
    let query = parts.uri.query().unwrap_or("");
    let text = |name: header::HeaderName| {
        parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned()
    };
    let object = match (parts.method.as_str(), target.name) {
        ("GET", None) if parameter(query, "watch").is_some_and(|it| it != "false" && it != "0") => {
            return Ok(stream(shared, &target, query));
        }
        ("GET", None) => return Ok(reply(StatusCode::OK, &list(shared, &target, query))),
        ("GET", Some(name)) => shared.state().read(target.kind, target.namespace, name)?.clone(),
        ("POST", None) => shared.state().create(target.kind, target.namespace, json(body)?)?,
        ("PATCH", Some(name)) => {
            if text(header::CONTENT_TYPE) != MERGE_PATCH {
                return Err(Refused::new(415, format!("only {MERGE_PATCH} is known here")));
            }
            let patch = json(body)?;
            shared.state().patch(target.kind, target.namespace, name, target.status, &patch)?
        }
        ("DELETE", Some(name)) => shared.state().delete(target.kind, target.namespace, name)?,
        _ => {
            return Err(Refused::new(405, "the server does not allow this method on the requested resource"));
        }
    };
    if parts.method != "GET" {
        shared.changed.notify_waiters();
    }
    let code = if parts.method == "POST" { StatusCode::CREATED } else { StatusCode::OK };
    if text(header::ACCEPT).contains(METADATA_ONLY) {
        let partial = json!({
            "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"],
        });
        return Ok(reply(code, &partial));
    }
    Ok(reply(code, &object))
}

fn json(body: &Bytes) -> Result<Value, Refused> {
    serde_json::from_slice(body)
        .map_err(|error| Refused::new(400, format!("the body does not parse: {error}")))
}

fn list(shared: &Shared, target: &Target<'_>, query: &str) -> Value {
    let selector = Selector::of(query);
    let state = shared.state();
    let here = state.objects.iter().filter(|((plural, namespace, _), object)| {
        *plural == target.kind.plural
            && target.namespace.is_none_or(|wanted| wanted == namespace)
            && selector.selects(object)
    });
    let items: Vec<&Value> = here.map(|(_, object)| object).collect();
    json!({
        "kind": format!("{}List", target.kind.name), "apiVersion": target.kind.api_version(),
        "metadata": {"resourceVersion": state.version.to_string()}, "items": items,
    })
}

fn stream(shared: &Arc<Shared>, target: &Target<'_>, query: &str) -> Response<Payload> {
    let seconds = parameter(query, "timeoutSeconds").and_then(|text| text.parse().ok());
    let wanted = Wanted {
        plural: target.kind.plural.clone(),
        namespace: target.namespace.map(str::to_owned),
        selector: Selector::of(query),
        version: parameter(query, "resourceVersion").and_then(|text| text.parse().ok()).unwrap_or(0),
        timeout: seconds.map(Duration::from_secs),
    };
    let lines = watch(Arc::clone(shared), wanted).map_ok(http_body::Frame::data);
    respond(StatusCode::OK, StreamBody::new(lines).boxed_unsync())
}

fn reply(code: StatusCode, value: &Value) -> Response<Payload> {
    let body = Full::new(Bytes::from(value.to_string()));
    respond(code, body.map_err(|never| match never {}).boxed_unsync())
}

fn refusal(refused: &Refused) -> Response<Payload> {
    let code = StatusCode::from_u16(refused.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    reply(code, &refused.status())
}

fn respond(code: StatusCode, body: Payload) -> Response<Payload> {
    let mut response = Response::new(body);
    *response.status_mut() = code;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}
