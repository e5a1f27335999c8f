//! When claims are gone through for those that nobody has, and since when nobody is known who has one.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use tokio::time::Instant;
use uuid::Uuid;

/// How long nobody may be known for whom something is claimed: a machine may be younger here than its claim.
const GRACE: Duration = Duration::from_secs(60);
/// How often all claims of a network are gone through.
const EVERY: Duration = Duration::from_secs(300);

/// How soon claims are looked at again whose machine is gone and has an instance still.
const SOON: Duration = Duration::from_secs(5);

/// Id of a machine, and the name of its NIC.
pub(crate) type Claimant = (Uuid, Box<str>);

/// The sweeps of all networks, by their ids.
#[derive(Debug, Default)]
pub(crate) struct Sweeps {
    due: HashMap<Uuid, Instant>,
    /// By network and machine.
    unowned: HashMap<(Uuid, Uuid), Instant>,
}

impl Sweeps {
    /// A machine is gone for good: what it had in the network is free at the next sweep, which is due.
    pub(crate) fn depart(&mut self, network: Uuid, machine: Uuid, now: Instant) {
        self.unowned.insert((network, machine), now.checked_sub(GRACE).unwrap_or(now));
        self.due.insert(network, now);
    }

    /// How long it is until the next sweep of a network; nothing where it is due.
    pub(crate) fn wait(&self, network: Uuid, now: Instant) -> Option<Duration> {
        let due = self.due.get(&network)?;
        due.checked_duration_since(now).filter(|wait| !wait.is_zero())
    }

    /// Takes note of what is claimed for nobody who is known. Returns what of it has been so for long enough, and when to
    /// look again. What an instance still uses that somebody left behind is not let go of.
    pub(crate) fn over(
        &mut self,
        network: Uuid,
        unowned: BTreeSet<Claimant>,
        in_use: impl Fn(Uuid) -> bool,
        now: Instant,
    ) -> (Vec<Claimant>, Duration) {
        let machines: BTreeSet<Uuid> = unowned.iter().map(|(machine, _)| *machine).collect();
        self.unowned.retain(|(of, machine), _| *of != network || machines.contains(machine));
        let (mut over, mut next) = (Vec::new(), EVERY);
        for claimant in unowned {
            let since = *self.unowned.entry((network, claimant.0)).or_insert(now);
            match GRACE.checked_sub(now - since).filter(|left| !left.is_zero()) {
                Some(left) => next = next.min(left),
                None if in_use(claimant.0) => next = next.min(SOON),
                None => over.push(claimant),
            }
        }
        self.due.insert(network, now + next);
        (over, next)
    }

    /// A network is gone.
    pub(crate) fn forget(&mut self, network: Uuid) {
        self.due.remove(&network);
        self.unowned.retain(|(of, _), _| *of != network);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAN: Uuid = Uuid::from_u128(7);

    fn nobody(_: Uuid) -> bool {
        false
    }

    fn claimant(machine: u128) -> Claimant {
        (Uuid::from_u128(machine), "eth0".into())
    }

    #[test]
    fn what_nobody_has_is_let_go_of_after_a_while() {
        let (mut sweeps, begin) = (Sweeps::default(), Instant::now());
        let (over, next) = sweeps.over(LAN, [claimant(1)].into(), nobody, begin);
        assert_eq!((over, next), (Vec::new(), GRACE), "its machine may be about to be seen");
        assert_eq!(sweeps.wait(LAN, begin), Some(GRACE));
        let later = begin + GRACE;
        assert_eq!(sweeps.wait(LAN, later), None);
        let (over, next) = sweeps.over(LAN, [claimant(1), claimant(2)].into(), nobody, later);
        assert_eq!((over, next), (vec![claimant(1)], GRACE));
        let (over, next) = sweeps.over(LAN, BTreeSet::new(), nobody, later);
        assert_eq!((over, next), (Vec::new(), EVERY), "both have their machines");
    }

    #[test]
    fn what_a_machine_leaves_that_is_gone_is_free_at_once() {
        let (mut sweeps, now) = (Sweeps::default(), Instant::now() + GRACE);
        sweeps.over(LAN, BTreeSet::new(), nobody, now);
        sweeps.depart(LAN, Uuid::from_u128(1), now);
        assert_eq!(sweeps.wait(LAN, now), None, "it is due");
        let (over, next) = sweeps.over(LAN, [claimant(1)].into(), |_| true, now);
        assert_eq!((over, next), (Vec::new(), SOON), "its instance is there still");
        let (over, _) = sweeps.over(LAN, [claimant(1), claimant(2)].into(), nobody, now);
        assert_eq!(over, [claimant(1)]);
        sweeps.forget(LAN);
        assert_eq!(sweeps.wait(LAN, now), None);
    }
}
