//! Machines by what blocks them.

use std::collections::BTreeMap;

use super::blocker::Blocker;
use crate::subject::Subject;

/// Machines that the same thing blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    /// The object that is in the way; `None` where it is each machine itself.
    pub(crate) on: Option<Subject>,
    /// What blocks the first of them.
    pub(crate) blocker: Blocker,
    /// The machines, by namespace and name.
    pub(crate) machines: Vec<Subject>,
}

/// Brings machines together that the same thing blocks: what stops most comes first.
pub(crate) fn by_cause(blocked: Vec<Blocker>) -> Vec<Cause> {
    let mut causes: BTreeMap<(Option<Subject>, String), Cause> = BTreeMap::new();
    for blocker in blocked {
        let machine = blocker.way[0].clone();
        let on = Some(blocker.on().clone()).filter(|on| *on != machine);
        let cause = causes.entry((on.clone(), blocker.reason.clone())).or_insert_with(|| Cause {
            on,
            blocker,
            machines: Vec::new(),
        });
        cause.machines.push(machine);
    }
    let mut causes: Vec<Cause> = causes.into_values().collect();
    causes.iter_mut().for_each(|cause| cause.machines.sort());
    // Stable: causes of the same weight stay in the order of their objects.
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.machines.len()));
    causes
}
