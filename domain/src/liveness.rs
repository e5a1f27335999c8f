//! Which replicas live, by what they write. No clock is compared with another: a replica lives for as long as its Lease
//! lasts after a renewal of it was *seen*, on the clock of who sees it.
//!
//! A watch that hangs shows no renewals either. So nobody is taken for dead by silence alone, but only once something
//! that was written later, a renewal of our own, has come by the same watch.

use std::{collections::BTreeMap, time::Duration};

/// The other replicas. Times are on the caller's monotonic clock, since whenever it began to count.
#[derive(Debug, Default)]
pub struct Peers {
    seen: BTreeMap<String, Sighting>,
    /// All that was written before then has been seen.
    caught_up: Duration,
}

#[derive(Debug)]
struct Sighting {
    /// What changes with each renewal.
    renewal: String,
    /// When it was seen first.
    at: Duration,
    /// When it is over; at once for one that was over when it was seen first.
    until: Duration,
}

impl Peers {
    /// A replica's Lease is seen. `renewal` changes with each renewal, which lasts for `lasts`. `age` is how old it is by
    /// the clocks of two machines: it counts for nothing but a Lease that is seen for the first time and is older than
    /// two of it, whose replica is long gone.
    pub fn see(&mut self, replica: &str, renewal: &str, lasts: Duration, age: Duration, now: Duration) {
        match self.seen.get_mut(replica) {
            Some(sighting) if sighting.renewal == renewal => {}
            Some(sighting) => {
                *sighting = Sighting { renewal: renewal.to_owned(), at: now, until: now + lasts };
            }
            None => {
                let until = if age > lasts * 2 { Duration::ZERO } else { now + lasts };
                let sighting = Sighting { renewal: renewal.to_owned(), at: now, until };
                self.seen.insert(replica.to_owned(), sighting);
            }
        }
    }

    /// A replica's Lease is gone: it has let go of all it had.
    pub fn forget(&mut self, replica: &str) {
        self.seen.remove(replica);
    }

    /// All that was written before `at` has been seen.
    pub fn catch_up(&mut self, at: Duration) {
        self.caught_up = self.caught_up.max(at);
    }

    /// Those that live, in order.
    pub fn live(&self) -> impl Iterator<Item = &str> {
        self.seen
            .iter()
            .filter(|(_, sighting)| sighting.until > self.caught_up)
            .map(|(name, _)| name.as_str())
    }

    /// When one of those that live may be found to be gone: the time to catch up with.
    #[must_use]
    pub fn next_end(&self) -> Option<Duration> {
        self.seen.values().map(|sighting| sighting.until).filter(|until| *until > self.caught_up).min()
    }

    /// Those whose last renewal was seen so long ago that nobody waits for them.
    pub fn silent_for(&self, time: Duration, now: Duration) -> impl Iterator<Item = &str> {
        let silent = move |sighting: &Sighting| sighting.until <= self.caught_up && sighting.at + time <= now;
        self.seen.iter().filter(move |(_, sighting)| silent(sighting)).map(|(name, _)| name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LASTS: Duration = Duration::from_secs(10);
    const NEW: Duration = Duration::ZERO;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn live(peers: &Peers) -> Vec<&str> {
        peers.live().collect()
    }

    #[test]
    fn silence_counts_only_once_something_later_was_seen() {
        let mut peers = Peers::default();
        peers.see("b", "1", LASTS, NEW, at(100));
        assert_eq!((live(&peers), peers.next_end()), (vec!["b"], Some(at(110))));
        peers.catch_up(at(109));
        assert_eq!(live(&peers), ["b"]);
        peers.see("b", "1", LASTS, NEW, at(109));
        peers.catch_up(at(110));
        assert!(live(&peers).is_empty(), "the same renewal seen again is no renewal");
        peers.see("b", "2", LASTS, NEW, at(120));
        assert_eq!(live(&peers), ["b"], "it is back");
    }

    #[test]
    fn what_was_over_long_before_it_was_seen_first_is_not_waited_for() {
        let mut peers = Peers::default();
        peers.see("old", "1", LASTS, at(21), at(100));
        peers.see("late", "1", LASTS, at(15), at(100));
        peers.catch_up(at(100));
        assert_eq!(live(&peers), ["late"]);
        // A clock that is wrong makes nobody dead who goes on.
        peers.see("old", "2", LASTS, at(21), at(101));
        assert_eq!(live(&peers), ["late", "old"]);
    }

    #[test]
    fn who_lets_go_is_gone_at_once_and_who_is_silent_is_found() {
        let mut peers = Peers::default();
        peers.see("b", "1", LASTS, NEW, at(100));
        peers.see("c", "1", LASTS, NEW, at(100));
        peers.forget("b");
        assert_eq!(live(&peers), ["c"]);
        peers.catch_up(at(700));
        assert_eq!(peers.silent_for(at(600), at(699)).count(), 0);
        assert_eq!(peers.silent_for(at(600), at(700)).collect::<Vec<_>>(), ["c"]);
    }

    proptest! {
        /// Whoever renews in time is never taken for dead, whatever the watch does: it may lag, and show things late.
        #[test]
        fn who_renews_in_time_lives(lags in proptest::collection::vec(0u64..30, 1..20)) {
            let mut peers = Peers::default();
            let mut now = at(0);
            for (n, lag) in lags.into_iter().enumerate() {
                // Both write every two seconds. What was written is seen in that order, after the lag.
                let written = at(n as u64 * 2);
                now = now.max(written + at(lag));
                peers.see("b", &n.to_string(), LASTS, NEW, now);
                peers.catch_up(written);
                prop_assert_eq!(live(&peers), vec!["b"]);
            }
        }
    }
}
