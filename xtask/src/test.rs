//! `cargo xtask test`: every test there is, the quick ones first.

mod libtest;
mod plan;
mod run;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use cyclades_bed::{CargoOutput, Profile, Programs};
use cyclades_control_plane::Progress as _;

use self::plan::Part;
use crate::cli::Test;
use crate::console::Console;
use crate::signals::{INTERRUPTED, Wish};
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

/// How it stands with the tests on a real Ganeti.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lab {
    /// They run.
    Runs,
    /// They were asked to be left out.
    LeftOut,
    /// They cannot run, which is a failure.
    Missing,
}

/// Everything, unless it is interrupted; then what runs at that moment is ended.
pub async fn run(flags: &Test, console: &Console) -> anyhow::Result<ExitCode> {
    let mut wish = Wish::listen()?;
    wish.unless(all(flags, console)).await.unwrap_or(Ok(ExitCode::from(INTERRUPTED)))
}

/// Sets up, builds, runs; the last line of standard output is `N passed, N failed`.
async fn all(flags: &Test, console: &Console) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let lab = lab(flags, console).await?;
    let without_lab = lab != Lab::Runs;
    let mut sum = Sum::default();
    for check in lint::style() {
        if let Some(passed) = check.run(console).await? {
            sum.check(check.name, passed);
        }
    }
    console.step("compiling all tests", "");
    let parts = plan::parts().await?;
    let programs = Programs::ensure(Profile::Debug, CargoOutput::Shown, console).await?;
    for part in parts.into_iter().filter(|part| part.is_wanted(without_lab)) {
        run::part(&part, &programs, without_lab, &mut sum, console).await?;
    }
    run::part(&Part::documentation(), &programs, false, &mut sum, console).await?;
    tell(&sum, begun.elapsed(), lab, console);
    Ok(if sum.failed == 0 && lab != Lab::Missing { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Sets up the real Ganeti, or says loudly that its tests do not run.
async fn lab(flags: &Test, console: &Console) -> anyhow::Result<Lab> {
    if flags.without_lab {
        console.note("NOT RUN, because of --without-lab: everything that needs a real Ganeti");
        return Ok(Lab::LeftOut);
    }
    let Err(missing) = ganeti_lab::requirements() else {
        setup::lab(console).await.context("the tests need a real Ganeti")?;
        return Ok(Lab::Runs);
    };
    // Whoever set up a machine for this wants to know at once, not after all the others have run.
    let on_purpose = nix::unistd::geteuid().is_root() || std::env::var_os("CI").is_some();
    ensure!(
        !on_purpose,
        "the tests need a real Ganeti: {} `--without-lab` runs the others",
        missing.join(" ")
    );
    console.note("NOT RUN, because it cannot here: everything that needs a real Ganeti. So this will fail;");
    console.note("`cargo xtask test --without-lab` takes that as it is.");
    missing.iter().for_each(|reason| console.note(&format!("  - {reason}")));
    Ok(Lab::Missing)
}

fn tell(sum: &Sum, took: Duration, lab: Lab, console: &Console) {
    sum.failures.iter().for_each(|name| console.note(&format!("FAILED: {name}")));
    if lab != Lab::Runs {
        let verdict = if lab == Lab::Missing { "FAILED" } else { "NOT RUN" };
        let count = sum.left_out;
        console.note(&format!(
            "{verdict}: what needs a real Ganeti was left out, {count} tests and whole test programs"
        ));
    }
    console.note(&format!("took {} min {} s", took.as_secs() / 60, took.as_secs() % 60));
    console.result(&format!("{} passed, {} failed", sum.passed, sum.failed));
}
