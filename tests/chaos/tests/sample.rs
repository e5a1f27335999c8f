//! A sample of all points, and each point that failed once.

#![allow(clippy::unwrap_used, clippy::print_stderr)] // a test tells which points failed

use cyclades_chaos::campaign::{Campaign, Progress};
use cyclades_chaos::{BlowKind, Lane, Point, Scenario, Weather, past_failures, run, scenarios};

/// At least so many points in each run of the tests.
const SAMPLE: usize = 500;

fn scenario(name: &str) -> Scenario {
    scenarios().unwrap().into_iter().find(|scenario| scenario.name == name).unwrap()
}

#[test]
fn a_sample_of_all_points_holds() {
    let campaign = Campaign {
        scenarios: scenarios().unwrap(),
        weathers: Weather::ALL.to_vec(),
        points: SAMPLE,
        seed: 1,
        kinds: BlowKind::ALL.to_vec(),
    };
    let lanes = Lane::simulated(std::thread::available_parallelism().map_or(1, std::num::NonZero::get));
    let report = campaign.run(&lanes, &|progress| {
        if let Progress::Failed { point, failure, log } = progress {
            eprintln!("{}\n{failure}\n  cargo xtask chaos {point}\n", log.join("\n"));
        }
    });
    assert!(report.points() >= SAMPLE, "only {} points", report.points());
    assert!(report.failed.is_empty(), "{} of {} points failed", report.failed.len(), report.points());
}

#[test]
fn what_failed_once_holds() {
    for point in past_failures().unwrap() {
        let outcome = run(&scenario(&point.scenario), &point);
        assert!(outcome.failure.is_none(), "cargo xtask chaos {point}\n{}", outcome.log.join("\n"));
    }
}

#[test]
fn a_point_runs_the_same_each_time() {
    for flags in [
        "--scenario backend-down --seed 3 --weather gone --kill-before 40",
        "--scenario two-lives --seed 5 --weather storm --undisturbed",
        "--scenario stop-start --seed 9 --kill-after 20",
    ] {
        let point = Point::parse(flags).unwrap();
        let scenario = scenario(&point.scenario);
        let first = run(&scenario, &point).log;
        assert!(first.len() > 20, "{}", first.join("\n"));
        for _ in 0..5 {
            let again = run(&scenario, &point).log;
            let differs = first.iter().zip(&again).find(|(first, again)| first != again);
            assert_eq!(differs, None, "cargo xtask chaos {flags}");
            assert_eq!(first.len(), again.len(), "cargo xtask chaos {flags}");
        }
    }
}
