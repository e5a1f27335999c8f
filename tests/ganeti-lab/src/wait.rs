//! Waiting for a condition, with a bound.

use std::time::{Duration, Instant};

use crate::Error;

/// Looks at `condition` every `every` until it gives a value.
///
/// # Errors
/// [`Error::Timeout`] with `what` after `limit`.
pub(crate) async fn until<T>(
    what: &str,
    limit: Duration,
    every: Duration,
    mut condition: impl FnMut() -> Option<T>,
) -> Result<T, Error> {
    let start = Instant::now();
    loop {
        if let Some(value) = condition() {
            return Ok(value);
        }
        if start.elapsed() >= limit {
            return Err(Error::Timeout { what: what.to_owned(), after: limit });
        }
        tokio::time::sleep(every).await;
    }
}

/// [`until`] for places that cannot await, such as `Drop`: true when the condition came in time.
pub(crate) fn until_blocking(limit: Duration, every: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !condition() {
        if start.elapsed() >= limit {
            return false;
        }
        std::thread::park_timeout(every);
    }
    true
}
