//! What carries the controllers: watches, queue, driver, writes, events, metrics.

pub(crate) mod conditions;
pub(crate) mod context;
pub(crate) mod driver;
pub(crate) mod events;
pub(crate) mod http;
pub(crate) mod ingest;
pub(crate) mod kube_api;
pub(crate) mod metrics;
pub(crate) mod pass;
pub(crate) mod queue;
mod recorder;
pub(crate) mod split;
pub(crate) mod watch;

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

/// A number to jitter with; not for secrets.
pub(crate) fn jitter() -> u64 {
    RandomState::new().hash_one(0u8)
}

/// An interval ±10 %, so that what was started together does not stay in step.
pub(crate) fn jittered(interval: Duration) -> Duration {
    interval * (900 + u32::try_from(jitter() % 201).unwrap_or(100)) / 1000
}
