//! The operator's own port: metrics and health.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tracing::{debug, warn};

use super::context::Ctx;

/// Longest time a client may take to send its request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens the port.
///
/// # Errors
/// Where the address cannot be bound.
pub(crate) async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Serves `/metrics`, `/live` and `/ready` until the process ends.
pub(crate) async fn serve(ctx: Ctx, listener: TcpListener) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let ctx = ctx.clone();
        tokio::task::spawn_local(async move {
            let service = service_fn(move |request| std::future::ready(answer(&ctx, &request)));
            let mut server = http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
            if let Err(error) = server.serve_connection(TokioIo::new(stream), service).await {
                debug!(%error, "a connection ended badly");
            }
        });
    }
}

fn answer(ctx: &Ctx, request: &Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, content_type, body) = match request.uri().path() {
        "/metrics" => {
            (StatusCode::OK, "application/openmetrics-text; version=1.0.0; charset=utf-8", metrics(ctx))
        }
        // This answer itself shows that the event loop turns.
        "/live" => (StatusCode::OK, "text/plain", "live\n".to_owned()),
        "/ready" => match (ctx.world.look(|world| world.listed.all()), ctx.replica.may_act()) {
            (true, true) => (StatusCode::OK, "text/plain", "ready\n".to_owned()),
            (false, _) => {
                (StatusCode::SERVICE_UNAVAILABLE, "text/plain", "still listing objects\n".to_owned())
            }
            (true, false) => {
                (StatusCode::SERVICE_UNAVAILABLE, "text/plain", "the Lease is not renewed\n".to_owned())
            }
        },
        _ => (StatusCode::NOT_FOUND, "text/plain", "there is /metrics, /live and /ready\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    Ok(response)
}

fn metrics(ctx: &Ctx) -> String {
    let depth = ctx.queue.depth();
    ctx.world.look(|world| {
        ctx.metrics.world(depth, world.machines.len(), world.machines.verified());
        let held = world.backends.values().filter(|backend| backend.held.is_some()).count();
        ctx.metrics.replica(held, ctx.replica.leads(), ctx.replica.live_count());
        for backend in world.backends.values() {
            // What another replica holds is counted by that one.
            let (window, census) =
                (&backend.window, backend.census.as_ref().filter(|_| backend.held.is_some()));
            let undeclared = census.map_or((0, 0), |census| (census.undeclared, census.orphans));
            ctx.metrics.backend(&backend.name, window.len(), window.waiting(), undeclared);
        }
    });
    ctx.metrics.text()
}
