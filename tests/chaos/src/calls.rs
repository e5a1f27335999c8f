//! The operator's outside calls: counted, told, and spoilt where the point says so.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ganeti_sim::FaultKind;
use kube_sim::Spoil;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::clocks::Turn;
use crate::fate::Fate;
use crate::operators::Order;
use crate::pace::{RAPI_TIMEOUT, TRIED_AGAIN_WITHIN, WRITE_TIMEOUT};
use crate::{Blow, BlowKind, Weather};

/// Longer than anyone waits.
pub(crate) const FOR_EVER: Duration = Duration::from_secs(3600);
/// Bytes of an answer that come before it ends, where it is truncated.
const TRUNCATED_BYTES: usize = 20;
/// More calls than any scenario needs: an operator that makes them runs in circles.
const CALLS_MAX: u32 = 30_000;

/// Whom a call is to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Kubernetes,
    Rapi(usize),
}

/// A call: the number of the operator that makes it, to whom, and what it is.
type Call = (usize, Side, String);

/// When a call is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    Before,
    After,
}

/// What is counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// All outside calls.
    pub calls: u32,
    /// Writes to Kubernetes.
    pub writes: u32,
}

/// A step of the scenario that was begun.
#[derive(Debug, Clone)]
pub(crate) struct Begun {
    /// As it stands in the scenario.
    pub text: String,
    /// What was foreseen once it was done.
    pub plans: Vec<Plan>,
}

/// What the operator would do with a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The machine's name.
    pub machine: String,
    /// Its steps, and what they lead to.
    pub steps: Vec<String>,
}

#[derive(Debug)]
struct Inner {
    log: Vec<String>,
    /// Steps of the scenario that were begun.
    steps: Vec<Begun>,
    tally: Tally,
    blow: Option<Blow>,
    fate: Fate,
    /// Times of day that are to go back.
    turns: Vec<Turn>,
    /// Calls that asked for lists.
    lists: Vec<u32>,
    /// Calls whose effect is under way, with what is to be done to them.
    open: BTreeMap<Call, Option<BlowKind>>,
    /// What is to become of operators.
    orders: VecDeque<Order>,
    /// Nothing is spoilt any more.
    over: bool,
    /// When the operator gives up the last call that was never answered.
    waits_until: Option<Instant>,
    /// When a call was last spoilt.
    struck: Option<Instant>,
    /// When somebody else last did something to an instance.
    disturbed: Option<Instant>,
    /// How often the operator was interrupted since, and how long it had to wait for nothing.
    interruptions: u32,
    unanswered: Duration,
    /// No job on an instance may be submitted any more.
    no_more_jobs: bool,
    begun: Instant,
}

/// The calls of one run.
#[derive(Debug)]
pub(crate) struct Calls {
    inner: Mutex<Inner>,
    /// Something is to become of an operator.
    ordered: Notify,
    /// A call was made.
    pub made: Notify,
}

