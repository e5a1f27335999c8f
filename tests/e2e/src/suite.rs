//! A test binary: many cases, one bed.

use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use cyclades_bed::Options;
use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

use crate::Stage;

/// Cases at a time, where the command line does not say: they wait most of the time.
const THREADS: usize = 8;

/// What a suite needs of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing that a user has not.
    Nothing,
    /// A real Ganeti: root on Debian. `CYCLADES_LAB=off` leaves its cases out, visibly.
    Lab,
}

type Run = Box<dyn for<'a> FnOnce(&'a Stage) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>> + Send>;

/// One test.
pub struct Case {
    name: &'static str,
    limit: Duration,
    run: Run,
}

impl Case {
    /// Longest time that a case may take: far beyond the waits of any.
    const LIMIT: Duration = Duration::from_secs(360);

    /// A case by its function.
    #[must_use]
    pub fn new<F>(name: &'static str, run: F) -> Self
    where
        F: for<'a> AsyncFnOnce(&'a Stage) -> Result<()> + Send + 'static,
    {
        Self { name, limit: Self::LIMIT, run: Box::new(move |stage| Box::pin(run(stage))) }
    }
}

/// Lists cases by their functions: the name of each is its path.
#[macro_export]
macro_rules! cases {
    ($($path:path),+ $(,)?) => {
        vec![$($crate::Case::new(stringify!($path), $path)),+]
    };
}

/// A suite.
pub struct Suite {
    /// What it needs.
    pub need: Need,
    /// Its bed.
    pub options: Options,
    /// Cases at a time; `None` for many.
    pub threads: Option<usize>,
    /// Its cases.
    pub cases: Vec<Case>,
}

/// The bed, started by the first case.
struct Shared {
    runtime: Runtime,
    options: Options,
    stage: OnceCell<Result<Stage, String>>,
}

impl Suite {
    /// Runs what the command line asks for, as every Rust test does.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let mut arguments = Arguments::from_args();
        arguments.test_threads = arguments.test_threads.or(Some(self.threads.unwrap_or(THREADS)));
        let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return give_up(&anyhow!(error)),
        };
        let left_out = self.need == Need::Lab && std::env::var("CYCLADES_LAB").is_ok_and(|it| it == "off");
        let shared = Arc::new(Shared { runtime, options: self.options, stage: OnceCell::new() });
        let trials = self.cases.into_iter().map(|case| {
            let shared = Arc::clone(&shared);
            Trial::test(case.name, move || shared.perform(case)).with_ignored_flag(left_out)
        });
        let conclusion = libtest_mimic::run(&arguments, trials.collect());
        match shared.end() {
            Ok(()) => conclusion.exit_code(),
            Err(error) => give_up(&error),
        }
    }
}

fn give_up(error: &anyhow::Error) -> ExitCode {
    use std::io::Write as _;
    // Nobody is left to be told if this fails.
    let _ = writeln!(std::io::stderr().lock(), "error: {error:#}");
    ExitCode::from(101)
}

impl Shared {
    fn perform(&self, case: Case) -> Result<(), Failed> {
        self.runtime.block_on(async {
            let start =
                async || Stage::start(self.options.clone()).await.map_err(|error| format!("{error:#}"));
            let stage = self.stage.get_or_init(start).await.as_ref().map_err(Failed::from)?;
            let begun = Instant::now();
            let run = tokio::time::timeout(case.limit, (case.run)(stage)).await;
            stage.tell(&format!("{} took {:.1} s", case.name, begun.elapsed().as_secs_f64()));
            let limit = || format!("it does not end within {} s", case.limit.as_secs());
            let failed =
                |error| Failed::from(format!("{error:#}\nthe operator's last words:\n{}", stage.log_tail()));
            run.with_context(limit).flatten().map_err(failed)
        })
    }

    fn end(&self) -> Result<()> {
        match self.stage.get() {
            Some(Ok(stage)) => self.runtime.block_on(stage.end()),
            _ => Ok(()),
        }
    }
}
