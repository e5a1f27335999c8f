//! What a claim costs does not depend on how full the network is.

use std::time::{Duration, Instant};

use cyclades_domain::ipam::Pool;
use uuid::Uuid;

use crate::support::{ask, pool, write};

/// The most that a claim may take. A build without optimisation takes about ten times as long, and one that searched all
/// blocks from the beginning some milliseconds.
const MOST: Duration = Duration::from_micros(if cfg!(debug_assertions) { 500 } else { 50 });

/// Time of a claim in the middle of the field, each in a round of its own: the block's copy is counted in.
fn claim_takes(pool: &Pool) -> Duration {
    let mut times: Vec<Duration> = (0..101)
        .map(|round| {
            let mut pool = pool.clone();
            let ask = ask(1 << 100 | round);
            let start = Instant::now();
            let grant = pool.claim(&ask);
            let took = start.elapsed();
            assert!(grant.is_ok());
            took
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}

#[test]
fn a_claim_in_a_16_with_60_000_taken_is_as_quick_as_in_an_empty_one() {
    let mut pool = pool("10.0.0.0/16");
    (0..60_000).for_each(|owner| assert!(pool.claim(&ask(owner)).is_ok()));
    write(&mut pool);
    // Each gap costs the same, the lowest as the last.
    pool.release(Uuid::from_u128(30_000), "eth0");
    write(&mut pool);
    assert_eq!(pool.usage().claimed, 59_999);
    let took = claim_takes(&pool);
    assert!(took <= MOST, "{took:?}");
}
