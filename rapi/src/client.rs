//! The client: which endpoint, what an answer means.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use serde::de::DeserializeOwned;

use crate::config::{Config, ConfigError, Timeouts};
use crate::error_body::ErrorBody;
use crate::failure::{Answer, Attempt, Denied, Failure, Garbled, Obstacle, Refusal, Unknown, Unreachable};
use crate::net::{
    Broken, Endpoint, Headers, Reply, Request, Route, Spares, client_config, exchange, open, unescape,
};

/// A client of one cluster. Cloning is cheap and shares everything: the endpoint that answered last
/// and the TLS sessions. It opens one connection for each call, as RAPI closes it after each answer,
/// and limits nothing: RAPI serves about 20 connections at once, shared with everyone else, so keep
/// the calls in flight per cluster below 8 or so.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    endpoints: Vec<Endpoint>,
    /// Index of the endpoint that answered last.
    good: AtomicUsize,
    headers: Headers,
    route: Route,
    timeouts: Timeouts,
    spares: Spares,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let endpoints: Vec<_> = self.inner.endpoints.iter().map(ToString::to_string).collect();
        f.debug_struct("Client").field("endpoints", &endpoints).finish_non_exhaustive()
    }
}

impl Client {
    /// Checks the configuration. Opens no connection.
    ///
    /// # Errors
    /// [`ConfigError`] says what to change.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        if config.endpoints.is_empty() {
            return Err(ConfigError::NoEndpoint);
        }
        let Timeouts { connect, read, submit } = config.timeouts;
        if [connect, read, submit].contains(&Duration::ZERO) {
            return Err(ConfigError::Timeouts);
        }
        let endpoints =
            config.endpoints.iter().map(|text| Endpoint::parse(text)).collect::<Result<Vec<_>, _>>()?;
        let headers = Headers::new(&config.credentials, &config.user_agent)?;
        if let Some(endpoint) = endpoints.iter().find(|endpoint| !headers.fit(&endpoint.authority)) {
            return Err(ConfigError::Endpoint {
                endpoint: endpoint.to_string(),
                why: "with these credentials the header exceeds the 4 KiB that RAPI reads",
            });
        }
        let tls = Arc::new(client_config(&config.trust)?);
        let route = Route { tls, connector: config.connector };
        let inner = Inner {
            endpoints,
            good: AtomicUsize::new(0),
            headers,
            route,
            timeouts: config.timeouts,
            spares: Spares::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Opens a connection for a change that is about to be sent, and returns when the next change has taken it, or when
    /// nobody wanted it for `hold`. RAPI serves a child process for each open connection and gives up on one that says
    /// nothing for 10 s (`READ_TIMEOUT` in `lib/http/server.py`): hold it for a second or two.
    ///
    /// A connection that cannot be opened is no error here: the change will say so.
    pub async fn open_ahead(&self, hold: Duration) {
        let inner = &*self.inner;
        let index = inner.good.load(Ordering::Relaxed);
        let line = open(&inner.route, &inner.endpoints[index], inner.timeouts.connect);
        let _ = inner.spares.offer(index, line, hold).await;
    }

    /// Sends a request and reads the JSON of its answer.
    pub(crate) async fn call<T: DeserializeOwned>(&self, request: Request) -> Answer<T> {
        let (body, endpoint) = self.send(&request).await?;
        serde_json::from_slice(&body).map_err(|error| {
            let garbled = Garbled { bytes: body.len(), why: error.to_string() };
            lost_body(&request, endpoint, garbled)
        })
    }

    /// Sends a request and returns the body of its 200.
    pub(crate) async fn call_bytes(&self, request: Request) -> Answer<Bytes> {
        Ok(self.send(&request).await?.0)
    }

    /// Tries the endpoints, the one that answered last first, until the request was written to one.
    async fn send(&self, request: &Request) -> Answer<(Bytes, &Endpoint)> {
        request.check()?;
        let inner = &*self.inner;
        let within = if request.changes { inner.timeouts.submit } else { inner.timeouts.read };
        let first = inner.good.load(Ordering::Relaxed);
        let mut attempts = Vec::new();
        for step in 0..inner.endpoints.len() {
            let index = (first + step) % inner.endpoints.len();
            let endpoint = &inner.endpoints[index];
            let outcome = self.exchange(index, request, within).await;
            match judge(request, endpoint, outcome) {
                Ok(Verdict::Body(body)) => {
                    inner.good.store(index, Ordering::Relaxed);
                    return Ok((body, endpoint));
                }
                Ok(Verdict::TryNext(obstacle)) => {
                    attempts.push(Attempt { endpoint: endpoint.to_string(), obstacle });
                }
                Err(failure) => return Err(failure),
            }
        }
        Err(Unreachable { attempts }.into())
    }

    /// One exchange with an endpoint: a change over a spare connection if there is one.
    async fn exchange(&self, index: usize, request: &Request, within: Duration) -> Result<Reply, Broken> {
        let inner = &*self.inner;
        let endpoint = &inner.endpoints[index];
        if request.changes
            && let Some(line) = inner.spares.take(index).await
        {
            match exchange(line, endpoint, &inner.headers, request, within).await {
                // It was closed meanwhile, and nothing was written to it.
                Err(Broken::Before(_)) => {}
                outcome => return outcome,
            }
        }
        let line = open(&inner.route, endpoint, inner.timeouts.connect).await?;
        exchange(line, endpoint, &inner.headers, request, within).await
    }
}

