//! `cargo xtask test`: every test there is, the quick ones first.

mod libtest;
mod plan;
mod run;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use cyclades_bed::{CargoOutput, Profile, Programs};
use cyclades_control_plane::Progress as _;

use self::plan::Part;
use crate::cli::Test;
use crate::console::Console;
use crate::{lint, setup};

/// What came of everything.
#[derive(Debug, Default)]
struct Sum {
    passed: u64,
    failed: u64,
    /// Tests that a test program was told to leave out.
    left_out: u64,
    /// Names of what failed.
    failures: Vec<String>,
}

impl Sum {
    /// A part that is one thing, such as "formatting is as it should be".
    fn check(&mut self, name: &str, passed: bool) {
        if passed {
            self.passed += 1;
        } else {
            self.failed += 1;
            self.failures.push(name.to_owned());
        }
    }
}

/// Sets up, builds, runs; the last line of standard output is `N passed, N failed`.
pub async fn run(flags: &Test, console: &Console) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let left_out = lab(flags, console).await?;
    let mut sum = Sum::default();
    for check in lint::style() {
        if let Some(passed) = check.run(console).await? {
            sum.check(check.name, passed);
        }
    }
    console.step("compiling all tests", "");
    let parts = plan::parts().await?;
    let programs = Programs::ensure(Profile::Debug, CargoOutput::Shown, console).await?;
    for part in parts.into_iter().filter(|part| part.is_wanted(flags.without_lab)) {
        run::part(&part, &programs, flags.without_lab, &mut sum, console).await?;
    }
    run::part(&Part::documentation(), &programs, false, &mut sum, console).await?;
    tell(&sum, begun.elapsed(), left_out, console);
    Ok(if sum.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Sets up the real Ganeti, or says loudly that its tests do not run; true if they are left out.
async fn lab(flags: &Test, console: &Console) -> anyhow::Result<bool> {
    if flags.without_lab {
        console.note("NOT RUN: everything that needs a real Ganeti, because of --without-lab");
        return Ok(true);
    }
    if let Err(missing) = ganeti_lab::requirements() {
        missing.iter().for_each(|reason| console.note(&format!("  - {reason}")));
        bail!(
            "a real Ganeti cannot run here, so not every test can; `cargo xtask test --without-lab` runs the others"
        );
    }
    setup::lab(console).await.context("the tests need a real Ganeti")?;
    Ok(false)
}

fn tell(sum: &Sum, took: Duration, without_lab: bool, console: &Console) {
    sum.failures.iter().for_each(|name| console.note(&format!("FAILED: {name}")));
    if without_lab {
        console.note(&format!(
            "NOT RUN: what needs a real Ganeti ({} tests and whole test programs)",
            sum.left_out
        ));
    }
    console.note(&format!("took {} min {} s", took.as_secs() / 60, took.as_secs() % 60));
    console.result(&format!("{} passed, {} failed", sum.passed, sum.failed));
}