impl Calls {
    pub fn new(blow: Option<Blow>, weather: Weather, seed: u64) -> Self {
        let inner = Inner {
            log: Vec::new(),
            steps: Vec::new(),
            tally: Tally::default(),
            blow,
            fate: Fate::new(weather, seed),
            turns: Vec::new(),
            lists: Vec::new(),
            open: BTreeMap::new(),
            orders: VecDeque::new(),
            over: false,
            waits_until: None,
            struck: None,
            disturbed: None,
            interruptions: 0,
            unanswered: Duration::ZERO,
            no_more_jobs: false,
            begun: Instant::now(),
        };
        Self { inner: Mutex::new(inner), ordered: Notify::new(), made: Notify::new() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something is to become of an operator.
    pub fn order(&self, order: Order) {
        self.inner().orders.push_back(order);
        self.ordered.notify_one();
    }

    /// What is to become of an operator next.
    pub async fn next_order(&self) -> Order {
        loop {
            let order = self.inner().orders.pop_front();
            match order {
                Some(order) => return order,
                None => self.ordered.notified().await,
            }
        }
    }

    /// Adds a line to the log.
    pub fn note(&self, text: &str) {
        self.inner().note("       ", text);
    }

    /// A step of the scenario begins.
    pub fn begin(&self, step: &str) {
        let mut inner = self.inner();
        inner.note("       ", &format!("--- {step}"));
        inner.steps.push(Begun { text: step.to_owned(), plans: Vec::new() });
    }

    /// Notes what is foreseen once the last step was done.
    pub fn foresee(&self, plans: Vec<Plan>) {
        if let Some(step) = self.inner().steps.last_mut() {
            step.plans = plans;
        }
    }

    /// Steps that were begun.
    pub fn steps(&self) -> Vec<Begun> {
        self.inner().steps.clone()
    }

    pub fn log(&self) -> Vec<String> {
        self.inner().log.clone()
    }

    pub fn tally(&self) -> Tally {
        self.inner().tally
    }

    /// Whether so many calls were made that something runs in circles.
    pub fn too_many(&self) -> bool {
        self.inner().tally.calls > CALLS_MAX
    }

    /// Calls so far that asked for lists.
    pub fn lists(&self) -> Vec<u32> {
        self.inner().lists.clone()
    }

    /// Somebody else does something to an instance.
    pub fn disturb(&self) {
        let mut inner = self.inner();
        inner.disturbed = Some(Instant::now());
        (inner.interruptions, inner.unanswered) = (0, Duration::ZERO);
    }

    /// Somebody interrupts the operator, or the cluster's RAPI.
    pub fn interrupt(&self) {
        self.inner().interruptions += 1;
    }

    /// Time since somebody else did something to an instance, how often the operator was interrupted since, and how long
    /// it had to wait for answers that never came.
    pub fn undisturbed_for(&self) -> Option<(Duration, u32, Duration)> {
        let inner = self.inner();
        inner.disturbed.map(|at| (at.elapsed(), inner.interruptions, inner.unanswered))
    }

    /// Whether the operator still waits for an answer that will never come.
    pub fn waits_for_nothing(&self) -> bool {
        self.inner().waits_until.is_some_and(|until| Instant::now() < until)
    }

    /// Whether what failed may not have been tried again yet.
    pub fn is_to_be_tried_again(&self) -> bool {
        self.inner().struck.is_some_and(|at| at.elapsed() < TRIED_AGAIN_WITHIN)
    }

    /// From now on, no job on an instance may be submitted.
    pub fn no_more_jobs(&self) {
        self.inner().no_more_jobs = true;
    }

    /// Whether jobs may be submitted.
    pub fn jobs_may_be(&self) -> bool {
        !self.inner().no_more_jobs
    }

    /// The times of day that are to go back.
    pub fn take_turns(&self) -> Vec<Turn> {
        std::mem::take(&mut self.inner().turns)
    }

    /// Nothing is spoilt from now on.
    pub fn calm(&self) {
        self.inner().over = true;
    }

    /// A call of an operator to Kubernetes. Reads are not counted: only who writes can lose something. Neither are renewals of Leases,
    /// which go on for ever.
    pub fn kubernetes(&self, operator: usize, seen: Seen, method: &str, target: &str) -> Option<Spoil> {
        if method == "GET" || target.contains("/leases") {
            return None;
        }
        let target = target.split('?').next().unwrap_or(target);
        // Names of events have the time in them.
        let target = if target.contains("/events/") { "an event" } else { target };
        Some(match self.see((operator, Side::Kubernetes, format!("{method} {target}")), seen)? {
            BlowKind::KillBefore | BlowKind::KillAfter | BlowKind::Hang => Spoil::Hang,
            BlowKind::Lose | BlowKind::Refuse | BlowKind::Truncate => Spoil::Cut,
            BlowKind::Fail => Spoil::Status(500),
            BlowKind::Conflict => Spoil::Status(409),
            BlowKind::Throttle => Spoil::Status(429),
            // Kubernetes' lists are consistent, or fail.
            BlowKind::Empty | BlowKind::Halve | BlowKind::Double => return None,
        })
    }

    /// A call of an operator to RAPI.
    pub fn rapi(
        &self,
        (operator, cluster): (usize, usize),
        seen: Seen,
        method: &str,
        target: &str,
    ) -> Option<FaultKind> {
        let status = |code, message: &str| FaultKind::Status { code, message: message.to_owned() };
        Some(match self.see((operator, Side::Rapi(cluster), format!("{method} {target}")), seen)? {
            BlowKind::KillBefore | BlowKind::KillAfter | BlowKind::Hang => FaultKind::Hang(FOR_EVER),
            BlowKind::Lose => FaultKind::CutAfterEffect,
            BlowKind::Refuse => FaultKind::CloseBeforeEffect,
            BlowKind::Truncate => FaultKind::Truncate(TRUNCATED_BYTES),
            BlowKind::Fail | BlowKind::Conflict => status(502, "the master daemon went away"),
            BlowKind::Throttle => status(503, "too busy"),
            BlowKind::Empty => FaultKind::EmptyList,
            BlowKind::Halve => FaultKind::HalfOfRows,
            BlowKind::Double => FaultKind::DuplicatedRows,
        })
    }

    fn see(&self, call: Call, seen: Seen) -> Option<BlowKind> {
        let operator = call.0;
        let mut inner = self.inner();
        let kind = match seen {
            Seen::Before => {
                let kind = inner.count(&call);
                inner.open.insert(call, kind);
                kind.filter(|kind| !kind.comes_after())
            }
            Seen::After => inner.open.remove(&call).flatten().filter(|kind| kind.comes_after()),
        };
        drop(inner);
        if kind.is_some_and(BlowKind::kills) {
            self.order(Order::Kill(operator));
        }
        self.made.notify_one();
        kind
    }
}

impl Inner {
    /// Counts a call, and says what is to be done to it.
    fn count(&mut self, (operator, side, what): &Call) -> Option<BlowKind> {
        self.tally.calls += 1;
        self.tally.writes += u32::from(*side == Side::Kubernetes);
        let number = self.tally.calls;
        let list = *side != Side::Kubernetes && is_list(what);
        if list {
            self.lists.push(number);
        }
        let kind = if self.over { None } else { self.strike(number, list) };
        if let Some(kind) = kind {
            self.interruptions += 1;
            self.struck = Some(Instant::now());
            if kind == BlowKind::Hang {
                let wait = if *side == Side::Kubernetes { WRITE_TIMEOUT } else { RAPI_TIMEOUT };
                self.unanswered += wait;
                self.waits_until = Some(Instant::now() + wait);
            }
        }
        let side = match side {
            Side::Kubernetes => "k8s ".to_owned(),
            Side::Rapi(0) => "rapi".to_owned(),
            Side::Rapi(number) => format!("rapi {}", number + 1),
        };
        let hit = kind.map_or(String::new(), |kind| format!("   <== {}", kind.as_str()));
        let whose = if *operator == 0 { String::new() } else { format!("   (operator {})", operator + 1) };
        self.note(&format!("{number:>5}  "), &format!("{side} {what}{whose}{hit}"));
        kind
    }

    fn strike(&mut self, number: u32, list: bool) -> Option<BlowKind> {
        if let Some(blow) = self.blow.filter(|blow| blow.at == number) {
            // What is done to lists means nothing elsewhere.
            return (list || !blow.kind.is_of_lists()).then_some(blow.kind);
        }
        let (kind, turn) = self.fate.at_a_call(list);
        if let Some(turn) = turn {
            self.note(
                "       ",
                &format!("the clock of {:?} goes back by {} s", turn.whose, turn.by.as_secs()),
            );
            self.turns.push(turn);
        }
        kind
    }

    fn note(&mut self, number: &str, text: &str) {
        let seconds = self.begun.elapsed().as_secs_f64();
        self.log.push(format!("{seconds:>9.3} s {number}{text}"));
    }
}

/// Whether RAPI answers with a list of what the cluster has. Jobs are not meant: they are asked for by their numbers, and
/// nothing else would tell which of ours still run.
fn is_list(call: &str) -> bool {
    call.starts_with("PUT /2/query/instance") || call.contains("bulk=1")
}
