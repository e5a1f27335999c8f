//! Writes events to the API server. What is told again in the same words is one event with a count; what is told in other
//! words is another event, as the words are what people read.

use std::{collections::HashMap, time::Duration};

use cyclades_crds::names;
use http::{Method, Request, header};
use jiff::Timestamp;
use kube::Client;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::{clock::Clock, told::Told};
use crate::world::Key;

/// How long an event is continued by the same words, as Kubernetes' own recorder does.
const SERIES_FOR: Duration = Duration::from_secs(6 * 60);
/// Events that are remembered before those that ended are forgotten.
const REMEMBERED_MIN: usize = 256;
/// Longest note that the API server takes is 1,024 bytes.
const NOTE_BYTES_MAX: usize = 1000;

/// The last event of a reason about an object.
#[derive(Debug)]
struct Series {
    name: String,
    note: String,
    count: u32,
    last: Instant,
}

/// Writes events.
pub(super) struct Recorder {
    client: Client,
    identity: String,
    clock: Clock,
    told: HashMap<(Uuid, &'static str), Series>,
    /// Size from which on it is tidied up.
    tidy_at: usize,
}

impl Recorder {
    pub(super) fn new(client: Client, identity: String, clock: Clock) -> Self {
        Self { client, identity, clock, told: HashMap::new(), tidy_at: REMEMBERED_MIN }
    }

    /// Writes an event, or counts it.
    pub(super) async fn publish(&mut self, told: &Told) -> Result<(), kube::Error> {
        self.tidy();
        let note = clip(&told.message);
        let key = (told.uid, told.reason);
        let same = self.told.get(&key).filter(|it| it.note == note && it.last.elapsed() < SERIES_FOR);
        if let Some((name, count)) = same.map(|it| (it.name.clone(), it.count + 1)) {
            match self.count(told, &name, count).await {
                // It has expired; it is told anew.
                Err(kube::Error::Api(status)) if status.code == 404 => {}
                done => {
                    done?;
                    self.told.insert(key, Series { name, note, count, last: Instant::now() });
                    return Ok(());
                }
            }
        }
        let name = self.create(told, &note).await?;
        self.told.insert(key, Series { name, note, count: 1, last: Instant::now() });
        Ok(())
    }

    async fn create(&self, told: &Told, note: &str) -> Result<String, kube::Error> {
        let (namespace, about) = place(&told.about);
        let now = self.clock.now();
        let name = format!("{about}.{:x}", now.as_nanosecond());
        let event = json!({
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": { "name": name, "namespace": namespace.unwrap_or("default") },
            "type": if told.warning { "Warning" } else { "Normal" },
            "reason": told.reason,
            "action": told.action,
            "note": note,
            "eventTime": micros(now),
            "reportingController": names::EVENT_REPORTER,
            "reportingInstance": self.identity,
            "regarding": {
                "apiVersion": format!("{}/{}", names::GROUP, names::VERSION),
                "kind": told.about.kind(),
                "namespace": namespace,
                "name": about,
                "uid": told.uid,
            },
        });
        self.send(Method::POST, path(namespace, ""), &event).await?;
        Ok(name)
    }

    async fn count(&self, told: &Told, name: &str, count: u32) -> Result<(), kube::Error> {
        let (namespace, _) = place(&told.about);
        let patch = json!({ "series": { "count": count, "lastObservedTime": micros(self.clock.now()) } });
        self.send(Method::PATCH, path(namespace, name), &patch).await
    }

    async fn send(&self, method: Method, uri: String, body: &Value) -> Result<(), kube::Error> {
        let content =
            if method == Method::PATCH { "application/merge-patch+json" } else { "application/json" };
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header(header::CONTENT_TYPE, content)
            .body(serde_json::to_vec(body).map_err(kube::Error::SerdeError)?)
            .map_err(kube::Error::HttpError)?;
        self.client.request::<IgnoredAny>(request).await.map(drop)
    }

    /// Forgets events that nothing continues any more, each time their number has doubled.
    fn tidy(&mut self) {
        if self.told.len() >= self.tidy_at {
            self.told.retain(|_, series| series.last.elapsed() < SERIES_FOR);
            self.tidy_at = (self.told.len() * 2).max(REMEMBERED_MIN);
        }
    }
}

/// Namespace and name of what an event is about.
fn place(about: &Key) -> (Option<&str>, &str) {
    match about {
        Key::Vm(name) | Key::Image(name) | Key::Network(name) | Key::Subnet(name) => {
            (Some(name.namespace()), name.name())
        }
        Key::Backend(name) | Key::Flavor(name) | Key::VolumeType(name) | Key::LinkPool(name) => (None, name),
    }
}

/// Events about cluster-scoped objects stand in `default`.
fn path(namespace: Option<&str>, name: &str) -> String {
    let namespace = namespace.unwrap_or("default");
    let slash = if name.is_empty() { "" } else { "/" };
    format!(
        "/apis/events.k8s.io/v1/namespaces/{namespace}/events{slash}{name}?fieldManager={}",
        names::FIELD_MANAGER
    )
}

fn micros(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// As much of a message as fits, in whole characters.
fn clip(message: &str) -> String {
    let mut end = message.len().min(NOTE_BYTES_MAX);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    message[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::{NOTE_BYTES_MAX, clip, micros};

    #[test]
    fn a_long_message_is_cut_between_characters() {
        assert_eq!(clip("short"), "short");
        let long = "é".repeat(NOTE_BYTES_MAX);
        assert_eq!(clip(&long).len(), NOTE_BYTES_MAX);
        assert_eq!(clip(&format!("a{long}")).len(), NOTE_BYTES_MAX - 1);
    }

    #[test]
    fn times_have_microseconds_as_the_api_server_wants_them() {
        let time: jiff::Timestamp = "2026-11-21T13:47:29.5Z".parse().unwrap();
        assert_eq!(micros(time), "2026-11-21T13:47:29.500000Z");
    }
}
