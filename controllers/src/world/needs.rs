//! Which machines wait for what, so that what appears wakes exactly those.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::ObjectName;

/// Something a machine can wait for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Need {
    /// A Flavor to appear or change.
    Flavor(Arc<str>),
    /// A VolumeType to appear.
    VolumeType(Arc<str>),
    /// An Image to appear or change.
    Image(ObjectName),
    /// A Network to appear, to become ready, or to have other addresses free or claimed.
    Network(ObjectName),
    /// The networks of the machine to be made on the cluster of this backend.
    NetworksOn(Arc<str>),
    /// A GanetiBackend that the machine is on to be changed by its administrator.
    Backend(Arc<str>),
    /// Room on any backend, for a machine that is not placed yet.
    Capacity,
    /// Room on the backend that the machine is on, after Ganeti had none.
    Room(Arc<str>),
}

/// Most machines that are woken when capacity changes: those that still do not fit wait on, and the rest has a timer.
const WOKEN_BY_CAPACITY: usize = 64;

/// Most machines that are woken when one leaves their backend: each tries again, which costs Ganeti a job.
const WOKEN_BY_ROOM: usize = 4;

/// The index from needs to machines.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    waiting: HashMap<Need, Line>,
}

/// Machines in the order in which they began to wait. Who was woken in vain goes to the end, so that all have their turn.
#[derive(Debug, Default)]
struct Line {
    machines: BTreeMap<u64, ObjectName>,
    places: HashMap<ObjectName, u64>,
    next: u64,
}

impl Line {
    fn join(&mut self, machine: ObjectName) {
        if !self.places.contains_key(&machine) {
            self.places.insert(machine.clone(), self.next);
            self.machines.insert(self.next, machine);
            self.next += 1;
        }
    }

    fn leave(&mut self, most: usize) -> Vec<ObjectName> {
        let mut left = Vec::new();
        while left.len() < most
            && let Some((_, machine)) = self.machines.pop_first()
        {
            self.places.remove(&machine);
            left.push(machine);
        }
        left
    }
}

impl Needs {
    /// A machine waits for something.
    pub(crate) fn wait(&mut self, need: Need, machine: ObjectName) {
        self.waiting.entry(need).or_default().join(machine);
    }

    /// The machines to wake, which no longer wait: each says anew what it needs.
    pub(crate) fn met(&mut self, need: &Need) -> Vec<ObjectName> {
        let most = match need {
            Need::Capacity => WOKEN_BY_CAPACITY,
            Need::Room(_) => WOKEN_BY_ROOM,
            _ => usize::MAX,
        };
        let Some(line) = self.waiting.get_mut(need) else { return Vec::new() };
        let woken = line.leave(most);
        if line.machines.is_empty() {
            self.waiting.remove(need);
        }
        woken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(number: usize) -> ObjectName {
        ObjectName::new("default", &format!("vm-{number}"))
    }

    #[test]
    fn all_have_their_turn() {
        let mut needs = Needs::default();
        let need = Need::Room("b".into());
        (0..10).for_each(|number| needs.wait(need.clone(), machine(number)));
        needs.wait(need.clone(), machine(3));
        let mut woken = Vec::new();
        for _ in 0..3 {
            for machine in needs.met(&need) {
                needs.wait(need.clone(), machine.clone());
                woken.push(machine);
            }
        }
        let wanted: Vec<_> = (0..10).chain(0..2).map(machine).collect();
        assert_eq!(woken, wanted);
    }

    #[test]
    fn what_appears_wakes_all_that_wait_for_it() {
        let mut needs = Needs::default();
        let need = Need::Flavor("small".into());
        (0..100).for_each(|number| needs.wait(need.clone(), machine(number)));
        assert_eq!(needs.met(&need).len(), 100);
        assert!(needs.met(&need).is_empty());
    }
}
