//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Measures the operator against the floor and the ceiling of this machine.
#[derive(Debug, Clone, Parser)]
#[command(name = "bench", version, disable_help_subcommand = true)]
pub struct Options {
    /// What to measure.
    #[command(subcommand)]
    pub bench: Bench,
}

/// What can be measured.
#[derive(Debug, Clone, Subcommand)]
pub enum Bench {
    /// From `kubectl apply` to a job in Ganeti; throughput; ten thousand machines at rest and at a restart.
    Apply(Apply),
    /// Stop and start; how soon a change made in Ganeti is shown; what a cluster that hangs costs another one.
    Actions(Common),
    /// Fifty thousand machines on twenty clusters: at rest, and at a restart.
    Fleet(Common),
    /// A hundred machines on a real Ganeti, beside a bare client. Needs root on Debian.
    Ganeti(Common),
}

/// Settings of every bench.
#[derive(Debug, Clone, clap::Args)]
pub struct Common {
    /// File for the figures as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// How many times all is measured; the median counts.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub runs: u32,
    /// A tenth of everything: to see that it works, not for figures.
    #[arg(long)]
    pub quick: bool,
    /// The operator's debug build instead of the release build: to see that it works, not for figures.
    #[arg(long)]
    pub debug: bool,
    /// Keep the bed up after the last phase until Ctrl-C, to look at it with a profiler.
    #[arg(long)]
    pub hold: bool,
}

/// Settings of `bench apply`.
#[derive(Debug, Clone, clap::Args)]
pub struct Apply {
    /// Settings of every bench.
    #[command(flatten)]
    pub common: Common,
    /// Only a part of it: `create` (floor, ceiling, latency, throughput) or `rest` (at rest, restart).
    #[arg(long, value_enum)]
    pub part: Option<Part>,
}

/// A part of `bench apply`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Floor, ceiling, latency, throughput.
    Create,
    /// At rest, restart.
    Rest,
}

impl Apply {
    /// Whether a part is to be measured.
    #[must_use]
    pub fn wants(&self, part: Part) -> bool {
        self.part.is_none_or(|only| only == part)
    }
}
