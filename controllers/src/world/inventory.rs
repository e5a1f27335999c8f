//! The instances of a cluster as last read, and how sure we are that one is not there.

mod record;
mod snapshot;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use cyclades_domain::{
    inventory::{Credibility, POLLS_BEFORE_ABSENT, judge},
    naming::{Owner, owner},
    power::Power,
    vm::{Instance, Presence, can_plug},
};
use uuid::Uuid;

use self::record::{Record, extras, user_tags};
pub(crate) use self::snapshot::{Changes, Snapshot};
use super::{
    rows::{InstanceRow, LeanRow, StatusRow},
    usage::Usage,
};

/// A machine's instance that should exist and is not shown.
#[derive(Debug)]
struct Absence {
    name: Arc<str>,
    polls: u8,
    confirmed: bool,
}

/// The instances of a cluster.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    by_name: HashMap<Arc<str>, Record>,
    ours: HashMap<Uuid, Arc<str>>,
    twice: HashSet<Uuid>,
    absences: HashMap<Uuid, Absence>,
    /// Instances that are nobody's, and the machines that look at them.
    watched: HashMap<Arc<str>, Uuid>,
    undeclared: Usage,
    mark: u32,
    /// A credible snapshot with live status has been read.
    pub(crate) synced: bool,
}

/// An instance, as it is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted<'a> {
    /// Its name.
    pub(crate) name: &'a Arc<str>,
    /// Its virtual CPUs.
    pub(crate) vcpus: u32,
    /// Its memory in MiB.
    pub(crate) memory_mib: u64,
}

impl<'a> Counted<'a> {
    fn of((name, record): (&'a Arc<str>, &Record)) -> Self {
        Self { name, vcpus: record.vcpus, memory_mib: record.memory_mib }
    }
}

/// Whether a row tells anything new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Notice {
    Known,
    News,
}

impl Inventory {
    /// Starts a snapshot; rows follow by [`Inventory::show`], and [`Inventory::close`] ends it.
    pub(crate) fn open(&mut self) -> Snapshot {
        self.mark = self.mark.wrapping_add(1);
        Snapshot::default()
    }

    /// Starts a reading of some instances, which says nothing about the others.
    pub(crate) fn reopen(&self) -> Snapshot {
        Snapshot::default()
    }

    /// Takes a whole row, of a first reading or of a refresh.
    pub(crate) fn show(&mut self, snapshot: &mut Snapshot, row: &InstanceRow<'_>, cluster_id: &str) {
        if self.notice(snapshot, &row.lean) == Notice::News {
            self.store(row, cluster_id, &mut snapshot.changes);
        }
    }

    /// Takes a row without tags. What is new or changed is to be read whole.
    pub(crate) fn show_lean(&mut self, snapshot: &mut Snapshot, row: &LeanRow<'_>) {
        if self.notice(snapshot, row) == Notice::News {
            snapshot.changes.to_refresh.push(Arc::from(&*row.name));
        }
    }

    /// Notes that an instance was shown; whether the row tells anything new.
    fn notice(&mut self, snapshot: &mut Snapshot, row: &LeanRow<'_>) -> Notice {
        let mark = self.mark;
        let Some(record) = self.by_name.get_mut(&*row.name) else { return Notice::News };
        snapshot.repeated |= record.mark == mark;
        record.mark = mark;
        record.missing = 0;
        // A snapshot that was asked for before a job ended may arrive after the reading that the job's end caused.
        let outdated = *record.uuid == *row.uuid && row.serial_no < record.serial;
        if outdated || record.is(row) { Notice::Known } else { Notice::News }
    }

    fn store(&mut self, row: &InstanceRow<'_>, cluster_id: &str, changes: &mut Changes) {
        let owner = owner(cluster_id, row.tags.iter());
        let (user_tags, extras, boot) = (user_tags(row), extras(row, owner), row.boot.clone());
        let can_plug = can_plug(&row.hypervisor);
        let row = &row.lean;
        let before = self.forget(&row.name);
        let same = before.as_ref().is_some_and(|before| *before.uuid == *row.uuid);
        let record = Record {
            uuid: Arc::from(&*row.uuid),
            serial: row.serial_no,
            node: match &before {
                Some(before) if *before.node == *row.node => Arc::clone(&before.node),
                _ => Arc::from(&*row.node),
            },
            owner,
            vcpus: u32::try_from(row.vcpus).unwrap_or(u32::MAX),
            memory_mib: row.memory_mib,
            disk_mib: row.disk_mib(),
            user_tags,
            boot,
            extras,
            can_plug,
            power: before.as_ref().filter(|_| same).and_then(|before| before.power),
            doubt: None,
            mark: self.mark,
            missing: 0,
        };
        let name: Arc<str> = Arc::from(&*row.name);
        match owner {
            Owner::Ours(id) => {
                self.absences.remove(&id);
                if let Some(other) = self.ours.insert(id, Arc::clone(&name)).filter(|other| *other != name) {
                    self.also_named(id, &other, &record.uuid);
                }
                changes.without_status |= record.power.is_none();
                changes.machines.push(id);
            }
            Owner::Another | Owner::Nobody => {
                self.undeclared.memory_mib += record.memory_mib;
                self.undeclared.vcpus += u64::from(record.vcpus);
                changes.machines.extend(self.watched.get(&name));
            }
        }
        self.by_name.insert(name, record);
    }

