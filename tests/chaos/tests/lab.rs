//! Some points on a real Ganeti.

#![allow(clippy::unwrap_used, clippy::print_stderr)] // a test tells which points failed

use cyclades_chaos::campaign::{Campaign, Progress};
use cyclades_chaos::{BlowKind, Lane, Weather, scenarios};
use cyclades_control_plane::progress::Stderr;

/// So many points: `cargo xtask chaos --on ganeti` runs as many as are wanted.
const POINTS: usize = 10;
/// Clusters: their jobs need the processor, and there are two.
const LANES: usize = 2;
/// What is played: a creation in all its ways, and a job of each other kind that can be lost.
const SCENARIOS: [&str; 2] = ["create-delete", "stop-start"];

#[test]
fn some_points_hold_on_a_real_ganeti() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let lanes = runtime.block_on(Lane::on_ganeti(LANES, &Stderr::new())).unwrap();
    let wanted = |name: &str| SCENARIOS.contains(&name);
    let campaign = Campaign {
        scenarios: scenarios().unwrap().into_iter().filter(|scenario| wanted(&scenario.name)).collect(),
        weathers: vec![Weather::Calm],
        kinds: vec![BlowKind::KillBefore, BlowKind::KillAfter, BlowKind::Lose, BlowKind::Truncate],
        points: POINTS,
        seed: 1,
    };
    let report = campaign.run(&lanes, &|progress| {
        if let Progress::Failed { point, failure, log } = progress {
            eprintln!("{}\n{failure}\n  cargo xtask chaos --on ganeti {point}\n", log.join("\n"));
        }
    });
    assert!(report.points() >= POINTS, "only {} points", report.points());
    assert!(report.failed.is_empty(), "{} of {} points failed", report.failed.len(), report.points());
}
