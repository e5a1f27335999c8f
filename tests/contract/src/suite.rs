//! Runs all cases against one bed.

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use futures::StreamExt;

use crate::{Bed, Case, Notes, World, cases};

/// How many cases run side by side: RAPI serves about 20 connections at once, and two cores do not
/// make more jobs a second for more at once.
const SIDE_BY_SIDE: usize = 4;
/// No case may hang the suite.
const CASE_WITHIN: Duration = Duration::from_secs(180);

/// How one case ended.
#[derive(Debug)]
pub struct Outcome {
    /// The case.
    pub case: &'static str,
    /// What it saw, or which expectation was not met.
    pub notes: Result<Notes>,
    /// How long it took.
    pub took: Duration,
}

/// Runs all cases: first those that may run side by side, then one by one those that touch the whole
/// cluster. The outcomes are in the order of [`cases`].
///
/// # Errors
/// When the bed cannot be used at all.
pub async fn run(bed: Box<dyn Bed>) -> Result<Vec<Outcome>> {
    let world = &World::open(bed)?;
    let (alone, together): (Vec<_>, Vec<_>) = cases().into_iter().partition(|case| case.alone);
    let mut outcomes: Vec<_> = futures::stream::iter(together)
        .map(|case| run_one(world, case))
        .buffered(SIDE_BY_SIDE)
        .collect()
        .await;
    for case in alone {
        outcomes.push(run_one(world, case).await);
    }
    Ok(outcomes)
}

async fn run_one(world: &World, case: Case) -> Outcome {
    let start = Instant::now();
    let notes = match tokio::time::timeout(CASE_WITHIN, (case.run)(world)).await {
        Ok(notes) => notes,
        Err(_) => Err(anyhow!("not done after {CASE_WITHIN:?}")),
    };
    Outcome { case: case.name, notes, took: start.elapsed() }
}
