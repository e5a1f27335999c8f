//! Many points, on all cores.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::{Blow, BlowKind, Outcome, Point, Report, Scenario, Weather, run};

/// Which points to run.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// The scenarios.
    pub scenarios: Vec<Scenario>,
    /// The weathers.
    pub weathers: Vec<Weather>,
    /// How many points, undisturbed runs included.
    pub points: usize,
    /// The first seed; more are taken where one has too few points.
    pub seed: u64,
    /// How many points run at a time.
    pub threads: usize,
}

/// What is done at a call: kills for all, then the rest.
const KILLS: [BlowKind; 2] = [BlowKind::KillBefore, BlowKind::KillAfter];

impl Campaign {
    /// Runs them all. `progress` is told of the number that are done and of all, now and then; a point that fails is told
    /// at once.
    pub fn run(&self, progress: &(dyn Fn(Progress<'_>) + Sync)) -> Report {
        let mut report = Report::default();
        let mut seed = self.seed;
        while report.points() < self.points {
            let calm = self.undisturbed(seed);
            let outcomes = self.all(&calm, report.points(), progress);
            let mut calls = BTreeMap::new();
            for (point, outcome) in calm.iter().zip(&outcomes) {
                report.add(point, outcome);
                calls.insert((point.scenario.clone(), point.weather), outcome.0.calls);
            }
            let rest = self.points.saturating_sub(report.points());
            let disturbed = spread(self.disturbed(seed, &calls), rest);
            let outcomes = self.all(&disturbed, report.points(), progress);
            for (point, outcome) in disturbed.iter().zip(&outcomes) {
                report.add(point, outcome);
            }
            seed += 1;
        }
        report
    }

    /// One run of each scenario in each weather, which also tells where blows may fall.
    fn undisturbed(&self, seed: u64) -> Vec<Point> {
        let points = self.scenarios.iter().flat_map(|scenario| {
            self.weathers.iter().map(|weather| Point {
                scenario: scenario.name.clone(),
                seed,
                weather: *weather,
                blow: None,
            })
        });
        points.collect()
    }

    /// Every blow at every call. In a storm, the blows follow from the seed: there, one seed for each call.
    fn disturbed(&self, seed: u64, calls: &BTreeMap<(String, Weather), u32>) -> Vec<Point> {
        let mut points = Vec::new();
        let others = BlowKind::ALL.into_iter().filter(|kind| !kind.kills());
        for kind in KILLS.into_iter().chain(others) {
            for ((scenario, weather), calls) in calls {
                for at in 1..=*calls {
                    let storm = *weather == Weather::Storm;
                    let seed = if storm {
                        seed.wrapping_mul(1_000_000) + u64::from(at) * 10 + kind as u64
                    } else {
                        seed
                    };
                    let blow = (!storm).then_some(Blow { kind, at });
                    points.push(Point { scenario: scenario.clone(), seed, weather: *weather, blow });
                }
            }
        }
        points
    }

    fn all(
        &self,
        points: &[Point],
        before: usize,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Vec<(Outcome, Duration)> {
        let next = AtomicUsize::new(0);
        let done = AtomicUsize::new(0);
        let results: Mutex<Vec<Option<(Outcome, Duration)>>> = Mutex::new(vec![None; points.len()]);
        std::thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                scope.spawn(|| {
                    while let Some(point) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let index = points.iter().position(|other| std::ptr::eq(other, point)).unwrap_or(0);
                        let started = Instant::now();
                        let mut outcome = self.one(point);
                        if let Some(failure) = &outcome.failure {
                            progress(Progress::Failed {
                                point,
                                failure: &failure.to_string(),
                                log: &outcome.log,
                            });
                        } else {
                            // Ten thousand logs are not kept for nothing.
                            outcome.log.clear();
                        }
                        let count = before + done.fetch_add(1, Ordering::Relaxed) + 1;
                        progress(Progress::Done { count, of: self.points });
                        let mut results = results.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                        results[index] = Some((outcome, started.elapsed()));
                    }
                });
            }
        });
        results
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .into_iter()
            .flatten()
            .collect()
    }

    fn one(&self, point: &Point) -> Outcome {
        match self.scenarios.iter().find(|scenario| scenario.name == point.scenario) {
            Some(scenario) => run(scenario, point),
            None => {
                let failure = crate::Failure::Stage(format!("there is no scenario {}", point.scenario));
                Outcome { failure: Some(failure), calls: 0, log: Vec::new() }
            }
        }
    }
}

/// How a campaign goes.
#[derive(Debug)]
pub enum Progress<'a> {
    /// So many points are done.
    Done {
        /// Points that are done.
        count: usize,
        /// All points.
        of: usize,
    },
    /// A point has failed.
    Failed {
        /// Which.
        point: &'a Point,
        /// Why.
        failure: &'a str,
        /// All that happened.
        log: &'a [String],
    },
}

/// As many of the points as are wanted, evenly spread.
fn spread(points: Vec<Point>, wanted: usize) -> Vec<Point> {
    let all = points.len();
    if wanted >= all {
        return points;
    }
    let kept = points
        .into_iter()
        .enumerate()
        .filter(|(index, _)| index * wanted / all != (index + 1) * wanted / all);
    kept.map(|(_, point)| point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_spread_over_all() {
        let point = |seed| Point { scenario: "a".into(), seed, weather: Weather::Calm, blow: None };
        let sample = spread((0..100).map(point).collect(), 10);
        let seeds: Vec<_> = sample.iter().map(|point| point.seed).collect();
        assert_eq!(seeds, [9, 19, 29, 39, 49, 59, 69, 79, 89, 99]);
        assert_eq!(spread((0..3).map(point).collect(), 10).len(), 3);
    }
}
