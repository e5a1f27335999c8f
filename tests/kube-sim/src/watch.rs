//! Watches.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, stream};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::changes::Change;
use crate::fault::WatchFaults;
use crate::reply::Refused;
use crate::selector::Selector;
use crate::state::Shared;

/// How long a watch lasts where the client does not say.
const TIMEOUT: Duration = Duration::from_secs(1800);
/// Lags are multiples of this.
const LAG_STEP: Duration = Duration::from_millis(1);

/// What to watch.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub plural: String,
    pub namespace: Option<String>,
    pub selector: Selector,
    /// The last version that the client has seen; 0 for none.
    pub version: u64,
    pub timeout: Option<Duration>,
}

/// A watch that runs.
struct Watch {
    shared: Arc<Shared>,
    wanted: Wanted,
    faults: WatchFaults,
    ends: Instant,
    /// When the last event was due.
    due: Instant,
    told: u32,
    /// Lines that are ready.
    ready: Vec<Bytes>,
    over: bool,
}

/// The events of a watch as they come over the wire.
pub(crate) fn watch(shared: Arc<Shared>, wanted: Wanted) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let ends = Instant::now() + wanted.timeout.unwrap_or(TIMEOUT);
    let faults = shared.state().watch_faults;
    let mut watch =
        Watch { shared, wanted, faults, ends, due: Instant::now(), told: 0, ready: Vec::new(), over: false };
    watch.open();
    stream::unfold(watch, |mut watch| async move {
        let item = watch.next().await?;
        Some((item, watch))
    })
}

impl Watch {
    /// What comes before the first change.
    fn open(&mut self) {
        let shared = Arc::clone(&self.shared);
        let mut state = shared.state();
        if self.wanted.version == 0 {
            let objects = state.objects.iter().filter(|((plural, namespace, _), object)| {
                *plural == self.wanted.plural
                    && self.wanted.namespace.as_ref().is_none_or(|wanted| wanted == namespace)
                    && self.wanted.selector.selects(object)
            });
            self.ready = objects.map(|(_, object)| line("ADDED", object)).collect();
            self.ready.reverse();
            self.wanted.version = state.version;
            return;
        }
        let expired = state.expired.remove(&self.wanted.plural);
        if expired || state.changes.has_forgotten(self.wanted.version) {
            let version = self.wanted.version;
            let gone = Refused::new(410, format!("too old resource version: {version} ({})", state.version));
            self.ready.push(line("ERROR", &gone.status()));
            self.over = true;
        }
    }

    /// The next line, an end in disorder, or the end.
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        if let Some(line) = self.ready.pop() {
            return Some(Ok(line));
        }
        if self.over {
            return None;
        }
        if self.faults.breaks_after.is_some_and(|most| self.told >= most) {
            self.over = true;
            if self.faults.expires {
                self.shared.state().expired.insert(self.wanted.plural.clone());
            }
            return Some(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let shared = Arc::clone(&self.shared);
        let change = loop {
            // Before the look, so that no change is missed.
            let changed = shared.changed.notified();
            if let Some(change) = self.pending() {
                break change;
            }
            if timeout_at(self.ends, changed).await.is_err() {
                return self.close();
            }
        };
        self.due = self.due.max(change.at + self.lag(change.version));
        if self.due > self.ends {
            sleep_until(self.ends).await;
            return self.close();
        }
        sleep_until(self.due).await;
        self.wanted.version = change.version;
        self.told += 1;
        let line = line(change.what, &change.object);
        if self.faults.duplicated {
            self.ready.push(line.clone());
        }
        Some(Ok(line))
    }

    /// The next change that the client wants to know of.
    fn pending(&mut self) -> Option<Change> {
        let state = self.shared.state();
        loop {
            let namespace = self.wanted.namespace.as_deref();
            let change = state.changes.next(&self.wanted.plural, namespace, self.wanted.version)?;
            if let Some(what) =
                self.wanted.selector.event(change.what, change.before.as_ref(), &change.object)
            {
                return Some(Change { what, ..change.clone() });
            }
            self.wanted.version = change.version;
        }
    }

    fn lag(&self, version: u64) -> Duration {
        let steps = self.faults.lag.as_millis() / LAG_STEP.as_millis();
        let salt =
            self.wanted.plural.bytes().fold(7u64, |salt: u64, byte| salt.wrapping_mul(31) + u64::from(byte));
        let steps = self.shared.chance(salt, version, u64::try_from(steps).unwrap_or(0) + 1);
        LAG_STEP * u32::try_from(steps).unwrap_or(0)
    }

    /// A bookmark, and the end in good order.
    fn close(&mut self) -> Option<io::Result<Bytes>> {
        self.over = true;
        let kind = self.shared.kind(&self.wanted.plural)?;
        let bookmark = json!({
            "kind": kind.name, "apiVersion": kind.api_version(),
            "metadata": {"resourceVersion": self.wanted.version.to_string()},
        });
        Some(Ok(line("BOOKMARK", &bookmark)))
    }
}

fn line(what: &str, object: &Value) -> Bytes {
    let mut text = json!({"type": what, "object": object}).to_string();
    text.push('\n');
    text.into()
}
