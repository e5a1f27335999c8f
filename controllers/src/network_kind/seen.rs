//! What a pass needs of an object to tell of it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use crate::world::catalog::Entry;

/// What is kept of an object's status.
#[derive(Debug)]
pub(super) struct Seen {
    /// Version of the object that was looked at.
    pub(super) version: u64,
    /// Generation of its spec.
    pub(super) generation: i64,
    /// The generation that its conditions speak of.
    pub(super) observed_generation: Option<i64>,
    /// Its conditions.
    pub(super) conditions: Vec<Condition>,
}

impl Seen {
    /// Of an object that stays.
    pub(super) fn of<Spec>(entry: &Entry<Spec>) -> Option<Self> {
        (!entry.deleting).then(|| Self::any(entry))
    }

    /// Of an object that may be about to go.
    pub(super) fn any<Spec>(entry: &Entry<Spec>) -> Self {
        Self {
            version: entry.version,
            generation: entry.generation,
            observed_generation: entry.observed_generation,
            conditions: entry.conditions.clone(),
        }
    }
}
