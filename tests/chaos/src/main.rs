//! `cargo xtask chaos`: runs points and tells what came of them.
// What it prints is what it is for.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::Parser;
use comfy_table::{Table, presets};
use cyclades_chaos::campaign::{Campaign, Progress};
use cyclades_chaos::{BlowKind, Lane, Line, Point, Report, Scenario, Weather, scenarios, story};
use cyclades_control_plane::progress::Stderr;

const EXAMPLES: &str = "\
A point that fails prints the command that runs it again.

Examples:
  cargo xtask chaos                                   # 2,000 points, spread over all there are
  cargo xtask chaos --points 10000 --seed 7
  cargo xtask chaos --scenario stop-start --weather lag
  cargo xtask chaos --scenario create --seed 42 --kill-before 7   # one point, with all that happened
  cargo xtask chaos --scenario create --seed 42 --kill-before 7 --log debug
  cargo xtask chaos --replay tests/chaos/scenarios/create.scn     # the story of a scenario, to be read
  cargo xtask chaos --on api-server --points 300                  # on real API servers, by the clock on the wall
  cargo xtask chaos --on api-server --scenario create --seed 42 --kill-before 7
  cargo xtask chaos --on ganeti --points 100                      # on real Ganeti clusters, as root
  cargo xtask chaos --list";

/// Kills the operator before and after each of its outside calls, and spoils their answers, on simulated parts or on real ones.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask chaos", after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    line: Line,
    /// How many points to run.
    #[arg(long, env = "CYCLADES_CHAOS_POINTS", default_value_t = 2000)]
    points: usize,
    /// What the points run on.
    #[arg(long, env = "CYCLADES_CHAOS_ON", value_enum, default_value_t = On::Simulated)]
    on: On,
    /// Tells the story of the scenario in this file, and runs no points.
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
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

/// What points run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum On {
    /// Everything is simulated, the clock too.
    Simulated,
    /// Real API servers and etcd; Ganeti is simulated.
    ApiServer,
    /// Real Ganeti clusters with the fake hypervisor, which takes root on Debian; the API server is in memory.
    Ganeti,
}

impl On {
    /// Where points run. The servers live as long as the lanes.
    fn lanes(self, threads: Option<usize>, runtime: &tokio::runtime::Runtime) -> anyhow::Result<Vec<Lane>> {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        match self {
            Self::Simulated => Ok(Lane::simulated(threads.unwrap_or(processors))),
            Self::ApiServer => {
                runtime.block_on(Lane::on_api_servers(threads.unwrap_or(API_SERVERS), &Stderr::new()))
            }
            Self::Ganeti => runtime.block_on(Lane::on_ganeti(threads.unwrap_or(GANETIS), &Stderr::new())),
        }
    }

    /// Which weathers there are: watches of a real API server do not lag on demand, the lists of a real Ganeti are
    /// right, and nobody waits for slow jobs.
    fn weathers(self) -> Vec<Weather> {
        match self {
            Self::Simulated => Weather::ALL.to_vec(),
            Self::ApiServer => vec![Weather::Calm, Weather::Lists],
            Self::Ganeti => vec![Weather::Calm],
        }
    }

    /// What is done to calls.
    fn kinds(self) -> Vec<BlowKind> {
        match self {
            Self::Simulated => BlowKind::ALL.to_vec(),
            // Nobody waits for answers that never come.
            Self::ApiServer => BlowKind::ALL.into_iter().filter(|kind| *kind != BlowKind::Hang).collect(),
            Self::Ganeti => BlowKind::EVERYWHERE.to_vec(),
        }
    }

    /// Whether a scenario can be played there.
    fn suits(self, scenario: &Scenario) -> bool {
        match self {
            Self::Simulated => true,
            Self::ApiServer => scenario.suits_an_api_server(),
            Self::Ganeti => scenario.suits_a_real_ganeti(),
        }
    }

    /// As a flag, with a blank after it; none for what is so without one.
    fn flag(self) -> &'static str {
        match self {
            Self::Simulated => "",
            Self::ApiServer => "--on api-server ",
            Self::Ganeti => "--on ganeti ",
        }
    }
}

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    if let Some(file) = &cli.replay {
        return replay(file);
    }
    let mut all = scenarios().map_err(anyhow::Error::msg)?;
    if cli.list {
        all.iter().for_each(|scenario| println!("{scenario}"));
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(name) = &cli.line.scenario {
        all.retain(|scenario| scenario.name == *name);
        ensure!(!all.is_empty(), "there is no scenario {name}: --list names them");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    match cli.line.point() {
        Some(point) => {
            let lanes = cli.on.lanes(Some(1), &runtime)?;
            one(&lanes[0], &all[0], &point, cli.log.as_deref())
        }
        None => {
            ensure!(cli.line.blow().is_none(), "a single point needs its --scenario");
            all.retain(|scenario| cli.on.suits(scenario));
            ensure!(!all.is_empty(), "none of these scenarios can be played there");
            Ok(many(&cli, all, &cli.on.lanes(cli.threads, &runtime)?))
        }
    }
}

fn replay(file: &Path) -> anyhow::Result<ExitCode> {
    let text = std::fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    let scenario = Scenario::parse(&name, &text).map_err(anyhow::Error::msg)?;
    match story(&scenario) {
        Ok(text) => {
            print!("{text}");
            Ok(ExitCode::SUCCESS)
        }
        Err((failure, text)) => {
            println!("{text}\nFAILED: {failure}");
            Ok(ExitCode::FAILURE)
        }
    }
}

fn one(lane: &Lane, scenario: &Scenario, point: &Point, log: Option<&str>) -> anyhow::Result<ExitCode> {
    if let Some(filter) = log {
        let filter = tracing_subscriber::EnvFilter::try_new(filter).context("--log is no log filter")?;
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stdout).without_time().init();
    }
    let outcome = lane.run(scenario, point);
    outcome.log.iter().for_each(|line| println!("{line}"));
    match outcome.failure {
        Some(_) => Ok(ExitCode::FAILURE),
        None => {
            println!("all is well; {} outside calls in the scenario", outcome.calls);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// API servers at a time, unless said otherwise: a point mostly waits.
const API_SERVERS: usize = 6;
/// Ganeti clusters at a time, unless said otherwise: their jobs need the processor.
const GANETIS: usize = 3;
/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_secs(5);

fn many(cli: &Cli, scenarios: Vec<Scenario>, lanes: &[Lane]) -> ExitCode {
    let campaign = Campaign {
        scenarios,
        weathers: cli.line.weather.map_or(cli.on.weathers(), |weather| vec![weather]),
        points: cli.points,
        seed: cli.line.seed,
        kinds: cli.on.kinds(),
    };
    let (started, told) = (Instant::now(), Mutex::new(Instant::now()));
    let report = campaign.run(lanes, &|progress| tell(cli.on, &progress, started, &told));
    print(&report, started.elapsed());
    if report.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tell(on: On, progress: &Progress<'_>, started: Instant, told: &Mutex<Instant>) {
    match progress {
        Progress::Failed { point, failure, .. } => {
            eprintln!("FAILED: {failure}\n  cargo xtask chaos {}{point}", on.flag());
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
