//! What the server stores.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Notify;

use crate::changes::Changes;
use crate::fault::{Call, Interposer, Spoil, WatchFaults};
use crate::kind::{Kind, Kinds};
use crate::meta::Origin;

/// Resource version before the first write. The real ones are no small numbers either.
const FIRST_VERSION: u64 = 998;

/// Plural, namespace (empty where the kind has none) and name.
pub(crate) type Place = (String, String, String);

/// The objects and their history.
#[derive(Debug)]
pub(crate) struct State {
    pub objects: BTreeMap<Place, Value>,
    pub changes: Changes,
    /// Resource version of the last write.
    pub version: u64,
    pub origin: Origin,
    pub watch_faults: WatchFaults,
    /// Kinds whose next watch is told that its version has expired.
    pub expired: BTreeSet<String>,
    /// Requests so far.
    pub requests: u64,
}

/// What all parts of a server share.
pub(crate) struct Shared {
    pub kinds: Kinds,
    pub seed: u64,
    pub latency: Duration,
    /// Told after each write.
    pub changed: Notify,
    state: Mutex<State>,
    interposer: RwLock<Option<Interposer>>,
}

impl Shared {
    pub fn new(kinds: Kinds, seed: u64, latency: Duration) -> Self {
        let state = State {
            objects: BTreeMap::new(),
            changes: Changes::default(),
            version: FIRST_VERSION,
            origin: Origin::new(seed),
            watch_faults: WatchFaults::default(),
            expired: BTreeSet::new(),
            requests: 0,
        };
        let (changed, state) = (Notify::new(), Mutex::new(state));
        Self { kinds, seed, latency, changed, state, interposer: RwLock::default() }
    }

    // What is behind the lock is whole at every moment.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set_interposer(&self, interposer: Interposer) {
        *self.interposer.write().unwrap_or_else(PoisonError::into_inner) = Some(interposer);
    }

    pub fn interpose(&self, call: &Call<'_>) -> Option<Spoil> {
        let interposer: Option<Interposer> =
            self.interposer.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(Arc::clone);
        interposer.and_then(|interposer| interposer(call))
    }

    pub fn kind(&self, plural: &str) -> Option<&Kind> {
        self.kinds.0.iter().find(|kind| kind.plural == plural)
    }

    /// A number below `bound` that follows from the seed and these two.
    pub fn chance(&self, salt: u64, what: u64, bound: u64) -> u64 {
        let mut z = self.seed ^ salt.rotate_left(32) ^ what.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound.max(1)
    }
}