    /// A machine's instance had another name before. One of the same UUID was renamed: the old name is no instance any
    /// more, and nobody need look for it.
    fn also_named(&mut self, id: Uuid, other: &Arc<str>, uuid: &str) {
        match self.by_name.get(other).map(|record| *record.uuid == *uuid) {
            Some(true) => drop(self.forget(other)),
            Some(false) => drop(self.twice.insert(id)),
            None => {}
        }
    }

    /// Takes a record out of all indexes.
    fn forget(&mut self, name: &str) -> Option<Record> {
        let record = self.by_name.remove(name)?;
        match record.owner {
            Owner::Ours(id) => {
                if self.ours.get(&id).is_some_and(|other| **other == *name) {
                    self.ours.remove(&id);
                }
                self.twice.remove(&id);
            }
            Owner::Another | Owner::Nobody => {
                self.undeclared.memory_mib = self.undeclared.memory_mib.saturating_sub(record.memory_mib);
                self.undeclared.vcpus = self.undeclared.vcpus.saturating_sub(record.vcpus.into());
            }
        }
        Some(record)
    }

    /// Ends a snapshot: what it did not show is missing, if the snapshot may be believed at all. `leaving`: instances
    /// that our own jobs are removing, whose absence is no surprise.
    pub(crate) fn close(&mut self, snapshot: Snapshot, leaving: &HashSet<Arc<str>>) -> Changes {
        let Snapshot { repeated, mut changes } = snapshot;
        let known = self.by_name.len() + self.absences.values().filter(|absence| !absence.confirmed).count();
        self.count_missing(leaving, &mut changes);
        let missing = changes.missing;
        if judge(known, missing, repeated) == Credibility::Implausible {
            changes.implausible = Some(if repeated {
                "it names an instance twice".to_owned()
            } else {
                format!("{missing} of {known} known instances are missing")
            });
        }
        changes
    }

    /// What two snapshots in a row did not show is to be read directly, whether they were credible or not: a direct
    /// read is the proof, and it is also how an implausible but true inventory becomes credible.
    fn count_missing(&mut self, leaving: &HashSet<Arc<str>>, changes: &mut Changes) {
        let mark = self.mark;
        for (name, record) in self.by_name.iter_mut().filter(|(_, record)| record.mark != mark) {
            if leaving.contains(name) {
                continue;
            }
            changes.missing += 1;
            record.missing = record.missing.saturating_add(1);
            if record.missing >= POLLS_BEFORE_ABSENT {
                let id = if let Owner::Ours(id) = record.owner { id } else { Uuid::nil() };
                changes.to_verify.push((id, Arc::clone(name)));
            }
        }
        for (id, absence) in self.absences.iter_mut().filter(|(_, absence)| !absence.confirmed) {
            changes.missing += 1;
            absence.polls = absence.polls.saturating_add(1);
            if absence.polls >= POLLS_BEFORE_ABSENT {
                changes.to_verify.push((*id, Arc::clone(&absence.name)));
            }
        }
        changes.to_verify.sort_unstable();
    }

    /// A direct read, or our own remove job, has shown that an instance does not exist.
    pub(crate) fn confirm_absent(&mut self, id: Uuid, name: &Arc<str>) {
        self.forget(name);
        if !id.is_nil() {
            self.absences.insert(id, Absence { name: Arc::clone(name), polls: 0, confirmed: true });
        }
    }

    /// Whether that was shown for a machine's instance.
    pub(crate) fn is_proved_absent(&self, id: Uuid) -> bool {
        self.absences.get(&id).is_some_and(|absence| absence.confirmed)
    }

    /// Our own job has taken our tags off an instance: it stays, and is nobody's.
    pub(crate) fn let_go(&mut self, id: Uuid, name: &Arc<str>) {
        if let Some(record) = self.by_name.get_mut(name).filter(|record| record.owner == Owner::Ours(id)) {
            record.owner = Owner::Nobody;
            self.undeclared.memory_mib += record.memory_mib;
            self.undeclared.vcpus += u64::from(record.vcpus);
            self.ours.remove(&id);
        }
        self.absences.insert(id, Absence { name: Arc::clone(name), polls: 0, confirmed: true });
    }

    /// A machine's instance should exist and is not shown: have it looked for.
    pub(crate) fn suspect(&mut self, id: Uuid, name: Arc<str>) {
        if !self.ours.contains_key(&id) {
            self.absences.entry(id).or_insert(Absence { name, polls: 0, confirmed: false });
        }
    }

    /// A machine is gone from Kubernetes: whether its instance is absent matters no more.
    pub(crate) fn stop_suspecting(&mut self, id: Uuid) {
        self.watched.retain(|_, machine| *machine != id);
        self.absences.remove(&id);
    }

