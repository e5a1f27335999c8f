//! The operator's outside calls: counted, told, and spoilt where the point says so.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ganeti_sim::FaultKind;
use kube_sim::Spoil;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::{Blow, BlowKind, Weather};

/// Longer than anyone waits.
const FOR_EVER: Duration = Duration::from_secs(3600);
/// Bytes of an answer that come before it ends, where it is truncated.
const TRUNCATED_BYTES: usize = 20;
/// In a storm, one call in so many is hit.
const STORM_ONE_IN: u64 = 9;
/// In a storm, so many calls are hit.
const STORM_BLOWS: u32 = 6;
/// More calls than any scenario needs: an operator that makes them runs in circles.
const CALLS_MAX: u32 = 30_000;

/// Whom a call is to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Kubernetes,
    Rapi,
}

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

#[derive(Debug)]
struct Inner {
    log: Vec<String>,
    tally: Tally,
    blow: Option<Blow>,
    storm: Option<Storm>,
    /// Calls whose effect is under way, with what is to be done to them.
    open: BTreeMap<(Side, String), Option<BlowKind>>,
    /// Nothing is spoilt any more.
    over: bool,
    /// A call was never answered.
    hung: bool,
    /// When somebody else last did something to an instance.
    disturbed: Option<Instant>,
    begun: Instant,
}

#[derive(Debug)]
struct Storm {
    random: u64,
    left: u32,
}

/// The calls of one run.
#[derive(Debug)]
pub(crate) struct Calls {
    inner: Mutex<Inner>,
    /// The operator is to be killed.
    pub killed: Notify,
    /// A call was made.
    pub made: Notify,
}

impl Calls {
    pub fn new(blow: Option<Blow>, weather: Weather, seed: u64) -> Self {
        let storm = (weather == Weather::Storm).then_some(Storm { random: seed, left: STORM_BLOWS });
        let inner = Inner {
            log: Vec::new(),
            tally: Tally::default(),
            blow,
            storm,
            open: BTreeMap::new(),
            over: false,
            hung: false,
            disturbed: None,
            begun: Instant::now(),
        };
        Self { inner: Mutex::new(inner), killed: Notify::new(), made: Notify::new() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line to the log.
    pub fn note(&self, text: &str) {
        self.inner().note("       ", text);
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

    /// Somebody else does something to an instance.
    pub fn disturb(&self) {
        self.inner().disturbed = Some(Instant::now());
    }

    /// Time since somebody else did something to an instance.
    pub fn undisturbed_for(&self) -> Option<Duration> {
        self.inner().disturbed.map(|at| at.elapsed())
    }

    /// Whether a call was never answered.
    pub fn hung(&self) -> bool {
        self.inner().hung
    }

    /// Nothing is spoilt from now on.
    pub fn calm(&self) {
        self.inner().over = true;
    }

    /// A call to Kubernetes. Reads are not counted: only who writes can lose something. Neither are renewals of Leases,
    /// which go on for ever.
    pub fn kubernetes(&self, seen: Seen, method: &str, target: &str) -> Option<Spoil> {
        if method == "GET" || target.contains("/leases") {
            return None;
        }
        let target = target.split('?').next().unwrap_or(target);
        // Names of events have the time in them.
        let target = if target.contains("/events/") { "an event" } else { target };
        Some(match self.see(Side::Kubernetes, seen, method, target)? {
            BlowKind::KillBefore | BlowKind::KillAfter | BlowKind::Hang => Spoil::Hang,
            BlowKind::Lose | BlowKind::Refuse | BlowKind::Truncate => Spoil::Cut,
            BlowKind::Fail => Spoil::Status(500),
            BlowKind::Conflict => Spoil::Status(409),
            BlowKind::Throttle => Spoil::Status(429),
        })
    }

    /// A call to RAPI.
    pub fn rapi(&self, seen: Seen, method: &str, target: &str) -> Option<FaultKind> {
        let status = |code, message: &str| FaultKind::Status { code, message: message.to_owned() };
        Some(match self.see(Side::Rapi, seen, method, target)? {
            BlowKind::KillBefore | BlowKind::KillAfter | BlowKind::Hang => FaultKind::Hang(FOR_EVER),
            BlowKind::Lose => FaultKind::CutAfterEffect,
            BlowKind::Refuse => FaultKind::CloseBeforeEffect,
            BlowKind::Truncate => FaultKind::Truncate(TRUNCATED_BYTES),
            BlowKind::Fail | BlowKind::Conflict => status(502, "the master daemon went away"),
            BlowKind::Throttle => status(503, "too busy"),
        })
    }

    fn see(&self, side: Side, seen: Seen, method: &str, target: &str) -> Option<BlowKind> {
        let key = (side, format!("{method} {target}"));
        let mut inner = self.inner();
        let kind = match seen {
            Seen::Before => {
                let kind = inner.count(&key);
                inner.open.insert(key, kind);
                kind.filter(|kind| !kind.comes_after())
            }
            Seen::After => inner.open.remove(&key).flatten().filter(|kind| kind.comes_after()),
        };
        drop(inner);
        if kind.is_some_and(BlowKind::kills) {
            self.killed.notify_one();
        }
        self.made.notify_one();
        kind
    }
}

impl Inner {
    /// Counts a call, and says what is to be done to it.
    fn count(&mut self, (side, what): &(Side, String)) -> Option<BlowKind> {
        self.tally.calls += 1;
        self.tally.writes += u32::from(*side == Side::Kubernetes);
        let number = self.tally.calls;
        let kind = if self.over { None } else { self.strike(number) };
        self.hung |= kind == Some(BlowKind::Hang);
        let side = if *side == Side::Kubernetes { "k8s " } else { "rapi" };
        let hit = kind.map_or(String::new(), |kind| format!("   <== {}", kind.as_str()));
        self.note(&format!("{number:>5}  "), &format!("{side} {what}{hit}"));
        kind
    }

    fn strike(&mut self, number: u32) -> Option<BlowKind> {
        if let Some(blow) = self.blow.filter(|blow| blow.at == number) {
            return Some(blow.kind);
        }
        let storm = self.storm.as_mut().filter(|storm| storm.left > 0)?;
        let drawn = storm.draw();
        if drawn % STORM_ONE_IN != 0 {
            return None;
        }
        storm.left -= 1;
        let index = usize::try_from(drawn / STORM_ONE_IN).unwrap_or(0) % BlowKind::ALL.len();
        Some(BlowKind::ALL[index])
    }

    fn note(&mut self, number: &str, text: &str) {
        let seconds = self.begun.elapsed().as_secs_f64();
        self.log.push(format!("{seconds:>9.3} s {number}{text}"));
    }
}

impl Storm {
    /// SplitMix64.
    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
