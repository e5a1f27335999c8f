//! Many points, on all cores.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::{Blow, BlowKind, Lane, Outcome, Point, Report, Scenario, Weather};

/// Stack of a lane's thread, bytes: the operator's own has as much, and its futures are large where nothing is optimised.
const STACK: usize = 8 << 20;

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
    /// What is done at a call.
    pub kinds: Vec<BlowKind>,
}

/// For each scenario in each weather: how many calls there are, and which of them are for lists.
type Places = BTreeMap<(String, Weather), (u32, Vec<u32>)>;

impl Campaign {
    /// Runs them all. `progress` is told of the number that are done and of all, now and then; a point that fails is told
    /// at once. One point runs on each lane at a time.
    pub fn run(&self, lanes: &[Lane], progress: &(dyn Fn(Progress<'_>) + Sync)) -> Report {
        let mut report = Report::default();
        let mut seed = self.seed;
        while report.points() < self.points {
            let calm = spread(self.undisturbed(seed), self.points);
            let outcomes = self.all(&calm, lanes, report.points(), progress);
            let mut calls = BTreeMap::new();
            for (point, outcome) in calm.iter().zip(&outcomes) {
                report.add(point, outcome);
                let place = (point.scenario.clone(), point.weather);
                calls.insert(place, (outcome.0.calls, outcome.0.lists.clone()));
            }
            let rest = self.points.saturating_sub(report.points());
            let disturbed = spread(self.disturbed(seed, &calls), rest);
            let outcomes = self.all(&disturbed, lanes, report.points(), progress);
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
    fn disturbed(&self, seed: u64, calls: &Places) -> Vec<Point> {
        let mut points = Vec::new();
        let (kills, others): (Vec<_>, Vec<_>) = self.kinds.iter().copied().partition(|kind| kind.kills());
        for kind in kills.into_iter().chain(others) {
            for ((scenario, weather), (calls, lists)) in calls {
                for at in 1..=*calls {
                    if kind.is_of_lists() && !lists.contains(&at) {
                        continue;
                    }
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
        lanes: &[Lane],
        before: usize,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Vec<(Outcome, Duration)> {
        let next = AtomicUsize::new(0);
        let done = AtomicUsize::new(0);
        let results: Mutex<Vec<Option<(Outcome, Duration)>>> = Mutex::new(vec![None; points.len()]);
        std::thread::scope(|scope| {
            for lane in lanes {
                let played = || {
                    while let Some(point) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let index = points.iter().position(|other| std::ptr::eq(other, point)).unwrap_or(0);
                        let started = Instant::now();
                        let mut outcome = self.one(lane, point);
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
                };
                let thread = std::thread::Builder::new().stack_size(STACK);
                let thread = thread.spawn_scoped(scope, played);
                assert!(thread.is_ok(), "no thread can be had: {thread:?}");
            }
        });
        results
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .into_iter()
            .flatten()
            .collect()
    }

    fn one(&self, lane: &Lane, point: &Point) -> Outcome {
        match self.scenarios.iter().find(|scenario| scenario.name == point.scenario) {
            Some(scenario) => lane.run(scenario, point),
            None => {
                let failure = crate::Failure::Stage(format!("there is no scenario {}", point.scenario));
                Outcome { failure: Some(failure), calls: 0, lists: Vec::new(), log: Vec::new() }
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
