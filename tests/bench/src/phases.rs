//! What is measured, one after the other.

pub(crate) mod ceiling;
pub(crate) mod drift;
pub(crate) mod floor;
pub(crate) mod latency;
pub(crate) mod neighbour;
pub(crate) mod power;
pub(crate) mod rest;
pub(crate) mod restart;
pub(crate) mod throughput;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::future::try_join_all;

use crate::sizes::CLIENTS;

/// Longest time for all machines of a phase to become Ready: ten times what a slow machine takes.
pub(crate) fn patience(machines: usize) -> Duration {
    Duration::from_secs(60) + Duration::from_millis(100) * u32::try_from(machines).unwrap_or(u32::MAX)
}

/// Has `CLIENTS` clients do the numbers below `count`, each the next one as soon as it is free.
async fn in_parallel<F>(
    count: usize,
    work: impl Fn(usize) -> F + Clone + Send + 'static,
) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let next = Arc::new(AtomicUsize::new(0));
    let clients = (0..CLIENTS).map(|_| {
        let (next, work) = (Arc::clone(&next), work.clone());
        tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Ok(());
                }
                work(number).await?;
            }
        })
    });
    try_join_all(clients).await?.into_iter().collect()
}
