//! What a machine has beside the shape of its flavor: hypervisor parameters, and disks of its own.

use std::{collections::BTreeMap, sync::Arc};

use cyclades_crds::virtual_machine::DriftPolicy;

use crate::reason::JobStep;

/// A disk of a machine's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Its name.
    pub name: Box<str>,
    /// Its size in MiB. In a status, 0 for one that was removed in Ganeti.
    pub size_mib: u64,
}

/// What a machine has beside the shape of its flavor: as declared, as brought about, or as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// Hypervisor parameters.
    pub parameters: BTreeMap<Box<str>, Box<str>>,
    /// Disks beside the root disk, in their order.
    pub disks: Vec<Disk>,
}

/// Whether Ganeti can plug disks into a running guest of this hypervisor: it has that for one alone.
#[must_use]
pub fn can_plug(hypervisor: &str) -> bool {
    hypervisor == "kvm"
}

/// An instance without anything.
static NONE: Extras = Extras { parameters: BTreeMap::new(), disks: Vec::new() };

impl Extras {
    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parameters.is_empty() && self.disks.is_empty()
    }

    /// A hypervisor parameter.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(|value| &**value)
    }

    /// Size of a disk in MiB.
    #[must_use]
    pub fn disk(&self, name: &str) -> Option<u64> {
        self.disks.iter().find(|disk| &*disk.name == name).map(|disk| disk.size_mib)
    }

    /// What all disks need, in MiB.
    #[must_use]
    pub fn disk_mib(&self) -> u64 {
        self.disks.iter().map(|disk| disk.size_mib).sum()
    }
}

/// Whether Ganeti shows a parameter as it was asked for: it keeps types, so that `True` is shown as `true`.
fn is(shown: Option<&str>, wanted: Option<&str>) -> bool {
    match (shown, wanted) {
        (None, None) => true,
        (Some(shown), Some(wanted)) => {
            let number = |text: &str| text.trim().parse::<i64>().ok();
            shown == wanted
                || (matches!(shown, "true" | "false") && shown.eq_ignore_ascii_case(wanted.trim()))
                || number(shown).is_some_and(|shown| number(wanted) == Some(shown))
        }
        _ => false,
    }
}

/// What is declared, what of it was brought about, and what the instance has.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'a> {
    wanted: &'a Extras,
    applied: &'a Extras,
    has: &'a Extras,
    corrects: bool,
}

/// What differs, as far as something is to be done about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Parameters to be set; `None` for the cluster's default.
    pub parameters: BTreeMap<Box<str>, Option<Box<str>>>,
    /// Disks to be made.
    pub missing: Vec<Disk>,
    /// Disks to be grown, with their index among the instance's disks.
    pub small: Vec<(usize, Disk)>,
}

impl Due {
    /// The job that makes it less; `None` where nothing is due.
    #[must_use]
    pub fn step(&self) -> Option<JobStep> {
        let parameters = (!self.parameters.is_empty()).then_some(JobStep::Modify);
        parameters.or_else(|| self.live_step())
    }

    /// The job that makes it less and may be done while the guest runs, where its hypervisor can.
    #[must_use]
    pub fn live_step(&self) -> Option<JobStep> {
        let add = (!self.missing.is_empty()).then_some(JobStep::AddDisk);
        add.or_else(|| (!self.small.is_empty()).then_some(JobStep::GrowDisk))
    }

    /// Index and wanted size in MiB of the disk that is grown first.
    #[must_use]
    pub fn first_small(&self) -> (usize, u64) {
        self.small.first().map_or((0, 0), |(at, disk)| (*at, disk.size_mib))
    }

    /// Whether an instance shows that a job of this kind was done.
    #[must_use]
    pub fn is_shown(&self, job: JobStep, has: Option<&Extras>) -> bool {
        let has = has.unwrap_or(&NONE);
        let large = |disk: &Disk| has.disk(&disk.name).is_some_and(|size| size >= disk.size_mib);
        match job {
            JobStep::Modify => {
                self.parameters.iter().all(|(name, value)| is(has.parameter(name), value.as_deref()))
            }
            JobStep::AddDisk => self.missing.iter().all(large),
            JobStep::GrowDisk => self.small.first().is_none_or(|(_, disk)| large(disk)),
            _ => true,
        }
    }

    /// What an instance has after a job of this kind.
    #[must_use]
    pub fn after(&self, job: JobStep, before: Option<&Extras>) -> Option<Arc<Extras>> {
        let mut extras = before.cloned().unwrap_or_default();
        match job {
            JobStep::Modify => {
                for (name, value) in &self.parameters {
                    match value {
                        Some(value) => extras.parameters.insert(name.clone(), value.clone()),
                        None => extras.parameters.remove(name),
                    };
                }
            }
            JobStep::AddDisk => extras.disks.extend(self.missing.iter().cloned()),
            _ => {
                for (_, grown) in self.small.iter().take(1) {
                    let same = extras.disks.iter_mut().filter(|disk| disk.name == grown.name);
                    same.for_each(|disk| disk.size_mib = grown.size_mib);
                }
            }
        }
        (!extras.is_empty()).then(|| Arc::new(extras))
    }

