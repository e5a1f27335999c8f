//! The work queue: every key at most once, never two passes of one key at a time, later wake-ups remembered.

use std::{
    cell::RefCell,
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, VecDeque},
    hash::Hash,
    rc::Rc,
};

use tokio::{
    sync::Notify,
    time::{Duration, Instant},
};

/// How urgent a wake-up is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// Somebody changed something and waits.
    User,
    /// A resync, a relist, a restart.
    Resync,
}

/// One resync key is served for this many urgent ones, so neither can starve the other.
const URGENT_PER_RESYNC: u32 = 8;

#[derive(Debug, Default)]
struct KeyState {
    queued: Option<Urgency>,
    running: bool,
    again: bool,
    /// When it is due by itself; an entry of the heap that says otherwise is outdated.
    due: Option<Instant>,
}

#[derive(Debug)]
struct Inner<K> {
    states: HashMap<K, KeyState>,
    urgent: VecDeque<K>,
    resync: VecDeque<K>,
    timers: BinaryHeap<Reverse<(Instant, u64)>>,
    timer_keys: HashMap<u64, K>,
    next_timer: u64,
    served: u32,
}

/// The queue. Cloning shares it.
#[derive(Debug)]
pub(crate) struct Queue<K> {
    inner: Rc<RefCell<Inner<K>>>,
    ready: Rc<Notify>,
}

impl<K> Clone for Queue<K> {
    fn clone(&self) -> Self {
        Self { inner: Rc::clone(&self.inner), ready: Rc::clone(&self.ready) }
    }
}

impl<K: Clone + Eq + Hash> Queue<K> {
    pub(crate) fn new() -> Self {
        let inner = Inner {
            states: HashMap::new(),
            urgent: VecDeque::new(),
            resync: VecDeque::new(),
            timers: BinaryHeap::new(),
            timer_keys: HashMap::new(),
            next_timer: 0,
            served: 0,
        };
        Self { inner: Rc::new(RefCell::new(inner)), ready: Rc::new(Notify::new()) }
    }

    /// Asks for a pass of a key. If one is running, another follows it.
    pub(crate) fn wake(&self, key: &K, urgency: Urgency) {
        let mut inner = self.inner.borrow_mut();
        let state = inner.states.entry(key.clone()).or_default();
        state.due = None;
        if state.running {
            state.again = true;
        } else if state.queued.is_none() || (state.queued, urgency) == (Some(Urgency::Resync), Urgency::User)
        {
            // A key that waits for its resync is moved up by a user's change; its old place is skipped when it comes.
            state.queued = Some(urgency);
            match urgency {
                Urgency::User => inner.urgent.push_back(key.clone()),
                Urgency::Resync => inner.resync.push_back(key.clone()),
            }
            drop(inner);
            self.ready.notify_one();
        }
    }

    /// Asks for a pass of a key after a delay, unless one comes earlier anyway.
    pub(crate) fn wake_after(&self, key: &K, delay: Duration) {
        let mut inner = self.inner.borrow_mut();
        let at = Instant::now() + delay;
        let state = inner.states.entry(key.clone()).or_default();
        if state.due.is_some_and(|due| due <= at) {
            return;
        }
        state.due = Some(at);
        let timer = inner.next_timer;
        inner.next_timer += 1;
        inner.timers.push(Reverse((at, timer)));
        inner.timer_keys.insert(timer, key.clone());
        drop(inner);
        self.ready.notify_one();
    }

    /// Number of keys that wait for a pass now.
    pub(crate) fn depth(&self) -> usize {
        let inner = self.inner.borrow();
        inner.urgent.len() + inner.resync.len()
    }

    /// The next key; the caller must call [`Queue::done`] after its pass.
    pub(crate) async fn next(&self) -> K {
        loop {
            if let Some(key) = self.take() {
                return key;
            }
            let timer = self.inner.borrow().timers.peek().map(|Reverse((at, _))| *at);
            match timer {
                Some(at) => tokio::select! {
                    // What is due does not wait for what comes in.
                    biased;
                    () = tokio::time::sleep_until(at) => self.fire(),
                    () = self.ready.notified() => {}
                },
                None => self.ready.notified().await,
            }
        }
    }

