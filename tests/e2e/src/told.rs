//! What an object tells: its conditions and its events.

use anyhow::Result;
use cyclades_crds::condition::{self as catalog, ConditionType};
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{Api, api::ListParams};

use crate::Stage;

/// An event as `kubectl describe` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// `Normal` or `Warning`.
    pub kind: String,
    /// Reason.
    pub reason: String,
    /// Message.
    pub message: String,
    /// How often it was told.
    pub times: i32,
}

/// A condition, e.g. `True Ready: The machine runs as declared.`; a word that says so where there is none.
#[must_use]
pub fn condition(conditions: &[Condition], kind: ConditionType) -> String {
    match catalog::find(conditions, kind) {
        Some(found) => format!("{} {}: {}", found.status, found.reason, found.message),
        None => "absent".to_owned(),
    }
}

impl Stage {
    /// The events about an object of any of our kinds, oldest first.
    ///
    /// # Errors
    /// The API server's.
    pub async fn events(&self, kind: &str, namespace: Option<&str>, name: &str) -> Result<Vec<Told>> {
        // Events about cluster-scoped objects stand in `default`.
        let api: Api<Event> = Api::namespaced(self.client(), namespace.unwrap_or("default"));
        let about = format!("regarding.kind={kind},regarding.name={name}");
        let mut events = api.list(&ListParams::default().fields(&about)).await?.items;
        events.sort_by(|a, b| a.event_time.cmp(&b.event_time));
        Ok(events.into_iter().map(told).collect())
    }
}

fn told(event: Event) -> Told {
    Told {
        kind: event.type_.unwrap_or_default(),
        reason: event.reason.unwrap_or_default(),
        message: event.note.unwrap_or_default(),
        times: event.series.map_or(1, |series| series.count),
    }
}
