//! Watches: a list, then what changes, for ever. One kind each, with objects left unparsed until we look at them.

use std::{borrow::Cow, time::Duration};

use cyclades_domain::backoff::Backoff;
use futures::{AsyncBufRead, AsyncBufReadExt};
use http::Request;
use kube::Client;
use serde::Deserialize;
use serde_json::value::RawValue;
use tracing::{debug, warn};

use super::{jitter, split::Splitter};
use crate::world::{ObjectName, wire::AnyWire};

/// Backoff after a list or a watch that failed. A watch that ends in good order is resumed at once.
const RETRY: Backoff = Backoff { first: Duration::from_millis(500), longest: Duration::from_secs(30) };
/// How long the API server is asked to keep a watch open.
const WATCH_SECONDS: u64 = 290;
/// HTTP status of a resource version that the API server has forgotten.
const GONE: u16 = 410;

/// An object as it came: its JSON, and as much of its metadata as it takes to file it. It parses whatever its spec says,
/// so one object that a newer or older schema let through cannot stop the watch of all others.
#[derive(Debug)]
pub(crate) struct Unparsed<'a> {
    json: &'a str,
    namespace: Option<Cow<'a, str>>,
    name: Cow<'a, str>,
    version: u64,
}

impl<'a> Unparsed<'a> {
    fn read(json: &'a str) -> Result<Self, serde_json::Error> {
        let meta = serde_json::from_str::<AnyWire<'_>>(json)?.metadata;
        Ok(Self { json, version: meta.version(), namespace: meta.namespace, name: meta.name })
    }

    /// The object's JSON.
    pub(crate) fn json(&self) -> &'a str {
        self.json
    }

    /// Namespace and name.
    pub(crate) fn object_name(&self) -> ObjectName {
        ObjectName::new(self.namespace.as_deref().unwrap_or(""), &self.name)
    }

    /// Name alone, for kinds without a namespace.
    pub(crate) fn plain_name(&self) -> &str {
        &self.name
    }

    /// Resource version as a number.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }
}

/// What a watch tells.
#[derive(Debug)]
pub(crate) enum Told<'a> {
    /// The list begins anew: whatever is not shown until [`Told::Complete`] does not exist.
    Restart,
    /// The list is complete.
    Complete,
    /// An object is there, or has changed.
    Object(Unparsed<'a>),
    /// An object is gone.
    Gone(Unparsed<'a>),
}

/// What to watch.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    /// Path of the collection, such as `/api/v1/namespaces/a/secrets`.
    pub(crate) path: String,
    /// Field selector, as a part of a query: `&fieldSelector=…`, or nothing.
    pub(crate) selector: String,
}

