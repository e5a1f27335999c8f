//! One point, from an empty stage to the last look.

use std::cell::{Cell, RefCell};
use std::sync::Once;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::act::Actor;
use crate::check::Checker;
use crate::ground::Ground;
use crate::operators::Operators;
use crate::stage::Stage;
use crate::story::Teller;
use crate::{Failure, Point, Scenario};

/// What came of a point.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
    /// The operator's outside calls up to the end of the scenario: where blows may fall.
    pub calls: u32,
    /// Those of them that asked Ganeti for lists.
    pub lists: Vec<u32>,
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
            let outcome = runtime.block_on(play(scenario, point, Ground::Memory, None));
            drop(runtime);
            PLAYING.set(false);
            outcome
        }
        Err(error) => Outcome::not_begun(error.to_string()),
    }
}

/// Runs a point by the clock on the wall, on a runtime of its own.
pub(crate) fn by_the_wall(limit: Duration, point: impl AsyncFnOnce() -> Outcome) -> Outcome {
    catch_panics();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return Outcome::not_begun(error.to_string()),
    };
    PLAYING.set(true);
    let outcome = runtime.block_on(async { tokio::time::timeout(limit, point()).await });
    runtime.shutdown_background();
    PLAYING.set(false);
    outcome.unwrap_or_else(|_| Outcome::not_begun(format!("it hangs after {} s", limit.as_secs())))
}

impl Outcome {
    pub(crate) fn not_begun(why: String) -> Self {
        Self { failure: Some(Failure::Stage(why)), calls: 0, lists: Vec::new(), log: Vec::new() }
    }
}

/// Plays a point on a stage of its own. `teller`: who is shown what is there after each call.
pub(crate) async fn play(
    scenario: &Scenario,
    point: &Point,
    ground: Ground,
    teller: Option<&mut Teller>,
) -> Outcome {
    let mut stage = match Stage::new(scenario, point, ground).await {
        Ok(stage) => stage,
        Err(failure) => return Outcome::not_begun(failure.to_string()),
    };
    stage.foretells = teller.is_some();
    let checker = match stage.last_jobs().await {
        Ok(last) => Checker::since(last),
        Err(failure) => return Outcome::not_begun(failure.to_string()),
    };
    let (lives, calls, lists) = (0, 0, Vec::new());
    let mut play = Play { stage: &stage, checker, teller, lives, calls, lists, seed: point.seed };
    let failure = play.all(scenario).await.err();
    let panicked = PANICS.take().map(Failure::Panic);
    let failure = panicked.or(failure);
    if let Some(failure) = &failure {
        stage.calls.note(&format!("FAILED: {failure}"));
    }
    let calls = if play.calls > 0 { play.calls } else { stage.calls.tally().calls };
    Outcome { failure, calls, lists: play.lists, log: stage.calls.log() }
}

struct Play<'a> {
    stage: &'a Stage,
    checker: Checker,
    teller: Option<&'a mut Teller>,
    lives: u64,
    calls: u32,
    lists: Vec<u32>,
    seed: u64,
}

impl Play<'_> {
    async fn all(&mut self, scenario: &Scenario) -> Result<(), Failure> {
        let stage = self.stage;
        let steps = async move {
            let actor = Actor::new(stage);
            for (text, step) in &scenario.steps {
                actor.step(text, step).await?;
            }
            Ok(())
        };
        let rest = async move {
            steps.await?;
            // What a blow hits is the scenario; what comes after is only looked at.
            let (calls, lists) = (stage.calls.tally().calls, stage.calls.lists());
            stage.calls.calm();
            stage.calls.note("--- until all is at rest");
            come_to_rest(stage).await?;
            Ok((calls, lists))
        };
        (self.calls, self.lists) = self.with_operators(rest).await?;
        let scene = self.checker.check(stage).await?;
        if let Some(teller) = self.teller.as_deref_mut() {
            teller.see(stage, &scene);
        }
        self.checker.check_end(stage).await?;
        stage.calls.note("--- the operator is started once more and must change nothing");
        let before = (stage.calls.tally().writes, stage.last_jobs().await?);
        self.with_operators(async {
            sleep(stage.pace.second_look).await;
            Ok(())
        })
        .await?;
        let after = (stage.calls.tally().writes, stage.last_jobs().await?);
        // Where a clock went back since the last life began, each backend may have to be taken under a new epoch.
        let taken =
            if stage.time.went_back() { u32::try_from(stage.ganetis.len()).unwrap_or(u32::MAX) } else { 0 };
        if after.1 != before.1 || after.0 > before.0 + taken {
            let writes = i64::from(after.0) - i64::from(before.0);
            let jobs: u64 = after.1.iter().sum::<u64>() - before.1.iter().sum::<u64>();
            return Err(Failure::Broken(format!(
                "a second pass over an unchanged world made {writes} writes too many and {jobs} jobs"
            )));
        }
        self.checker.check_end(stage).await
    }

    /// Runs something while the operators live, die and live again.
    async fn with_operators<T>(
        &mut self,
        what: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let stage = self.stage;
        let mut operators = Operators::begin(stage, self.seed, &mut self.lives);
        let mut looking = std::pin::pin!(look_on(stage, &mut self.checker, self.teller.as_deref_mut()));
        let mut what = std::pin::pin!(what);
        loop {
            tokio::select! {
                biased;
                order = stage.calls.next_order() => operators.obey(order),
                failure = &mut looking => return Err(failure),
                done = &mut what => return done,
                number = operators.work() => operators.go_on(number)?,
            }
        }
    }
}

/// Looks at what must hold after each call, and ends when it does not.
async fn look_on(stage: &Stage, checker: &mut Checker, mut teller: Option<&mut Teller>) -> Failure {
    loop {
        match stage.pace.check_every {
            None => stage.calls.made.notified().await,
            // Looking takes time there, so it is not done at each call.
            Some(pause) => sleep(pause).await,
        }
        match checker.check(stage).await {
            Ok(scene) => {
                if let Some(teller) = teller.as_deref_mut() {
                    teller.see(stage, &scene);
                }
            }
            Err(failure) => return failure,
        }
        if stage.calls.too_many() {
            return Failure::Broken("the operator calls without end".to_owned());
        }
    }
}

/// Waits until nothing was written and no job submitted for a while.
async fn come_to_rest(stage: &Stage) -> Result<(), Failure> {
    let pace = stage.pace;
    let deadline = Instant::now() + pace.rest_within;
    let mut last = (0, Vec::new());
    let mut since = Instant::now();
    while since.elapsed() < pace.rest || stage.calls.is_to_be_tried_again() {
        let now = (stage.calls.tally().writes, stage.last_jobs().await?);
        // Whoever waits for an answer that will never come is not at rest, however still it is.
        if now != last || stage.calls.waits_for_nothing() {
            (last, since) = (now, Instant::now());
        }
        if Instant::now() > deadline {
            let within = pace.rest_within.as_secs();
            return Err(Failure::Broken(format!("nothing is at rest after {within} s")));
        }
        sleep(pace.rest_look_every).await;
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
