//! Waiting for what comes, with an end.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// What an operator that looks every second does with jobs that take seconds, on a busy machine.
pub const SOON: Duration = Duration::from_secs(30);
/// What waits for a real guest, for backoffs, or behind a queue of others.
pub const LONG: Duration = Duration::from_secs(90);
/// The pace of looking.
const OFTEN: Duration = Duration::from_millis(100);

/// What a look found.
#[derive(Debug)]
pub enum Look<T> {
    /// It is so.
    Is(T),
    /// Not yet; what is instead, for the message of a wait that was given up.
    NotYet(String),
}

/// Looks until it is so.
///
/// # Errors
/// After `limit`, with what was there at last; and what the look itself failed with.
pub async fn eventually<T>(
    what: &str,
    limit: Duration,
    mut look: impl AsyncFnMut() -> Result<Look<T>>,
) -> Result<T> {
    let start = Instant::now();
    loop {
        match look().await? {
            Look::Is(found) => return Ok(found),
            Look::NotYet(instead) if start.elapsed() >= limit => {
                bail!("not within {} s: {what}; at last: {instead}", limit.as_secs())
            }
            Look::NotYet(_) => tokio::time::sleep(OFTEN).await,
        }
    }
}
