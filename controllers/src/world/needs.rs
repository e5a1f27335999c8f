//! Which machines wait for what, so that what appears wakes exactly those.

use std::{
    collections::{HashMap, HashSet},
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
    waiting: HashMap<Need, HashSet<ObjectName>>,
}

impl Needs {
    /// A machine waits for something.
    pub(crate) fn wait(&mut self, need: Need, machine: ObjectName) {
        self.waiting.entry(need).or_default().insert(machine);
    }

    /// The machines to wake, which no longer wait: each says anew what it needs.
    pub(crate) fn met(&mut self, need: &Need) -> Vec<ObjectName> {
        let most = match need {
            Need::Capacity => WOKEN_BY_CAPACITY,
            Need::Room(_) => WOKEN_BY_ROOM,
            _ => return self.waiting.remove(need).into_iter().flatten().collect(),
        };
        let Some(machines) = self.waiting.get_mut(need) else { return Vec::new() };
        let woken: Vec<_> = machines.iter().take(most).cloned().collect();
        for machine in &woken {
            machines.remove(machine);
        }
        woken
    }
}
