//! The suite against the simulator and the real Ganeti.

#![allow(clippy::expect_used, clippy::print_stderr)] // functions of tests, which tell what they do

mod beds;

use std::fmt::Write;

use beds::lab::LabBed;
use rapi_contract::{Outcome, run};

/// One line for each case; the errors in full.
fn report(bed: &str, outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    for Outcome { case, notes, took } in outcomes {
        let ended = match notes {
            Ok(notes) => format!("ok, {} facts", notes.facts().len()),
            Err(error) => format!("FAILED: {error:#}"),
        };
        writeln!(text, "{bed}: {case:45} {:>6.1} s  {ended}", took.as_secs_f32())
            .expect("a string takes all");
    }
    text
}

fn failures(outcomes: &[Outcome]) -> Vec<&'static str> {
    outcomes.iter().filter(|outcome| outcome.notes.is_err()).map(|outcome| outcome.case).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lab() {
    let bed = LabBed::up().await.expect("lab");
    let lab = run(Box::new(bed)).await.expect("usable");
    eprintln!("{}", report("lab", &lab));
    for outcome in &lab {
        if let Ok(notes) = &outcome.notes {
            eprintln!("{}\n{notes}", outcome.case);
        }
    }
    assert_eq!(failures(&lab), [] as [&str; 0]);
}
