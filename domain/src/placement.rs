//! Placement: which backend a machine goes to.

use cyclades_crds::virtual_machine::Shape;

/// What is known of a backend when a machine is placed. Usage counts the shapes of all machines placed there, those
/// still being created included, and the instances that are not ours.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// Name of the GanetiBackend.
    pub name: &'a str,
    /// Why it takes no machine at the moment, where it does not.
    pub closed: Option<&'a str>,
    /// Enabled disk templates.
    pub disk_templates: &'a [String],
    /// Memory of its nodes, in MiB.
    pub memory_mib: u64,
    /// Memory in use, in MiB.
    pub memory_used_mib: u64,
    /// Disk of its nodes in MiB; 0 where Ganeti reports none, then disks are not counted.
    pub disk_mib: u64,
    /// Disk in use, in MiB.
    pub disk_used_mib: u64,
    /// Vcpus that may be placed: physical CPUs times the ratio.
    pub vcpus: u64,
    /// Vcpus in use.
    pub vcpus_used: u64,
}

/// What decides whether a backend takes new machines at all.
#[derive(Clone, Debug)]
pub struct Door<'a> {
    /// It is being deleted.
    pub deleting: bool,
    /// New machines stay away.
    pub drained: bool,
    /// Nothing is sent to its cluster.
    pub offline: bool,
    /// Why it cannot be worked with, as its conditions say.
    pub trouble: Option<&'a str>,
    /// Hypervisor that its machines are to have; the cluster's default where absent.
    pub hypervisor: Option<&'a str>,
    /// Hypervisors that are enabled in its cluster.
    pub enabled: &'a [String],
}

impl Door<'_> {
    /// Why it takes no new machine, where it does not.
    #[must_use]
    pub fn closed(&self) -> Option<String> {
        if self.deleting {
            return Some("is being deleted".to_owned());
        }
        if self.drained {
            return Some("is drained".to_owned());
        }
        if self.offline {
            return Some("is offline".to_owned());
        }
        if let Some(reason) = self.trouble {
            return Some(format!("is not ready ({reason})"));
        }
        let wanted = self.hypervisor.filter(|wanted| !self.enabled.iter().any(|it| it == wanted))?;
        Some(format!("hypervisor {wanted} is not enabled in its cluster"))
    }
}

/// The outcome of placing a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Name of the chosen backend; `None` where none fits.
    pub chosen: Option<String>,
    /// Each rejected backend with the reason, in the order given.
    pub rejected: Vec<(String, String)>,
}

impl Placement {
    /// One sentence: what was chosen or why nothing was.
    #[must_use]
    pub fn explain(&self) -> String {
        let rejected: Vec<String> =
            self.rejected.iter().map(|(name, why)| format!("{name}: {why}")).collect();
        match (&self.chosen, rejected.as_slice()) {
            (Some(name), []) => format!("Placed on {name}."),
            (Some(name), some) => format!("Placed on {name}; rejected {}.", some.join("; ")),
            (None, []) => {
                "No GanetiBackend exists: create one, and machines are placed as soon as it is Ready."
                    .to_owned()
            }
            (None, some) => format!("No backend fits: {}.", some.join("; ")),
        }
    }
}

/// Chooses the backend for a shape: those that do not fit are filtered out with a reason, the least loaded of the rest
/// wins, and `spread` (any number that differs from machine to machine) breaks ties.
#[must_use]
pub fn place(shape: &Shape, candidates: &[Candidate<'_>], spread: u64) -> Placement {
    let mut rejected = Vec::new();
    let mut fitting: Vec<(&Candidate<'_>, u64)> = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        match misfit(shape, candidate) {
            Some(why) => rejected.push((candidate.name.to_owned(), why)),
            None => fitting.push((candidate, load_per_million(shape, candidate))),
        }
    }
    let lowest = fitting.iter().map(|(_, load)| *load).min();
    let best: Vec<_> = fitting.iter().filter(|(_, load)| Some(*load) == lowest).collect();
    let at = usize::try_from(spread % best.len().max(1) as u64).unwrap_or(0);
    Placement { chosen: best.get(at).map(|(candidate, _)| candidate.name.to_owned()), rejected }
}

/// Why a shape does not fit a backend.
fn misfit(shape: &Shape, candidate: &Candidate<'_>) -> Option<String> {
    if let Some(why) = candidate.closed {
        return Some(why.to_owned());
    }
    if !candidate.disk_templates.contains(&shape.disk_template) {
        return Some(format!("disk template {} is not enabled", shape.disk_template));
    }
    let free = candidate.memory_mib.saturating_sub(candidate.memory_used_mib);
    if shape.memory_mib > free {
        return Some(format!(
            "needs {} MiB of memory, {free} of {} are free",
            shape.memory_mib, candidate.memory_mib
        ));
    }
    let free = candidate.disk_mib.saturating_sub(candidate.disk_used_mib);
    if candidate.disk_mib > 0 && shape.disk_mib > free {
        return Some(format!(
            "needs {} MiB of disk, {free} of {} are free",
            shape.disk_mib, candidate.disk_mib
        ));
    }
    let free = candidate.vcpus.saturating_sub(candidate.vcpus_used);
    if u64::from(shape.vcpus) > free {
        return Some(format!("needs {} vcpus, {free} of {} are free", shape.vcpus, candidate.vcpus));
    }
    None
}

