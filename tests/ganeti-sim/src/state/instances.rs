//! All instances, by name, by uuid and in Ganeti's order.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use super::instance::Instance;
use crate::names::{Natural, is_component};

/// Where an instance is kept; stays the same as long as it exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Slot(usize);

/// All instances. Readers take shared handles and let go of the lock; a change copies an instance only
/// while a reader holds it.
#[derive(Debug, Default)]
pub(crate) struct Instances {
    slots: Vec<Option<Arc<Instance>>>,
    free: Vec<usize>,
    by_name: BTreeMap<Arc<str>, usize>,
    by_uuid: HashMap<String, usize>,
    ordered: BTreeMap<Natural, usize>,
    /// How many NICs have each MAC address.
    macs: HashMap<String, u32>,
}

impl Instances {
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    pub fn with_uuid(&self, uuid: &str) -> Option<Slot> {
        self.by_uuid.get(uuid).copied().map(Slot)
    }

    pub fn get(&self, slot: Slot) -> Option<&Arc<Instance>> {
        self.slots.get(slot.0)?.as_ref()
    }

    /// For [`super::State::edit`] alone, which keeps the nodes' books.
    pub fn get_mut(&mut self, slot: Slot) -> Option<&mut Instance> {
        self.slots.get_mut(slot.0)?.as_mut().map(Arc::make_mut)
    }

    /// The one with exactly this name.
    pub fn named(&self, name: &str) -> Option<Slot> {
        self.by_name.get(name).copied().map(Slot)
    }

    /// As queries find one: by uuid, by name, or by a dotted prefix that only one has.
    pub fn find(&self, name: &str) -> Option<Slot> {
        self.by_uuid.get(name).copied().map(Slot).or_else(|| self.expand(name))
    }

    /// As opcodes find one: by name or by a dotted prefix that only one has, in any case.
    pub fn expand(&self, name: &str) -> Option<Slot> {
        let lower = name.to_lowercase();
        self.named(name).or_else(|| self.named(&lower)).or_else(|| self.by_prefix(&lower))
    }

    fn by_prefix(&self, short: &str) -> Option<Slot> {
        let from = format!("{short}.");
        let start = Bound::Included(from.as_str());
        let mut matching = self
            .by_name
            .range::<str, _>((start, Bound::Unbounded))
            .take_while(|(name, _)| is_component(name, short));
        let (_, slot) = matching.next()?;
        matching.next().is_none().then_some(Slot(*slot))
    }

    pub fn insert(&mut self, instance: Instance) -> Slot {
        for nic in &instance.nics {
            self.hold_mac(&nic.mac);
        }
        let slot = self.free.pop().unwrap_or(self.slots.len());
        self.by_name.insert(Arc::clone(&instance.name), slot);
        self.by_uuid.insert(instance.uuid.clone(), slot);
        self.ordered.insert(Natural(Arc::clone(&instance.name)), slot);
        let entry = Some(Arc::new(instance));
        match self.slots.get_mut(slot) {
            Some(place) => *place = entry,
            None => self.slots.push(entry),
        }
        Slot(slot)
    }

    pub fn remove(&mut self, slot: Slot) -> Option<Arc<Instance>> {
        let instance = self.slots.get_mut(slot.0)?.take()?;
        self.free.push(slot.0);
        self.by_name.remove(&instance.name);
        self.by_uuid.remove(&instance.uuid);
        self.ordered.remove(&Natural(Arc::clone(&instance.name)));
        for nic in &instance.nics {
            self.release_mac(&nic.mac);
        }
        Some(instance)
    }

    pub fn rename(&mut self, slot: Slot, name: &str) {
        let Some(instance) = self.get(slot) else { return };
        let old = Arc::clone(&instance.name);
        let name: Arc<str> = name.into();
        self.by_name.remove(&old);
        self.ordered.remove(&Natural(old));
        self.by_name.insert(Arc::clone(&name), slot.0);
        self.ordered.insert(Natural(Arc::clone(&name)), slot.0);
        if let Some(instance) = self.get_mut(slot) {
            instance.name = name;
        }
    }

    /// All of them in Ganeti's order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Instance>> {
        self.ordered.values().filter_map(|slot| self.slots.get(*slot)?.as_ref())
    }

    /// All slots in Ganeti's order.
    pub fn slots(&self) -> Vec<Slot> {
        self.ordered.values().copied().map(Slot).collect()
    }

    pub fn has_mac(&self, mac: &str) -> bool {
        self.macs.contains_key(mac)
    }

    pub fn hold_mac(&mut self, mac: &str) {
        *self.macs.entry(mac.to_owned()).or_default() += 1;
    }

    pub fn release_mac(&mut self, mac: &str) {
        if let Some(count) = self.macs.get_mut(mac) {
            *count -= 1;
            if *count == 0 {
                self.macs.remove(mac);
            }
        }
    }
}