    /// A key that is ready, without waiting.
    fn take(&self) -> Option<K> {
        let mut inner = self.inner.borrow_mut();
        loop {
            let resync_first = inner.served >= URGENT_PER_RESYNC && !inner.resync.is_empty();
            let (key, lane) = if resync_first || inner.urgent.is_empty() {
                inner.served = 0;
                (inner.resync.pop_front()?, Urgency::Resync)
            } else {
                inner.served += 1;
                (inner.urgent.pop_front()?, Urgency::User)
            };
            let Some(state) = inner.states.get_mut(&key) else { continue };
            if state.queued == Some(lane) && !state.running {
                state.queued = None;
                state.running = true;
                return Some(key);
            }
        }
    }

    /// Moves what has become due into the queue.
    fn fire(&self) {
        let now = Instant::now();
        let mut due = Vec::new();
        {
            let mut inner = self.inner.borrow_mut();
            while let Some(Reverse((at, timer))) = inner.timers.peek().copied() {
                if at > now {
                    break;
                }
                inner.timers.pop();
                let Some(key) = inner.timer_keys.remove(&timer) else { continue };
                if inner.states.get(&key).is_some_and(|state| state.due == Some(at)) {
                    due.push(key);
                }
            }
        }
        for key in due {
            self.wake(&key, Urgency::User);
        }
    }

    /// The pass of a key has ended.
    pub(crate) fn done(&self, key: &K) {
        let again = {
            let mut inner = self.inner.borrow_mut();
            let Some(state) = inner.states.get_mut(key) else { return };
            state.running = false;
            let again = std::mem::take(&mut state.again);
            if !again && state.due.is_none() && state.queued.is_none() {
                inner.states.remove(key);
            }
            again
        };
        if again {
            self.wake(key, Urgency::User);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_key_woken_while_it_runs_runs_once_more() {
        let queue = Queue::new();
        queue.wake(&"a", Urgency::User);
        assert_eq!(queue.next().await, "a");
        queue.wake(&"a", Urgency::User);
        queue.wake(&"a", Urgency::User);
        assert_eq!(queue.depth(), 0, "never two passes of one key at a time");
        queue.done(&"a");
        assert_eq!(queue.next().await, "a");
        queue.done(&"a");
        assert_eq!(queue.depth(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_delay_is_kept_and_an_earlier_wake_up_replaces_it() {
        let queue = Queue::new();
        let start = Instant::now();
        queue.wake_after(&"a", Duration::from_secs(60));
        queue.wake_after(&"a", Duration::from_secs(5));
        assert_eq!(queue.next().await, "a");
        assert_eq!(start.elapsed().as_secs(), 5);
        queue.done(&"a");
        let nothing = tokio::time::timeout(Duration::from_secs(120), queue.next()).await;
        assert!(nothing.is_err(), "the longer delay was replaced, not added");
    }

    #[tokio::test(start_paused = true)]
    async fn a_resync_starves_nobody_and_is_not_starved() {
        let queue = Queue::new();
        for n in 0..100 {
            queue.wake(&(1000 + n), Urgency::Resync);
            queue.wake(&n, Urgency::User);
        }
        let mut served = Vec::new();
        for _ in 0..27 {
            let key = queue.next().await;
            queue.done(&key);
            served.push(key);
        }
        assert_eq!(served.iter().filter(|key| **key >= 1000).count(), 3, "{served:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_users_change_overtakes_the_resync_of_the_same_key() {
        let queue = Queue::new();
        for n in 0..50 {
            queue.wake(&n, Urgency::Resync);
        }
        queue.wake(&49, Urgency::User);
        assert_eq!(queue.next().await, 49);
        queue.done(&49);
        let mut rest = Vec::new();
        while queue.depth() > 1 {
            let key = queue.next().await;
            queue.done(&key);
            rest.push(key);
        }
        assert!(!rest.contains(&49), "one wake-up, one pass");
    }
}