/// Why a watch has ended.
#[derive(Debug, thiserror::Error)]
enum WatchEnd {
    /// The API server has forgotten the version to go on from: the list is read anew.
    #[error("the resource version is too old")]
    Expired,
    /// The API server could not be asked, or failed.
    #[error(transparent)]
    Kube(#[from] kube::Error),
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(#[from] std::io::Error),
    /// What came is no list, or no watch event.
    #[error("what came does not parse: {0}")]
    Garbled(#[from] serde_json::Error),
    /// The API server says so.
    #[error("the API server ends the watch: {0}")]
    Status(String),
}

/// Watches a kind for ever.
pub(crate) async fn follow(client: Client, watched: &Watched, mut tell: impl FnMut(Told<'_>)) {
    let mut failures = 0;
    loop {
        let mut version = match list(&client, watched, &mut tell).await {
            Ok(version) => version,
            Err(error) => {
                failures += 1;
                warn!(path = %watched.path, %error, "a list failed, trying again");
                tokio::time::sleep(RETRY.delay(failures, jitter())).await;
                continue;
            }
        };
        failures = 0;
        loop {
            let before = version;
            match changes(&client, watched, &mut version, &mut tell).await {
                // The API server ends watches that are old or that fall behind: it goes on from where it was.
                Ok(()) => failures = 0,
                Err(WatchEnd::Expired) => {
                    debug!(path = %watched.path, "the watch is too old, listing anew");
                    break;
                }
                Err(error) => {
                    // One that showed something has worked: connections that break now and then must not add up.
                    failures = if version == before { failures + 1 } else { 1 };
                    warn!(path = %watched.path, %error, "a watch failed, going on from version {version}");
                    tokio::time::sleep(RETRY.delay(failures, jitter())).await;
                }
            }
        }
    }
}

/// Reads the list; returns the version that it shows.
async fn list(client: &Client, watched: &Watched, tell: &mut impl FnMut(Told<'_>)) -> Result<u64, WatchEnd> {
    #[derive(Deserialize)]
    struct List<'a> {
        #[serde(borrow)]
        metadata: ListMeta<'a>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct ListMeta<'a> {
        #[serde(borrow)]
        resource_version: Cow<'a, str>,
    }
    let query = watched.selector.trim_start_matches('&');
    let mut body = std::pin::pin!(get(client, &format!("{}?{query}", watched.path)).await?);
    tell(Told::Restart);
    let mut splitter = Splitter::default();
    loop {
        let bytes = body.fill_buf().await?;
        if bytes.is_empty() {
            break;
        }
        let count = bytes.len();
        splitter.feed(bytes, |item| object(watched, item, |it| tell(Told::Object(it))));
        body.consume_unpin(count);
    }
    let list: List<'_> = serde_json::from_slice(splitter.envelope())?;
    tell(Told::Complete);
    Ok(list.metadata.resource_version.parse().unwrap_or(0))
}

/// Hands on an object, if it is one at all.
fn object(watched: &Watched, json: &[u8], on: impl FnOnce(Unparsed<'_>)) {
    let read = std::str::from_utf8(json).map_err(|error| error.to_string());
    match read.and_then(|json| Unparsed::read(json).map_err(|error| error.to_string())) {
        Ok(object) => on(object),
        Err(error) => warn!(path = %watched.path, %error, "an object without readable metadata is left out"),
    }
}

/// Reads what changes after a version, which goes on with it, until the watch ends.
async fn changes(
    client: &Client,
    watched: &Watched,
    version: &mut u64,
    tell: &mut impl FnMut(Told<'_>),
) -> Result<(), WatchEnd> {
    let seconds = WATCH_SECONDS + jitter() % 20;
    let path = format!(
        "{}?watch=true&allowWatchBookmarks=true&resourceVersion={version}&timeoutSeconds={seconds}{}",
        watched.path, watched.selector
    );
    let mut body = std::pin::pin!(get(client, &path).await?);
    let mut line = Vec::new();
    loop {
        line.clear();
        if body.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        event(watched, &line, version, tell)?;
    }
}

/// Takes one event of a watch.
fn event(
    watched: &Watched,
    line: &[u8],
    version: &mut u64,
    tell: &mut impl FnMut(Told<'_>),
) -> Result<(), WatchEnd> {
    #[derive(Deserialize)]
    struct Event<'a> {
        #[serde(rename = "type", borrow)]
        kind: Cow<'a, str>,
        #[serde(borrow)]
        object: &'a RawValue,
    }
    #[derive(Deserialize)]
    struct Bookmark<'a> {
        #[serde(borrow)]
        metadata: BookmarkMeta<'a>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct BookmarkMeta<'a> {
        #[serde(borrow)]
        resource_version: Cow<'a, str>,
    }
    #[derive(Deserialize)]
    struct Status {
        #[serde(default)]
        code: u16,
        #[serde(default)]
        message: String,
    }
    let event: Event<'_> = serde_json::from_slice(line)?;
    let json = event.object.get();
    let mut newest = *version;
    match event.kind.as_ref() {
        "ADDED" | "MODIFIED" | "DELETED" => object(watched, json.as_bytes(), |object| {
            newest = newest.max(object.version());
            tell(if event.kind == "DELETED" { Told::Gone(object) } else { Told::Object(object) });
        }),
        "BOOKMARK" => {
            let bookmark: Bookmark<'_> = serde_json::from_str(json)?;
            newest = newest.max(bookmark.metadata.resource_version.parse().unwrap_or(0));
        }
        _ => {
            let status: Status = serde_json::from_str(json)?;
            return Err(if status.code == GONE {
                WatchEnd::Expired
            } else {
                WatchEnd::Status(status.message)
            });
        }
    }
    *version = newest;
    Ok(())
}

/// Opens the answer to a GET.
async fn get(client: &Client, path: &str) -> Result<impl AsyncBufRead + use<>, WatchEnd> {
    let request = Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError)?;
    client.request_stream(request).await.map_err(|error| match error {
        kube::Error::Api(status) if status.code == GONE => WatchEnd::Expired,
        other => WatchEnd::Kube(other),
    })
}
