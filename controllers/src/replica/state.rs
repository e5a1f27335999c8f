//! What a replica knows of itself and of the others.

use std::{cell::RefCell, time::Duration};

use cyclades_domain::{
    liveness::Peers,
    sharing::{LEADER, winner},
};
use tokio::{sync::Notify, time::Instant};

/// A replica stops this part of its Lease's time before others may take over: for the time between its last look at
/// the clock and the moment at which what it sends arrives.
const MARGIN: u32 = 10;

/// How a replica is called, and how long it lives without renewing that.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// Its name, which a restarted container keeps.
    pub(crate) name: String,
    /// This life of it.
    pub(crate) session: String,
    /// When that began, in milliseconds since 1970.
    pub(crate) life: u64,
    /// How long a renewal of its Lease lasts.
    pub(crate) lasts: Duration,
}

/// This replica, and the others as it sees them.
#[derive(Debug)]
pub(crate) struct Replica {
    pub(crate) identity: Identity,
    begun: Instant,
    state: RefCell<State>,
    /// A time to look again has changed.
    pub(crate) changed: Notify,
    /// The Lease is to be renewed now.
    pub(crate) renew: Notify,
    /// Another process has taken this replica's name.
    pub(crate) superseded: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Until when no other replica can have taken over.
    valid_until: Option<Instant>,
    leaving: bool,
    peers: Peers,
    /// Whose Leases hold, this one's included; nobody while this one's does not.
    live: Vec<String>,
    leader: bool,
    /// Version and time of the last renewal.
    renewal: Option<(u64, Instant)>,
    /// The version of this replica's Lease that the watch has shown.
    shown: u64,
    /// The same of a list that is not complete: others may stand behind it.
    listed: u64,
}

/// How the set of live replicas has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It has not.
    None,
    /// This replica may not act any more.
    Lapsed,
    /// Others came or went, or this one came to life.
    Others,
    /// The same, and this replica leads from now on.
    Leads,
}

impl Replica {
    pub(crate) fn new(identity: Identity) -> Self {
        Self {
            identity,
            begun: Instant::now(),
            state: RefCell::default(),
            changed: Notify::new(),
            renew: Notify::new(),
            superseded: Notify::new(),
        }
    }

    /// Whether this replica may act at this moment: no other can have taken over.
    pub(crate) fn may_act(&self) -> bool {
        let state = self.state.borrow();
        !state.leaving
            && !state.live.is_empty()
            && state.valid_until.is_some_and(|until| Instant::now() < until)
    }

    /// Whether what concerns no single backend is this replica's.
    pub(crate) fn leads(&self) -> bool {
        self.may_act() && self.state.borrow().leader
    }

    /// Number of live replicas.
    pub(crate) fn live_count(&self) -> usize {
        self.state.borrow().live.len()
    }

    /// Whose Leases hold.
    pub(crate) fn live(&self) -> Vec<String> {
        self.state.borrow().live.clone()
    }

    /// Whether a replica's Lease holds.
    pub(crate) fn lives(&self, name: &str) -> bool {
        self.state.borrow().live.iter().any(|live| live == name)
    }

    /// Who a thing falls to, where this replica may act.
    pub(crate) fn winner(&self, thing: &str) -> Option<String> {
        let state = self.state.borrow();
        winner(thing, state.live.iter().map(String::as_str)).map(str::to_owned)
    }

    /// The Lease was renewed by a write that was begun at `sent`.
    pub(crate) fn renewed(&self, version: u64, sent: Instant) {
        let mut state = self.state.borrow_mut();
        let lasts = self.identity.lasts;
        state.valid_until = Some(sent + lasts - lasts / MARGIN);
        state.renewal = Some((version, sent));
        self.catch_up(&mut state);
    }

    /// The watch shows a version of this replica's own Lease.
    pub(crate) fn shown(&self, version: u64) {
        let mut state = self.state.borrow_mut();
        state.shown = state.shown.max(version);
        self.catch_up(&mut state);
    }

    /// A list that is not complete shows a version of this replica's own Lease.
    pub(crate) fn listed(&self, version: u64) {
        self.state.borrow_mut().listed = version;
    }

    /// That list is complete.
    pub(crate) fn list_is_complete(&self) {
        let listed = std::mem::take(&mut self.state.borrow_mut().listed);
        self.shown(listed);
    }

    /// What was written before our last renewal has been seen once that is seen.
    fn catch_up(&self, state: &mut State) {
        if let Some((_, sent)) = state.renewal.filter(|(version, _)| *version <= state.shown) {
            state.peers.catch_up(sent - self.begun);
        }
        self.changed.notify_one();
    }

    /// The watch shows another replica's Lease.
    pub(crate) fn see(&self, name: &str, renewal: &str, lasts: Duration, age: Duration) {
        let now = self.begun.elapsed();
        self.state.borrow_mut().peers.see(name, renewal, lasts, age, now);
        self.changed.notify_one();
    }

    /// Another replica's Lease is gone.
    pub(crate) fn forget(&self, name: &str) {
        self.state.borrow_mut().peers.forget(name);
    }

    /// This replica ends: it begins nothing any more.
    pub(crate) fn leave(&self) {
        self.state.borrow_mut().leaving = true;
    }

    /// When this replica's own time ends, and when it is to be looked whether another one's has.
    pub(crate) fn ends(&self) -> (Option<Instant>, Option<Instant>) {
        let state = self.state.borrow();
        (state.valid_until, state.peers.next_end().map(|end| self.begun + end))
    }

    /// Replicas that have been silent for so long that their Leases are refuse.
    pub(crate) fn silent_for(&self, time: Duration) -> Vec<String> {
        let now = self.begun.elapsed();
        self.state.borrow().peers.silent_for(time, now).map(str::to_owned).collect()
    }

    /// Counts who lives. `listed`: all Leases have been seen once. A replica that ends counts nobody any more.
    pub(crate) fn count(&self, listed: bool) -> Change {
        let mut state = self.state.borrow_mut();
        if state.leaving {
            return Change::None;
        }
        let acts = listed && state.valid_until.is_some_and(|until| Instant::now() < until);
        let mut live = Vec::new();
        if acts {
            live.extend(state.peers.live().map(str::to_owned));
            live.push(self.identity.name.clone());
            live.sort_unstable();
        }
        if live == state.live {
            return Change::None;
        }
        let led = state.leader;
        state.leader = winner(LEADER, live.iter().map(String::as_str)) == Some(self.identity.name.as_str());
        state.live = live;
        match (state.live.is_empty(), state.leader && !led) {
            (true, _) => Change::Lapsed,
            (false, true) => Change::Leads,
            (false, false) => Change::Others,
        }
    }
}
