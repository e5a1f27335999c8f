//! One point, from an empty stage to the last look.

use std::cell::{Cell, RefCell};
use std::sync::Once;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::act::Actor;
use crate::check::Checker;
use crate::stage::Stage;
use crate::{Failure, Point, Scenario};

/// How long everything must have been still to be at rest: longer than the longest interval between polls.
const REST: Duration = Duration::from_secs(35);
/// The same after a call that was never answered: the operator gives a pass up after 90 s.
const REST_AFTER_HANG: Duration = Duration::from_secs(100);
/// How long a stage may take to come to rest.
const REST_WITHIN: Duration = Duration::from_secs(900);
/// How long the second life of the operator is watched, in which it must change nothing.
const SECOND_LOOK: Duration = Duration::from_secs(20);
/// How long the operator is away after it was killed, in ms: by turns so that what it left under way is still so, or over.
const AWAY_MS: [u64; 4] = [10, 400, 1500, 4000];

/// What came of a point.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
    /// The operator's outside calls up to the end of the scenario: where blows may fall.
    pub calls: u32,
    /// All that happened.
    pub log: Vec<String>,
}

/// Runs a point. The same point always has the same outcome.
#[must_use]
pub fn run(scenario: &Scenario, point: &Point) -> Outcome {
    catch_panics();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    match runtime {
        Ok(runtime) => {
            PLAYING.set(true);
            let outcome = runtime.block_on(play(scenario, point));
            drop(runtime);
            PLAYING.set(false);
            outcome
        }
        Err(error) => Outcome { failure: Some(Failure::Stage(error.to_string())), calls: 0, log: Vec::new() },
    }
}

async fn play(scenario: &Scenario, point: &Point) -> Outcome {
    let stage = match Stage::new(point) {
        Ok(stage) => stage,
        Err(failure) => return Outcome { failure: Some(failure), calls: 0, log: Vec::new() },
    };
    let mut play = Play { stage: &stage, checker: Checker::default(), lives: 0, calls: 0, seed: point.seed };
    let failure = play.all(scenario).await.err();
    let panicked = PANICS.take().map(Failure::Panic);
    let failure = panicked.or(failure);
    if let Some(failure) = &failure {
        stage.calls.note(&format!("FAILED: {failure}"));
    }
    let calls = if play.calls > 0 { play.calls } else { stage.calls.tally().calls };
    Outcome { failure, calls, log: stage.calls.log() }
}

struct Play<'a> {
    stage: &'a Stage,
    checker: Checker,
    lives: u64,
    calls: u32,
    seed: u64,
}

impl Play<'_> {
    async fn all(&mut self, scenario: &Scenario) -> Result<(), Failure> {
        let stage = self.stage;
        let steps = async move {
            let mut actor = Actor::new(stage);
            for (text, step) in &scenario.steps {
                actor.step(text, step).await?;
            }
            Ok(())
        };
        let rest = async move {
            steps.await?;
            // What a blow hits is the scenario; what comes after is only looked at.
            let calls = stage.calls.tally().calls;
            stage.calls.calm();
            stage.calls.note("--- until all is at rest");
            come_to_rest(stage).await?;
            Ok(calls)
        };
        self.calls = self.with_operator(rest).await?;
        self.checker.check_end(stage)?;
        stage.calls.note("--- the operator is started once more and must change nothing");
        // Who begins takes each backend under a new epoch, and writes nothing else.
        let taken = u32::try_from(stage.kube.list("ganetibackends").len()).unwrap_or(u32::MAX);
        let before = (stage.calls.tally().writes + taken, stage.sim.last_job());
        self.with_operator(async {
            sleep(SECOND_LOOK).await;
            Ok(())
        })
        .await?;
        let after = (stage.calls.tally().writes, stage.sim.last_job());
        if before != after {
            let (writes, jobs) = (i64::from(after.0) - i64::from(before.0), after.1 - before.1);
            return Err(Failure::Broken(format!(
                "a second pass over an unchanged world made {writes} writes too many and {jobs} jobs"
            )));
        }
        self.checker.check_end(stage)
    }

    /// Follows from the call at which the operator was killed, so that all calls meet all pauses as seeds change.
    fn away(&self) -> Duration {
        let turn = u64::from(self.stage.calls.tally().calls).wrapping_add(self.seed).wrapping_add(self.lives);
        let index = usize::try_from(turn % 4).unwrap_or(0);
        Duration::from_millis(AWAY_MS[index])
    }

    /// Runs something while the operator lives, dies and lives again.
    async fn with_operator<T>(
        &mut self,
        what: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let mut what = std::pin::pin!(what);
        loop {
            self.lives += 1;
            let mut operator = self.stage.operator(self.lives);
            loop {
                tokio::select! {
                    biased;
                    () = self.stage.calls.killed.notified() => break,
                    () = self.stage.calls.made.notified() => self.checker.check(self.stage)?,
                    done = &mut what => return done,
                    () = &mut operator => return Err(Failure::Broken("the operator ended by itself".to_owned())),
                }
                if self.stage.calls.too_many() {
                    return Err(Failure::Broken("the operator calls without end".to_owned()));
                }
            }
            drop(operator);
            self.stage.calls.note("--- the operator is killed");
            let away = self.away();
            tokio::select! {
                biased;
                done = &mut what => return done,
                () = sleep(away) => {}
            }
            self.checker.check(self.stage)?;
            self.stage.calls.note("--- the operator is started again");
        }
    }
}

/// Waits until nothing was written and no job submitted for a while.
async fn come_to_rest(stage: &Stage) -> Result<(), Failure> {
    let deadline = Instant::now() + REST_WITHIN;
    let mut last = (0, 0);
    let mut since = Instant::now();
    let rest = if stage.calls.hung() { REST_AFTER_HANG } else { REST };
    while since.elapsed() < rest {
        let now = (stage.calls.tally().writes, stage.sim.last_job());
        if now != last {
            (last, since) = (now, Instant::now());
        }
        if Instant::now() > deadline {
            return Err(Failure::Broken(format!("nothing is at rest after {} s", REST_WITHIN.as_secs())));
        }
        sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

thread_local! {
    /// What panicked on this thread.
    static PANICS: RefCell<Option<String>> = const { RefCell::new(None) };
    /// Whether a point runs on this thread.
    static PLAYING: Cell<bool> = const { Cell::new(false) };
}

/// A task that panics is gone without a word; here it is a failure.
fn catch_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| match PLAYING.get() {
            true => PANICS.with_borrow_mut(|panics| *panics = Some(info.to_string())),
            false => before(info),
        }));
    });
}
