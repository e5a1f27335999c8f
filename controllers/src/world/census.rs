//! Instances of a cluster that no machine declares. They are counted and told, and never touched.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use cyclades_crds::backend::ORPHAN_NAMES_MAX;

use super::{World, usage::Usage};

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
}

impl World {
    /// Counts what no machine declares on a backend. It takes a look at each instance, so it is done once a reading.
    pub(crate) fn census(&self, backend: &str) -> Census {
        let Some(inventory) = self.backends.get(backend).map(|backend| &backend.inventory) else {
            return Census::default();
        };
        let mut census = Census::default();
        let mut names = BTreeSet::new();
        for (name, vcpus, memory_mib) in inventory.ours_but(|id| self.machines.by_id(id).is_some()) {
            census.orphans += 1;
            census.orphaned.memory_mib += memory_mib;
            census.orphaned.vcpus += u64::from(vcpus);
            names.insert(Arc::clone(name));
            if names.len() > ORPHAN_NAMES_MAX {
                names.pop_last();
            }
        }
        census.orphan_names = names.into_iter().collect();
        let mut others = inventory.not_ours().peekable();
        if others.peek().is_some() {
            let looked_at = self.looked_at(backend);
            let undeclared = others.filter(|name| !looked_at.contains(&***name)).count();
            census.undeclared = u32::try_from(undeclared).unwrap_or(u32::MAX);
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
