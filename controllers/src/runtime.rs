//! What carries the controllers: watches, queue, driver, writes, events, metrics.

pub(crate) mod clock;
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
pub(crate) mod told;
pub(crate) mod watch;

use std::{
    cell::Cell,
    hash::{BuildHasher, RandomState},
    time::Duration,
};

thread_local! {
    /// State of the generator of this thread, which is the operator's only one.
    static JITTER: Cell<u64> = Cell::new(RandomState::new().hash_one(0u8));
}

/// Makes all jitter of this thread follow from a number, so that a run can be repeated.
pub(crate) fn seed_jitter(seed: u64) {
    JITTER.set(seed);
}

/// A number to jitter with; not for secrets. The generator is SplitMix64.
pub(crate) fn jitter() -> u64 {
    let state = JITTER.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
    JITTER.set(state);
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// An interval ±10 %, so that what was started together does not stay in step.
pub(crate) fn jittered(interval: Duration) -> Duration {
    interval * (900 + u32::try_from(jitter() % 201).unwrap_or(100)) / 1000
}