    /// The changes in words.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let parameters = self.parameters.iter().map(|(name, value)| match value {
            Some(value) => format!("hypervisor parameter {name} becomes {value:?}"),
            None => format!("hypervisor parameter {name} becomes the cluster's default"),
        });
        let missing =
            self.missing.iter().map(|disk| format!("disk {} of {} MiB is added", disk.name, disk.size_mib));
        let small =
            self.small.iter().map(|(_, disk)| format!("disk {} grows to {} MiB", disk.name, disk.size_mib));
        parameters.chain(missing).chain(small).collect()
    }
}

impl<'a> Compared<'a> {
    /// Compares. What is `None` has, or asks for, nothing.
    #[must_use]
    pub fn new(
        wanted: Option<&'a Extras>,
        applied: Option<&'a Extras>,
        has: Option<&'a Extras>,
        policy: DriftPolicy,
    ) -> Self {
        Self {
            wanted: wanted.unwrap_or(&NONE),
            applied: applied.unwrap_or(&NONE),
            has: has.unwrap_or(&NONE),
            corrects: policy == DriftPolicy::Correct,
        }
    }

    /// Parameters that are the machine's business: declared now, or before.
    fn names(&self) -> impl Iterator<Item = &'a Box<str>> + '_ {
        let before = self.applied.parameters.keys();
        let (wanted, gone) =
            (&self.wanted.parameters, before.filter(|name| !self.wanted.parameters.contains_key(*name)));
        wanted.keys().chain(gone)
    }

    /// Whether a parameter is declared otherwise than it was brought about: a wish, and no drift.
    fn is_wish(&self, name: &str) -> bool {
        self.wanted.parameters.get(name) != self.applied.parameters.get(name)
    }

    /// What is to be done: what the spec asks for anew, and what was changed elsewhere where that is corrected.
    #[must_use]
    pub fn due(&self) -> Due {
        let (wanted, has) = (self.wanted, self.has);
        let parameters = self
            .names()
            .filter(|name| !is(has.parameter(name), wanted.parameter(name)))
            .filter(|name| self.corrects || self.is_wish(name))
            .map(|name| (name.clone(), wanted.parameters.get(name).cloned()))
            .collect();
        let mut due = Due { parameters, ..Due::default() };
        for disk in &wanted.disks {
            let applied = self.applied.disk(&disk.name);
            let at = has.disks.iter().position(|other| other.name == disk.name);
            match at.and_then(|at| Some((at, has.disks.get(at)?))) {
                None if self.corrects || applied.is_none() => due.missing.push(disk.clone()),
                Some((at, other))
                    if other.size_mib < disk.size_mib
                        && (self.corrects || applied != Some(disk.size_mib)) =>
                {
                    // The root disk is the first.
                    due.small.push((at + 1, disk.clone()));
                }
                _ => {}
            }
        }
        due
    }

    /// What differs and nothing is done about, in words. `all`: nothing is done about anything.
    #[must_use]
    pub fn drift(&self, all: bool) -> Vec<String> {
        let (wanted, has) = (self.wanted, self.has);
        let due = if all { Due::default() } else { self.due() };
        let shown =
            |value: Option<&str>| value.map_or("the default".to_owned(), |value| format!("{value:?}"));
        let mut words: Vec<String> = self
            .names()
            .filter(|name| !is(has.parameter(name), wanted.parameter(name)))
            .filter(|name| !due.parameters.contains_key(*name))
            .map(|name| {
                let (wanted, has) = (wanted.parameter(name), has.parameter(name));
                format!("hypervisor parameter {name}: declared {}, Ganeti has {}", shown(wanted), shown(has))
            })
            .collect();
        let missing = |name: &str| due.missing.iter().any(|disk| &*disk.name == name);
        let small = |name: &str| due.small.iter().any(|(_, disk)| &*disk.name == name);
        for Disk { name, size_mib } in &wanted.disks {
            match has.disk(name) {
                None if !missing(name) => {
                    words.push(format!("disk {name}: declared {size_mib} MiB, Ganeti has none"))
                }
                Some(other) if other != *size_mib && !small(name) => {
                    words.push(format!("disk {name}: declared {size_mib} MiB, Ganeti has {other} MiB"));
                }
                _ => {}
            }
        }
        let undeclared = has.disks.iter().filter(|disk| wanted.disk(&disk.name).is_none());
        words.extend(
            undeclared
                .map(|disk| format!("disk {}: not declared, Ganeti has {} MiB", disk.name, disk.size_mib)),
        );
        words
    }

    /// What is brought about now, for the status. What was changed elsewhere is no less brought about, but for disks that
    /// were removed.
    #[must_use]
    pub fn brought_about(&self) -> Extras {
        let (wanted, applied, has) = (self.wanted, self.applied, self.has);
        let parameters = self.names().filter_map(|name| {
            let reached = is(has.parameter(name), wanted.parameter(name));
            let value = if reached { wanted.parameters.get(name) } else { applied.parameters.get(name) };
            Some((name.clone(), value?.clone()))
        });
        let disks = wanted.disks.iter().filter_map(|disk| {
            let applied = applied.disk(&disk.name);
            let size_mib = match has.disk(&disk.name) {
                None => applied.map(|_| 0),
                Some(size) if size == disk.size_mib => Some(size),
                // One that was there before it was declared, or is there again.
                Some(size) => applied.filter(|applied| *applied != 0).or(Some(size)),
            };
            Some(Disk { name: disk.name.clone(), size_mib: size_mib? })
        });
        Extras { parameters: parameters.collect(), disks: disks.collect() }
    }
}
