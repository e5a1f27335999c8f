//! The same measured so many times as was asked for, and written down.

use anyhow::Context as _;
use cyclades_bed::{CargoOutput, Profile, Programs};
use cyclades_control_plane::Progress;
use serde_json::Value;

use crate::{
    figures::{Kind, Numbers},
    options::Common,
    report::Report,
    sizes::Sizes,
    table,
};

/// A bench: its name, its figures, its settings.
pub(crate) struct Campaign<'a> {
    /// As in `bench NAME`.
    pub(crate) name: &'static str,
    /// What it measures.
    pub(crate) kinds: &'static [Kind],
    /// What was asked for.
    pub(crate) options: &'a Common,
    /// How it was measured, for the report.
    pub(crate) settings: Value,
    /// Where progress is told.
    pub(crate) progress: &'a dyn Progress,
}

impl Campaign<'_> {
    /// Runs it: `measure` gets the programs and the run's number, from 1, for a seed. Gives the table.
    pub(crate) async fn run(
        &self,
        measure: impl AsyncFn(&Programs, u64) -> anyhow::Result<Numbers>,
    ) -> anyhow::Result<String> {
        let profile = if self.options.debug { Profile::Debug } else { Profile::Release };
        self.progress.step("Programs", "what is measured is built first");
        let programs = Programs::ensure(profile, CargoOutput::Shown, self.progress).await?;
        let mut runs = Vec::new();
        for number in 1..=self.options.runs {
            self.progress.step(&format!("Run {number} of {}", self.options.runs), "");
            runs.push(measure(&programs, u64::from(number)).await?);
        }
        let medians = Numbers::medians(&runs);
        if let Some(file) = &self.options.json {
            let (command, settings) = (self.command(), self.settings.clone());
            let report = Report { kinds: self.kinds, runs: &runs, medians: &medians, settings, command };
            report.write(file)?;
            self.progress.step(&format!("Figures are in {}", file.display()), "");
        }
        Ok(table::table(self.kinds, &medians))
    }

    fn command(&self) -> String {
        let mut command = format!("cargo xtask bench {} --json FILE", self.name);
        let mut flags = Vec::new();
        if self.options.runs > 1 {
            flags.push(format!("--runs {}", self.options.runs));
        }
        for (set, flag) in [(self.options.quick, "--quick"), (self.options.debug, "--debug")] {
            flags.extend(set.then(|| flag.to_owned()));
        }
        if !flags.is_empty() {
            command += &format!(" -- {}", flags.join(" "));
        }
        command
    }

    /// Keeps what `description` tells of until Ctrl-C, if that was asked for.
    pub(crate) async fn hold(&self, description: &str) -> anyhow::Result<()> {
        if self.options.hold {
            self.progress.step(description, "held until Ctrl-C");
            tokio::signal::ctrl_c().await.context("cannot wait for Ctrl-C")?;
        }
        Ok(())
    }

    /// How much is measured.
    pub(crate) fn sizes(&self) -> Sizes {
        Sizes::of(self.options)
    }
}
