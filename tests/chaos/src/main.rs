//! `cargo xtask chaos`: runs points and tells what came of them.
// What it prints is what it is for.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::Parser;
use comfy_table::{Table, presets};
use cyclades_chaos::campaign::{Campaign, Progress};
use cyclades_chaos::{Line, Point, Report, Scenario, Weather, run, scenarios};

const EXAMPLES: &str = "\
A point that fails prints the command that runs it again.

Examples:
  cargo xtask chaos                                   # 2,000 points, spread over all there are
  cargo xtask chaos --points 10000 --seed 7
  cargo xtask chaos --scenario stop-start --weather lag
  cargo xtask chaos --scenario create --seed 42 --kill-before 7   # one point, with all that happened
  cargo xtask chaos --scenario create --seed 42 --kill-before 7 --log debug
  cargo xtask chaos --list";

/// Kills the operator before and after each of its outside calls, and spoils their answers, on simulated parts and time.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask chaos", after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    line: Line,
    /// How many points to run.
    #[arg(long, env = "CYCLADES_CHAOS_POINTS", default_value_t = 2000)]
    points: usize,
    /// How many run at a time. [default: one on each processor]
    #[arg(long, env = "CYCLADES_CHAOS_THREADS", value_name = "N")]
    threads: Option<usize>,
    /// Of a single point: what the operator logs, as for its own flag --log.
    #[arg(long, env = "CYCLADES_CHAOS_LOG", value_name = "FILTER")]
    log: Option<String>,
    /// Names the scenarios, and runs nothing.
    #[arg(long)]
    list: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    let mut all = scenarios().map_err(anyhow::Error::msg)?;
    if cli.list {
        all.iter().for_each(|scenario| println!("{scenario}"));
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(name) = &cli.line.scenario {
        all.retain(|scenario| scenario.name == *name);
        ensure!(!all.is_empty(), "there is no scenario {name}: --list names them");
    }
    match cli.line.point() {
        Some(point) => one(&all[0], &point, cli.log.as_deref()),
        None => {
            ensure!(cli.line.blow().is_none(), "a single point needs its --scenario");
            Ok(many(&cli, all))
        }
    }
}

fn one(scenario: &Scenario, point: &Point, log: Option<&str>) -> anyhow::Result<ExitCode> {
    if let Some(filter) = log {
        let filter = tracing_subscriber::EnvFilter::try_new(filter).context("--log is no log filter")?;
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stdout).without_time().init();
    }
    let outcome = run(scenario, point);
    outcome.log.iter().for_each(|line| println!("{line}"));
    match outcome.failure {
        Some(_) => Ok(ExitCode::FAILURE),
        None => {
            println!("all is well; {} outside calls in the scenario", outcome.calls);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_secs(5);

fn many(cli: &Cli, scenarios: Vec<Scenario>) -> ExitCode {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let campaign = Campaign {
        scenarios,
        weathers: cli.line.weather.map_or(Weather::ALL.to_vec(), |weather| vec![weather]),
        points: cli.points,
        seed: cli.line.seed,
        threads: cli.threads.unwrap_or(threads),
    };
    let (started, told) = (Instant::now(), Mutex::new(Instant::now()));
    let report = campaign.run(&|progress| tell(&progress, started, &told));
    print(&report, started.elapsed());
    if report.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tell(progress: &Progress<'_>, started: Instant, told: &Mutex<Instant>) {
    match progress {
        Progress::Failed { point, failure, .. } => {
            eprintln!("FAILED: {failure}\n  cargo xtask chaos {point}");
        }
        Progress::Done { count, of } => {
            let mut told = told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if told.elapsed() >= TELL_EVERY || count == of {
                *told = Instant::now();
                eprintln!("{count} of {of} points after {} s", started.elapsed().as_secs());
            }
        }
    }
}

fn print(report: &Report, time: Duration) {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(["scenario", "calls", "points", "time", "failures"]);
    for (name, row) in &report.rows {
        let time = format!("{:.1} s", row.time.as_secs_f64());
        let cells =
            [name.clone(), row.calls.to_string(), row.points.to_string(), time, row.failures.to_string()];
        table.add_row(cells);
    }
    println!("{table}");
    let (least, most) = report.seeds.unwrap_or_default();
    println!(
        "{} points in {:.1} s, seeds {least} to {most}, {} failures",
        report.points(),
        time.as_secs_f64(),
        report.failed.len()
    );
}
