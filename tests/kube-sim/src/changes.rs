//! The history that watches tell.

use serde_json::Value;
use tokio::time::Instant;

/// What happened to an object.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub version: u64,
    pub at: Instant,
    pub plural: String,
    pub namespace: String,
    /// `ADDED`, `MODIFIED` or `DELETED`.
    pub what: &'static str,
    pub object: Value,
    /// The object before it: what selectors selected then.
    pub before: Option<Value>,
}

/// All that happened, in order of version.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    all: Vec<Change>,
    /// Versions below are forgotten.
    oldest: u64,
}

impl Changes {
    pub fn add(&mut self, change: Change) {
        self.all.push(change);
    }

    /// The first change of a kind after a version, in all namespaces or one.
    pub fn next(&self, plural: &str, namespace: Option<&str>, version: u64) -> Option<&Change> {
        let start = self.all.partition_point(|change| change.version <= version);
        self.all[start..].iter().find(|change| {
            change.plural == plural && namespace.is_none_or(|namespace| change.namespace == namespace)
        })
    }

    /// Whether changes after this version may be forgotten.
    pub fn has_forgotten(&self, version: u64) -> bool {
        version < self.oldest
    }

    /// Forgets all up to a version, as compaction does.
    pub fn forget(&mut self, version: u64) {
        self.oldest = self.oldest.max(version);
        self.all.retain(|change| change.version > version);
    }
}