    /// Takes a live status; returns the machine where it changed what is believed. `crashed`: whether a machine's status
    /// says that it has crashed, which was believed before us and need not be proved again.
    pub(crate) fn take_status(
        &mut self,
        row: &StatusRow<'_>,
        at_once: bool,
        crashed: impl Fn(Uuid) -> bool,
    ) -> Option<Uuid> {
        let record = self.by_name.get_mut(&*row.name)?;
        let sample = Power::from_ganeti(&row.status);
        let known = || match record.owner {
            Owner::Ours(id) => crashed(id),
            // It is only shown.
            _ => true,
        };
        let believed = at_once
            || sample.is_settled()
            || record.doubt == Some(sample)
            || (sample == Power::Crashed && record.power.is_none() && known());
        record.doubt = (!believed).then_some(sample);
        // A machine that was never looked at before is not called crashed on one sample either.
        let power = if believed { sample } else { record.power.unwrap_or(Power::Unknown) };
        let changed = record.power != Some(power);
        record.power = Some(power);
        match record.owner {
            Owner::Ours(id) if changed => Some(id),
            _ if changed => self.watched.get(&*row.name).copied(),
            _ => None,
        }
    }

    /// Whether the machine's instance exists here.
    pub(crate) fn presence(&self, id: Uuid, wanted_name: &str, was_created: bool) -> Presence {
        if let Some(name) = self.ours.get(&id) {
            if self.twice.contains(&id) {
                return Presence::Duplicate { elsewhere: "the same cluster".into() };
            }
            return self.instance(name).map_or(Presence::Unknown, Presence::Present);
        }
        if !self.synced {
            return Presence::Unknown;
        }
        match self.absences.get(&id) {
            Some(absence) if absence.confirmed => Presence::Absent,
            _ => match self.by_name.get_key_value(wanted_name) {
                // Also one that was ours: whoever took our tags off it has let it go.
                Some((name, _)) => Presence::NameTaken { name: Arc::clone(name) },
                None if was_created => Presence::Unknown,
                None => Presence::Absent,
            },
        }
    }

    fn instance(&self, name: &Arc<str>) -> Option<Instance> {
        let record = self.by_name.get(name).filter(|record| record.missing < POLLS_BEFORE_ABSENT)?;
        Some(Instance {
            name: Arc::clone(name),
            uuid: Arc::clone(&record.uuid),
            node: Arc::clone(&record.node),
            power: record.power?,
            vcpus: record.vcpus,
            memory_mib: record.memory_mib,
            disk_mib: record.disk_mib,
            boot: record.boot.clone(),
            extras: record.extras.clone(),
            can_plug: record.can_plug,
            half_made: false,
        })
    }

    /// The instance that a machine is to look at or take over. Only one that is nobody's may be.
    pub(crate) fn orphan(&self, name: &Arc<str>) -> Option<Presence> {
        let record = self.by_name.get(name).filter(|record| record.owner == Owner::Nobody)?;
        let known = record.missing == 0 && self.synced;
        Some(self.instance(name).filter(|_| known).map_or(Presence::Unknown, Presence::Orphan))
    }

    /// Has a machine woken when an instance changes that is nobody's.
    pub(crate) fn watch(&mut self, name: &Arc<str>, id: Uuid) {
        if self.watched.get(name) != Some(&id) {
            self.watched.insert(Arc::clone(name), id);
        }
    }

    /// The words of a machine's owner that its instance has.
    pub(crate) fn user_tags(&self, id: Uuid) -> &[Box<str>] {
        let record = self.ours.get(&id).and_then(|name| self.by_name.get(name));
        record.and_then(|record| record.user_tags.as_deref()).unwrap_or_default()
    }

    /// How many instances were shown.
    pub(crate) fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether an instance of that name was shown.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Whether an instance with a machine's id is here.
    pub(crate) fn has(&self, id: Uuid) -> bool {
        self.ours.contains_key(&id)
    }

    /// Name of a machine's instance.
    pub(crate) fn name_of(&self, id: Uuid) -> Option<&Arc<str>> {
        self.ours.get(&id)
    }

    /// The machine whose instance has that name.
    pub(crate) fn machine_named(&self, name: &str) -> Option<Uuid> {
        match self.by_name.get(name)?.owner {
            Owner::Ours(id) => Some(id),
            _ => None,
        }
    }

    /// What instances use that are not ours.
    pub(crate) fn undeclared(&self) -> Usage {
        self.undeclared
    }

    /// Instances that are not ours.
    pub(crate) fn not_ours(&self) -> impl Iterator<Item = Counted<'_>> {
        self.by_name.iter().filter(|(_, record)| !matches!(record.owner, Owner::Ours(_))).map(Counted::of)
    }

    /// Instances that are ours by their tags, but for those of these machines.
    pub(crate) fn ours_but(&self, of: impl Fn(Uuid) -> bool) -> impl Iterator<Item = Counted<'_>> {
        let without = move |owner| matches!(owner, Owner::Ours(id) if !of(id));
        self.by_name.iter().filter(move |(_, record)| without(record.owner)).map(Counted::of)
    }
}

#[cfg(test)]
mod tests;
