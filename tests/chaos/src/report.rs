//! What came of many points.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::{Outcome, Point};

/// What came of the points of one scenario.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// Points.
    pub points: usize,
    /// Time that they took, one after the other.
    pub time: Duration,
    /// Points that failed.
    pub failures: usize,
    /// Outside calls of an undisturbed run.
    pub calls: u32,
}

/// What came of many points.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// By scenario.
    pub rows: BTreeMap<String, Row>,
    /// Points that failed, with the reasons.
    pub failed: Vec<(Point, String)>,
    /// Smallest and largest seed.
    pub seeds: Option<(u64, u64)>,
}

impl Report {
    pub(crate) fn add(&mut self, point: &Point, (outcome, time): &(Outcome, Duration)) {
        let row = self.rows.entry(point.scenario.clone()).or_default();
        row.points += 1;
        row.time += *time;
        if point.blow.is_none() && row.calls == 0 {
            row.calls = outcome.calls;
        }
        if let Some(failure) = &outcome.failure {
            row.failures += 1;
            self.failed.push((point.clone(), failure.to_string()));
        }
        let (least, most) = self.seeds.unwrap_or((point.seed, point.seed));
        self.seeds = Some((least.min(point.seed), most.max(point.seed)));
    }

    /// How many points there were.
    #[must_use]
    pub fn points(&self) -> usize {
        self.rows.values().map(|row| row.points).sum()
    }
}
