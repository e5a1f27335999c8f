//! Instances of a cluster that no machine declares. They are counted and told, and never touched.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use cyclades_crds::backend::ORPHAN_NAMES_MAX;

use super::{World, inventory::Counted, usage::Usage};

/// What no machine declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Census {
    /// Number of instances that are not ours by their tags, and that no machine looks at.
    pub(crate) undeclared: u32,
    /// Number of instances that are ours by their tags, and whose machine does not exist.
    pub(crate) orphans: u32,
    /// Names of some of the latter, in order: at most [`ORPHAN_NAMES_MAX`].
    pub(crate) orphan_names: Vec<Arc<str>>,
    /// What those use.
    pub(crate) orphaned: Usage,
    /// What instances use that are not ours, and that machines look at: it is counted with the machines as well.
    pub(crate) looked_at: Usage,
}

impl Usage {
    fn count(&mut self, instance: Counted<'_>) {
        self.memory_mib += instance.memory_mib;
        self.vcpus += u64::from(instance.vcpus);
    }
}

impl World {
    /// Counts what no machine declares on a backend. It takes a look at each instance, so it is done once a reading.
    pub(crate) fn census(&self, backend: &str) -> Census {
        let Some(inventory) = self.backends.get(backend).map(|backend| &backend.inventory) else {
            return Census::default();
        };
        let mut census = Census::default();
        let mut names = BTreeSet::new();
        for orphan in inventory.ours_but(|id| self.machines.by_id(id).is_some()) {
            census.orphans += 1;
            census.orphaned.count(orphan);
            names.insert(Arc::clone(orphan.name));
            if names.len() > ORPHAN_NAMES_MAX {
                names.pop_last();
            }
        }
        census.orphan_names = names.into_iter().collect();
        let mut others = inventory.not_ours().peekable();
        if others.peek().is_some() {
            let names = self.looked_at(backend);
            for other in others {
                match names.contains(other.name.as_ref()) {
                    true => census.looked_at.count(other),
                    false => census.undeclared += 1,
                }
            }
        }
        census
    }

    /// Instances of a backend that machines name to be looked at or taken over.
    fn looked_at(&self, backend: &str) -> HashSet<&str> {
        let machines = self.machines.on_backend(backend).filter_map(|key| self.machines.get(key));
        machines.filter_map(|machine| machine.adopt.as_deref()).collect()
    }

    /// Notes what was counted; whether it is something new.
    pub(crate) fn take_census(&mut self, backend: &str) -> bool {
        let census = self.census(backend);
        let Some(backend) = self.backends.get_mut(backend) else { return false };
        let is_new = backend.census.as_ref() != Some(&census);
        backend.census = Some(census);
        is_new
    }
}
