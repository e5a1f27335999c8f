//! Metadata that the API server writes.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;

/// Seconds since the epoch when the clock of a server starts: 2026-01-01T00:00:00Z. Not the machine's, so that a run can
/// be repeated.
const EPOCH_SECONDS: i64 = 1_767_225_600;

/// The clock and the identities of a server.
#[derive(Debug)]
pub(crate) struct Origin {
    started: Instant,
    /// Seconds that its time of day was put back since.
    back: i64,
    random: u64,
}

impl Origin {
    pub fn new(seed: u64) -> Self {
        Self { started: Instant::now(), back: 0, random: seed }
    }

    /// Puts the time of day back.
    pub fn turn_back(&mut self, by: Duration) {
        self.back += i64::try_from(by.as_secs()).unwrap_or(0);
    }

    /// The time, as metadata has it.
    pub fn now(&self) -> String {
        let seconds = i64::try_from(self.started.elapsed().as_secs()).unwrap_or(0);
        Timestamp::from_second(EPOCH_SECONDS + seconds - self.back)
            .map_or_else(|_| String::new(), |time| time.to_string())
    }

    /// A version 4 UUID that follows from the seed.
    pub fn uid(&mut self) -> String {
        let high = (self.next() & 0xffff_ffff_ffff_0fff) | 0x4000;
        let low = (self.next() & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
        let node = low & 0xffff_ffff_ffff;
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{node:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xffff,
            low >> 48
        )
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Whether an object is being deleted.
pub(crate) fn is_deleting(object: &Value) -> bool {
    object["metadata"]["deletionTimestamp"].is_string()
}

/// The finalizers of an object.
pub(crate) fn finalizers(object: &Value) -> Vec<&str> {
    object["metadata"]["finalizers"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Metadata that a client cannot change: it is put back as it was.
pub(crate) fn keep_own(before: &Value, after: &mut Value) {
    const OWN: [&str; 7] = [
        "uid",
        "name",
        "namespace",
        "creationTimestamp",
        "generation",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ];
    for field in OWN {
        match before["metadata"].get(field) {
            Some(value) => after["metadata"][field] = value.clone(),
            None => {
                if let Some(metadata) = after["metadata"].as_object_mut() {
                    metadata.remove(field);
                }
            }
        }
    }
}
