//! Where an instance fits.

use crate::opcode::{OpError, ecode};
use crate::state::{FilledBe, Group, Node, State};

/// What an instance would need of a node.
pub(super) struct Need<'a> {
    pub name: &'a str,
    /// Uuids of the networks it is in.
    pub networks: Vec<&'a str>,
    pub memory_mib: u64,
    pub vcpus: u64,
    pub disk_mib: u64,
}

/// Chooses the node with the most memory to give, as the default allocator does in effect.
pub(super) fn allocate(state: &State, need: &Need<'_>, group: Option<usize>) -> Result<usize, OpError> {
    check_connected(state, need, group)?;
    let candidates = || {
        let all = state.nodes.iter().enumerate();
        all.filter(|(_, node)| node.is_usable() && group.is_none_or(|group| node.group == group))
    };
    let fitting = candidates().filter(|(_, node)| lack(state, node, need).is_none());
    // The first of several equal ones.
    let best = fitting.max_by_key(|(index, node)| (node.allocatable_mib(), std::cmp::Reverse(*index)));
    best.map(|(index, _)| index).ok_or_else(|| {
        let mut reasons = std::collections::BTreeMap::<&str, u32>::new();
        for (_, node) in candidates() {
            *reasons.entry(lack(state, node, need).unwrap_or("FailMem")).or_default() += 1;
        }
        let reasons: Vec<_> =
            reasons.into_iter().map(|(reason, count)| format!("{reason}: {count}")).collect();
        let group = group.and_then(|group| state.groups.get(group)).or(state.groups.first());
        let name = group.map_or("default", |group| group.name.as_str());
        let text = format!(
            "Can't compute nodes using iallocator '{}': Request failed: Group {name} (preferred): No valid \
             allocation solutions, failure reasons: {}",
            state.cluster.iallocator,
            reasons.join(", ")
        );
        OpError::prereq(text, ecode::NORES)
    })
}

/// Refuses an instance in a network that no group to be considered is connected to.
fn check_connected(state: &State, need: &Need<'_>, group: Option<usize>) -> Result<(), OpError> {
    let groups =
        state.groups.iter().enumerate().filter(|(index, _)| group.is_none_or(|wanted| wanted == *index));
    let mut groups = groups.map(|(_, group)| group);
    let connected = |group: &Group| need.networks.iter().all(|uuid| group.networks.contains_key(*uuid));
    if groups.clone().any(|group| connected(group)) {
        return Ok(());
    }
    let text = format!(
        "Can't compute nodes using iallocator '{}': Request failed: group {} is not connected to a network required \
         by instance {}",
        state.cluster.iallocator,
        groups.next().map_or("", |group| group.name.as_str()),
        need.name
    );
    Err(OpError::prereq(text, ecode::NORES))
}

/// Why a node does not have what is needed, in the allocator's word.
fn lack(state: &State, node: &Node, need: &Need<'_>) -> Option<&'static str> {
    #[allow(clippy::cast_precision_loss)]
    let vcpus = (node.usage.vcpus + need.vcpus) as f64 / node.cpus.max(1) as f64;
    if need.memory_mib > node.allocatable_mib() {
        Some("FailMem")
    } else if need.disk_mib > node.free_disk_mib() {
        Some("FailDisk")
    } else if vcpus > state.cluster.vcpu_ratio {
        Some("FailCPU")
    } else {
        None
    }
}

/// Whether the node has the memory for a guest right now.
pub(super) fn check_free_memory(
    state: &State,
    node: usize,
    reason: &str,
    needed: u64,
) -> Result<(), OpError> {
    let Some(node) = state.nodes.get(node) else { return Ok(()) };
    let available = node.free_mib();
    if needed <= available {
        return Ok(());
    }
    let name = &node.name;
    let text = format!(
        "Not enough memory on node {name} for {reason}: needed {needed} MiB, available {available} MiB"
    );
    Err(OpError::prereq(text, ecode::NORES))
}

/// What of an instance the group's policy forbids.
pub(super) fn violations(state: &State, be: &FilledBe, disks_mib: &[u64], nics: usize) -> Vec<String> {
    let range = &state.cluster.ipolicy["minmax"][0];
    let mut values = vec![
        ("memory-size", "memory-size".to_owned(), be.maxmem),
        ("cpu-count", "cpu-count".to_owned(), be.vcpus),
        ("nic-count", "nic-count".to_owned(), nics as u64),
        ("spindle-use", "spindle-use".to_owned(), be.spindle_use),
    ];
    let sizes = disks_mib.iter().enumerate();
    values.extend(sizes.map(|(index, size)| ("disk-size", format!("disk-size/{index}"), *size)));
    if !disks_mib.is_empty() {
        values.push(("disk-count", "disk-count".to_owned(), disks_mib.len() as u64));
    }
    let bound = |side: &str, key: &str| range[side][key].as_u64();
    values
        .into_iter()
        .filter_map(|(key, shown, value)| {
            let (least, most) = (bound("min", key).unwrap_or(0), bound("max", key).unwrap_or(u64::MAX));
            let outside = value < least || value > most;
            outside.then(|| format!("{shown} value {value} is not in range [{least}, {most}]"))
        })
        .collect()
}