/// Load of a backend with the machine on it, in millionths: half CPU, half memory and disk. The weights are those of
/// Synnefo's allocator, over what is placed instead of what a node happens to report.
fn load_per_million(shape: &Shape, candidate: &Candidate<'_>) -> u64 {
    let share = |used: u64, more: u64, total: u64| {
        (used + more).saturating_mul(1_000_000).checked_div(total).unwrap_or(0)
    };
    let cpu = share(candidate.vcpus_used, shape.vcpus.into(), candidate.vcpus);
    let memory = share(candidate.memory_used_mib, shape.memory_mib, candidate.memory_mib);
    let disk = share(candidate.disk_used_mib, shape.disk_mib, candidate.disk_mib);
    cpu / 2 + (memory + disk) / 4
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use proptest::prelude::*;

    static TEMPLATES: LazyLock<[String; 1]> = LazyLock::new(|| ["diskless".to_owned()]);

    fn shape(memory_mib: u64) -> Shape {
        Shape { vcpus: 1, memory_mib, disk_mib: 0, disk_template: "diskless".into() }
    }

    fn candidate(name: &str, memory_used_mib: u64) -> Candidate<'_> {
        Candidate {
            name,
            closed: None,
            disk_templates: &*TEMPLATES,
            memory_mib: 4096,
            memory_used_mib,
            disk_mib: 0,
            disk_used_mib: 0,
            vcpus: 64,
            vcpus_used: 0,
        }
    }

    #[test]
    fn a_door_says_why_it_is_closed() {
        let enabled = ["kvm".to_owned()];
        let open = Door {
            deleting: false,
            drained: false,
            offline: false,
            trouble: None,
            hypervisor: None,
            enabled: &enabled,
        };
        assert_eq!(open.closed(), None);
        let closed = |door: Door<'_>| door.closed().unwrap();
        assert_eq!(closed(Door { deleting: true, drained: true, ..open.clone() }), "is being deleted");
        assert_eq!(closed(Door { drained: true, ..open.clone() }), "is drained");
        assert_eq!(
            closed(Door { trouble: Some("Unreachable"), ..open.clone() }),
            "is not ready (Unreachable)"
        );
        let xen = Door { hypervisor: Some("xen-hvm"), ..open };
        assert_eq!(closed(xen), "hypervisor xen-hvm is not enabled in its cluster");
    }

    #[test]
    fn the_freer_backend_wins() {
        let placement = place(&shape(512), &[candidate("a", 2048), candidate("b", 0)], 7);
        assert_eq!(placement.chosen.as_deref(), Some("b"));
    }

    #[test]
    fn every_rejection_has_its_reason() {
        let drained = Candidate { closed: Some("drained"), ..candidate("a", 0) };
        let placement = place(&shape(512), &[drained, candidate("b", 3900)], 0);
        assert_eq!(
            placement.explain(),
            "No backend fits: a: drained; b: needs 512 MiB of memory, 196 of 4096 are free."
        );
    }

    #[test]
    fn a_template_that_is_not_enabled_does_not_fit_even_diskless() {
        for template in ["file", "diskless"] {
            let without = Candidate { disk_templates: &[], ..candidate("a", 0) };
            let placement = place(&Shape { disk_template: template.into(), ..shape(4) }, &[without], 0);
            let expected = format!("No backend fits: a: disk template {template} is not enabled.");
            assert_eq!(placement.explain(), expected);
        }
    }

    #[test]
    fn ties_spread() {
        let both = [candidate("a", 0), candidate("b", 0)];
        let chosen: std::collections::BTreeSet<_> =
            (0..2).filter_map(|n| place(&shape(4), &both, n).chosen).collect();
        assert_eq!(chosen.len(), 2);
    }

    proptest! {
        #[test]
        fn what_is_chosen_fits(memory in 1u64..8192, used in proptest::collection::vec(0u64..5000, 0..6), spread in any::<u64>()) {
            let names: Vec<String> = (0..used.len()).map(|n| format!("b{n}")).collect();
            let candidates: Vec<_> = names.iter().zip(&used).map(|(name, used)| candidate(name, *used)).collect();
            let placement = place(&shape(memory), &candidates, spread);
            match placement.chosen {
                Some(name) => {
                    let chosen = candidates.iter().find(|c| c.name == name).unwrap();
                    prop_assert!(chosen.memory_used_mib + memory <= chosen.memory_mib);
                }
                None => prop_assert!(candidates.iter().all(|c| c.memory_used_mib + memory > c.memory_mib)),
            }
        }
    }
}
