//! The operators of a stage: one, or several replicas. They are killed, frozen and told to end, and are started again.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::LocalSet;
use tokio::time::{Sleep, sleep};

use crate::Failure;
use crate::stage::Stage;

/// What is to become of an operator, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// It is killed, and started again after a while.
    Kill(usize),
    /// All of them are.
    KillAll,
    /// It gets no processor any more, and does not know it.
    Freeze(usize),
    /// Those that were frozen go on.
    Thaw,
    /// It is told to end, as by SIGTERM, and started again after a while.
    Stop(usize),
}

/// One life of an operator. To drop it is to kill it.
pub(crate) struct Life {
    local: LocalSet,
    stop: Arc<Notify>,
    told: bool,
    ended: Rc<Cell<bool>>,
}

impl Life {
    /// A life in which an operator runs until it is told to stop.
    pub fn of(operator: cyclades_controllers::Operator) -> Self {
        let (local, stop, ended) = (LocalSet::new(), Arc::new(Notify::new()), Rc::new(Cell::new(false)));
        let (told, end) = (Arc::clone(&stop), Rc::clone(&ended));
        local.spawn_local(async move {
            // Superseded or not: whoever was not told to end must not.
            let _ = operator.run(async move { told.notified().await }).await;
            end.set(true);
        });
        Self { local, stop, told: false, ended }
    }

    /// Lets it work; whether it has ended.
    fn poll(&mut self, context: &mut Context<'_>) -> bool {
        let _ = Pin::new(&mut self.local).poll(context);
        self.ended.get()
    }
}

enum State {
    Runs(Life),
    Frozen(Life),
    Away(Pin<Box<Sleep>>),
}

/// The operators of a stage.
pub(crate) struct Operators<'a> {
    stage: &'a Stage,
    seed: u64,
    lives: &'a mut u64,
    all: Vec<State>,
}

impl<'a> Operators<'a> {
    /// Starts them. `lives`: how many lives there were before.
    pub fn begin(stage: &'a Stage, seed: u64, lives: &'a mut u64) -> Self {
        let mut own = Self { stage, seed, lives, all: Vec::new() };
        for number in 0..stage.replicas {
            let life = own.life(number);
            own.all.push(State::Runs(life));
        }
        own
    }

    fn life(&mut self, number: usize) -> Life {
        *self.lives += 1;
        Life::of(self.stage.operator(number, *self.lives))
    }

    /// Lets those work that run, until one of them has ended or is to begin again; answers its number.
    pub async fn work(&mut self) -> usize {
        std::future::poll_fn(|context| {
            for (number, state) in self.all.iter_mut().enumerate() {
                let changes = match state {
                    State::Runs(life) => life.poll(context),
                    State::Frozen(_) => false,
                    State::Away(time) => time.as_mut().poll(context).is_ready(),
                };
                if changes {
                    return Poll::Ready(number);
                }
            }
            Poll::Pending
        })
        .await
    }

    /// What follows when one has ended, or is to begin again.
    pub fn go_on(&mut self, number: usize) -> Result<(), Failure> {
        match &self.all[number] {
            State::Runs(life) if !life.told => {
                return Err(Failure::Broken("the operator ended by itself".to_owned()));
            }
            State::Runs(_) => self.leave(number, "has ended"),
            State::Frozen(_) => {}
            State::Away(_) => {
                // What happened meanwhile is looked at before it may be put right.
                self.stage.calls.made.notify_one();
                self.note(number, "is started again");
                let life = self.life(number);
                self.all[number] = State::Runs(life);
            }
        }
        Ok(())
    }

    /// Does what is ordered. Nothing is done to one that is away.
    pub fn obey(&mut self, order: Order) {
        match order {
            Order::Kill(number) => self.leave(number, "is killed"),
            Order::KillAll => (0..self.all.len()).for_each(|number| self.leave(number, "is killed")),
            Order::Freeze(number) => self.turn(number, |state| match state {
                State::Runs(life) => State::Frozen(life),
                other => other,
            }),
            Order::Thaw => (0..self.all.len()).for_each(|number| {
                self.turn(number, |state| match state {
                    State::Frozen(life) => State::Runs(life),
                    other => other,
                });
            }),
            Order::Stop(number) => {
                if let State::Runs(life) | State::Frozen(life) = &mut self.all[number] {
                    life.told = true;
                    life.stop.notify_one();
                }
            }
        }
    }

    fn turn(&mut self, number: usize, how: impl FnOnce(State) -> State) {
        let nothing = State::Away(Box::pin(sleep(Duration::MAX)));
        let state = std::mem::replace(&mut self.all[number], nothing);
        self.all[number] = how(state);
    }

    fn leave(&mut self, number: usize, how: &str) {
        if matches!(self.all[number], State::Away(_)) {
            return;
        }
        self.all[number] = State::Away(Box::pin(sleep(self.away())));
        self.note(number, how);
    }

    /// Follows from the call at which the operator was killed, so that all calls meet all pauses as seeds change.
    fn away(&self) -> Duration {
        let turn =
            u64::from(self.stage.calls.tally().calls).wrapping_add(self.seed).wrapping_add(*self.lives);
        let index = usize::try_from(turn % 4).unwrap_or(0);
        Duration::from_millis(self.stage.pace.away_ms[index])
    }

    fn note(&self, number: usize, what: &str) {
        self.stage.calls.note(&format!("--- {} {what}", self.stage.operator_name(number)));
    }
}
