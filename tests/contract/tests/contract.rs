//! The suite against the simulator and the real Ganeti: both have to do what was recorded, hence the same.

#![allow(clippy::expect_used, clippy::print_stderr)] // functions of tests, which tell what they do

mod beds;

use std::fmt::Write;
use std::path::PathBuf;

use beds::lab::LabBed;
use beds::sim::SimBed;
use rapi_contract::{Bed, Outcome, Record, run};

/// Set to `off` where there is no lab on purpose.
const LAB_SWITCH: &str = "CYCLADES_LAB";
/// Set to anything to write what the lab is seen to do.
const RECORD_SWITCH: &str = "RECORD";

/// The version whose behaviour is recorded, and which the simulator plays.
const VERSION: &str = "3.0";

fn recorded() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("recorded/ganeti-{VERSION}.txt"))
}

/// One line for each case, the errors in full, then what differs from the record.
fn judge(bed: &str, outcomes: &[Outcome], record: &Record) -> Result<String, String> {
    let mut text = String::new();
    let mut failed = 0;
    for Outcome { case, notes, took } in outcomes {
        let ended = match notes {
            Ok(notes) => format!("ok, {} facts", notes.facts().len()),
            Err(error) => {
                failed += 1;
                format!("FAILED: {error:#}")
            }
        };
        writeln!(text, "{bed}: {case:45} {:>6.1} s  {ended}", took.as_secs_f32())
            .expect("a string takes all");
    }
    let differences = record.differences(outcomes);
    for difference in &differences {
        writeln!(text, "{bed} is not as recorded: {difference}").expect("a string takes all");
    }
    if failed == 0 && differences.is_empty() { Ok(text) } else { Err(text) }
}

async fn hold(bed: Box<dyn Bed>, record: &Record) {
    let name = bed.name();
    let outcomes = run(bed).await.expect("a usable bed");
    match judge(name, &outcomes, record) {
        Ok(report) => eprintln!("{report}"),
        Err(report) => panic!("the contract is not kept\n{report}"),
    }
}

fn record() -> Record {
    let path = recorded();
    Record::parse(
        &std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_simulator_does_as_recorded() {
    hold(Box::new(SimBed::up().expect("a simulator")), &record()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_real_ganeti_does_as_recorded() {
    if std::env::var(LAB_SWITCH).is_ok_and(|value| value == "off") {
        eprintln!("\n*** {LAB_SWITCH}=off: the contract was NOT checked against the real Ganeti ***\n");
        return;
    }
    assert!(
        nix::unistd::geteuid().is_root(),
        "a real Ganeti needs root: run this as root, or set {LAB_SWITCH}=off to leave the real Ganeti out"
    );
    let bed = Box::new(LabBed::up().await.expect("a lab"));
    if std::env::var_os(RECORD_SWITCH).is_none() {
        return hold(bed, &record()).await;
    }
    let outcomes = run(bed).await.expect("a usable bed");
    let seen = Record::of(&outcomes);
    let report =
        judge("lab", &outcomes, &seen).unwrap_or_else(|report| panic!("nothing was recorded\n{report}"));
    let head = format!(
        "# What Ganeti {VERSION} does, as seen by the contract suite: {RECORD_SWITCH}=1 writes this anew.\n\n"
    );
    std::fs::write(recorded(), format!("{head}{seen}")).expect("written");
    eprintln!("{report}");
}