/// What to do after one exchange that did not fail for good.
enum Verdict {
    Body(Bytes),
    TryNext(Obstacle),
}

fn judge(request: &Request, endpoint: &Endpoint, outcome: Result<Reply, Broken>) -> Answer<Verdict> {
    match outcome {
        Ok(reply) => judge_status(request, endpoint, reply),
        Err(Broken::Untrusted(untrusted)) => Err(untrusted.into()),
        Err(Broken::Before(obstacle)) => Ok(Verdict::TryNext(obstacle)),
        Err(Broken::After(obstacle)) => Err(no_answer(request, endpoint, obstacle)),
        Err(Broken::InBody { bytes, why }) => Err(lost_body(request, endpoint, Garbled { bytes, why })),
    }
}

/// The request was written and no answer came.
fn no_answer(request: &Request, endpoint: &Endpoint, obstacle: Obstacle) -> Failure {
    let endpoint = endpoint.to_string();
    if request.changes {
        Unknown { endpoint, obstacle }.into()
    } else {
        Unreachable { attempts: vec![Attempt { endpoint, obstacle }] }.into()
    }
}

/// Status 200, but the body cannot be read: a change was made, its job id is lost.
fn lost_body(request: &Request, endpoint: &Endpoint, garbled: Garbled) -> Failure {
    if request.changes {
        let obstacle = Obstacle::Garbled(garbled.to_string());
        Unknown { endpoint: endpoint.to_string(), obstacle }.into()
    } else {
        garbled.into()
    }
}

/// What RAPI says when it cannot open the socket of the master daemon: it runs on a node that is not
/// the master (any more), or the daemon is down (`GetClient` in `lib/rapi/baserlib.py`).
const NO_MASTER: &str = "Can't connect to master daemon";

fn judge_status(request: &Request, endpoint: &Endpoint, reply: Reply) -> Answer<Verdict> {
    if reply.status == StatusCode::OK {
        return Ok(Verdict::Body(reply.body));
    }
    let status = reply.status.as_u16();
    let error = error_body(&reply);
    match status {
        401 | 403 => Err(Denied { status, message: error.words() }.into()),
        502 | 504 if request.changes => {
            Err(no_answer(request, endpoint, Obstacle::Gateway { status, message: error.words() }))
        }
        502 if error.message.starts_with(NO_MASTER) => {
            Ok(Verdict::TryNext(Obstacle::Gateway { status, message: error.words() }))
        }
        504 => Err(no_answer(request, endpoint, Obstacle::Gateway { status, message: error.words() })),
        _ => Err(Refusal::read(status, error).into()),
    }
}

/// How much of an error page that is not RAPI's is kept.
const FOREIGN_TEXT_CHARS: usize = 200;

fn error_body(reply: &Reply) -> ErrorBody {
    match serde_json::from_slice::<ErrorBody>(&reply.body) {
        Ok(body) => ErrorBody { message: unescape(&body.message).into_owned(), ..body },
        // Not RAPI's: a proxy's, perhaps.
        Err(_) => ErrorBody {
            message: String::from_utf8_lossy(&reply.body).chars().take(FOREIGN_TEXT_CHARS).collect(),
            explain: reply.status.canonical_reason().unwrap_or_default().to_owned(),
        },
    }
}
