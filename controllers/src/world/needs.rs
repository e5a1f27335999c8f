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
    /// Room on any backend.
    Capacity,
}

/// Most machines that are woken when capacity changes: those that still do not fit wait on, and the rest has a timer.
const WOKEN_BY_CAPACITY: usize = 64;

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
        if *need != Need::Capacity {
            return self
                .waiting
                .remove(need)
                .map(|machines| machines.into_iter().collect())
                .unwrap_or_default();
        }
        let Some(machines) = self.waiting.get_mut(need) else { return Vec::new() };
        let woken: Vec<_> = machines.iter().take(WOKEN_BY_CAPACITY).cloned().collect();
        for machine in &woken {
            machines.remove(machine);
        }
        woken
    }
}
