//! Pools of what networks are told apart by on a node: bridges and MAC prefixes.

use std::{collections::BTreeMap, fmt};

use uuid::Uuid;

use super::{Bitmap, MacPrefix};

/// Most values of a pool: as many MAC prefixes as have the same first octet. One object holds who has which.
const VALUES_MAX: u32 = 4096;

/// Longest name of a network device on Linux (`IFNAMSIZ` less the closing zero).
const DEVICE_NAME_MAX: usize = 15;

/// A pool that cannot be as it is declared; the message says what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidPool(String);

/// The values of a pool, in their order.
pub trait Values: fmt::Debug {
    /// How many there are.
    fn count(&self) -> u32;
    /// The value at a place below that.
    fn value(&self, at: u32) -> String;
    /// The place of a value; `None` where it is none of them, however it is spelt.
    fn place(&self, value: &str) -> Option<u32>;
}

/// Bridges of the nodes: a stem and a number, such as `prv1` to `prv100`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bridges {
    stem: String,
    first: u32,
    count: u32,
}

impl Bridges {
    /// `count` bridges from `<stem><first>` on.
    ///
    /// # Errors
    /// Where there are none or too many of them, or the last one's name is too long for a network device.
    pub fn new(stem: &str, first: u32, count: u32) -> Result<Self, InvalidPool> {
        count_of(count)?;
        let last = first
            .checked_add(count - 1)
            .ok_or_else(|| InvalidPool(format!("the last bridge's number is beyond {}", u32::MAX)))?;
        if stem.len() + last.to_string().len() > DEVICE_NAME_MAX {
            return Err(InvalidPool(format!(
                "{stem}{last} is longer than the {DEVICE_NAME_MAX} characters of a device's name on Linux: take a shorter stem"
            )));
        }
        Ok(Self { stem: stem.to_owned(), first, count })
    }
}

impl Values for Bridges {
    fn count(&self) -> u32 {
        self.count
    }

    fn value(&self, at: u32) -> String {
        format!("{}{}", self.stem, self.first.saturating_add(at))
    }

    fn place(&self, value: &str) -> Option<u32> {
        let number: u32 = value.strip_prefix(&self.stem)?.parse().ok()?;
        let at = number.checked_sub(self.first)?;
        (at < self.count && self.value(at) == value).then_some(at)
    }
}

/// MAC prefixes in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MacPrefixes {
    first: MacPrefix,
    count: u32,
}

impl MacPrefixes {
    /// `count` prefixes from `first` on.
    ///
    /// # Errors
    /// Where there are none of them, or they go past those with the same first octet: what follows is the prefix of makers
    /// of hardware, or of groups.
    pub fn new(first: MacPrefix, count: u32) -> Result<Self, InvalidPool> {
        count_of(count)?;
        let room = VALUES_MAX - (first.bits() & (VALUES_MAX - 1));
        if count > room {
            return Err(InvalidPool(format!(
                "{count} MAC prefixes from {first} on are not all locally administered unicast ones: {room} are, make another pool for the rest"
            )));
        }
        Ok(Self { first, count })
    }
}

impl Values for MacPrefixes {
    fn count(&self) -> u32 {
        self.count
    }

    fn value(&self, at: u32) -> String {
        MacPrefix::of(self.first.bits() + at).unwrap_or(self.first).to_string()
    }

    fn place(&self, value: &str) -> Option<u32> {
        let at = value.parse::<MacPrefix>().ok()?.bits().checked_sub(self.first.bits())?;
        (at < self.count).then_some(at)
    }
}

fn count_of(count: u32) -> Result<(), InvalidPool> {
    if (1..=VALUES_MAX).contains(&count) {
        return Ok(());
    }
    Err(InvalidPool(format!("a pool has 1 to {VALUES_MAX} values, not {count}: make several pools")))
}

/// A pool: its values, those that are given to nobody, and which network has which.
#[derive(Debug)]
pub struct LinkPool<V> {
    values: V,
    reserved: Bitmap,
    used: Bitmap,
    taken: BTreeMap<u32, Uuid>,
}

impl<V: Values> LinkPool<V> {
    /// A pool of which nothing is taken. A reserved value that is none of the pool's is no harm: it is given to nobody.
    #[must_use]
    pub fn new<'a>(values: V, reserved: impl IntoIterator<Item = &'a str>) -> Self {
        let mut kept = Bitmap::new(values.count());
        reserved.into_iter().filter_map(|value| values.place(value)).for_each(|at| kept.insert(at));
        Self { values, used: kept.clone(), reserved: kept, taken: BTreeMap::new() }
    }

    /// Takes in which network has which value. Gives back what the pool has not, or has given already: that network would
    /// be left with a value that somebody else may get.
    pub fn read<'a>(&mut self, taken: impl IntoIterator<Item = (&'a str, Uuid)>) -> Vec<(&'a str, Uuid)> {
        let mut orphaned = Vec::new();
        for (value, network) in taken {
            match self.values.place(value).filter(|at| !self.taken.contains_key(at)) {
                Some(at) => self.give(at, network),
                None => orphaned.push((value, network)),
            }
        }
        orphaned
    }

    /// The value that a network has; where it has several it is the lowest one.
    #[must_use]
    pub fn held(&self, network: Uuid) -> Option<String> {
        let (at, _) = self.taken.iter().find(|(_, holder)| **holder == network)?;
        Some(self.values.value(*at))
    }

    /// Gives a network the lowest free value, or what it has already; `None` where all are taken.
    pub fn take(&mut self, network: Uuid) -> Option<String> {
        if let Some(held) = self.held(network) {
            return Some(held);
        }
        let at = self.used.lowest_free()?;
        self.give(at, network);
        Some(self.values.value(at))
    }

    /// Gives a network this value, which it had before; false where the pool has not got it, or another network has.
    pub fn take_again(&mut self, value: &str, network: Uuid) -> bool {
        let Some(at) = self.values.place(value) else { return false };
        let is_free = self.taken.get(&at).is_none_or(|holder| *holder == network);
        if is_free {
            self.give(at, network);
        }
        is_free
    }

    /// Takes all back that a network has.
    pub fn release(&mut self, network: Uuid) {
        let (used, reserved) = (&mut self.used, &self.reserved);
        self.taken.retain(|at, holder| {
            let goes = *holder == network;
            if goes && !reserved.has(*at) {
                used.remove(*at);
            }
            !goes
        });
    }

    /// Which network has which value, in the order of the values: what is to be written.
    pub fn taken(&self) -> impl Iterator<Item = (String, Uuid)> {
        self.taken.iter().map(|(at, network)| (self.values.value(*at), *network))
    }

    /// How many values are free to be given.
    #[must_use]
    pub fn free(&self) -> u32 {
        self.used.free()
    }

    fn give(&mut self, at: u32, network: Uuid) {
        self.used.insert(at);
        self.taken.insert(at, network);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    #[test]
    fn the_lowest_value_that_is_neither_reserved_nor_taken() {
        let mut pool = LinkPool::new(Bridges::new("prv", 1, 4).unwrap(), ["prv2", "prv02", "br0", "prv9"]);
        assert_eq!(pool.take(network(1)).as_deref(), Some("prv1"));
        assert_eq!(pool.take(network(2)).as_deref(), Some("prv3"));
        assert_eq!(pool.take(network(1)).as_deref(), Some("prv1"), "it has one already");
        assert_eq!(pool.take(network(3)).as_deref(), Some("prv4"));
        assert_eq!((pool.take(network(4)), pool.free()), (None, 0));
        pool.release(network(2));
        assert_eq!(pool.take(network(4)).as_deref(), Some("prv3"));
        let taken: Vec<_> = pool.taken().map(|(value, network)| (value, network.as_u128())).collect();
        assert_eq!(taken, [("prv1".into(), 1), ("prv3".into(), 4), ("prv4".into(), 3)]);
    }

    #[test]
    fn a_value_that_was_reserved_while_it_was_taken_comes_back_to_nobody() {
        let mut pool = LinkPool::new(Bridges::new("prv", 1, 1).unwrap(), ["prv1"]);
        assert_eq!(pool.read([("prv1", network(1))]), []);
        pool.release(network(1));
        assert_eq!(pool.take(network(2)), None);
    }

    #[test]
    fn a_value_that_a_network_had_is_its_own_again_unless_somebody_has_it() {
        let mut pool = LinkPool::new(Bridges::new("prv", 1, 3).unwrap(), ["prv3"]);
        assert!(pool.take_again("prv3", network(1)), "it had that before it was reserved");
        assert!(pool.take_again("prv3", network(1)));
        assert!(!pool.take_again("prv3", network(2)) && !pool.take_again("prv9", network(2)));
    }

    #[test]
    fn what_a_smaller_pool_would_orphan_is_told() {
        let mut pool = LinkPool::new(Bridges::new("prv", 1, 2).unwrap(), []);
        let taken = [("prv1", network(1)), ("prv3", network(3)), ("prv1", network(2))];
        assert_eq!(pool.read(taken), [("prv3", network(3)), ("prv1", network(2))]);
    }

    #[test]
    fn a_pool_of_prefixes_ends_with_its_first_octet() {
        let first = "aa:00:1".parse().unwrap();
        assert!(MacPrefixes::new(first, 4096).unwrap_err().to_string().contains("4095 are"));
        let mut pool = LinkPool::new(MacPrefixes::new(first, 4095).unwrap(), ["aa:00:1"]);
        assert_eq!(pool.take(network(1)).as_deref(), Some("aa:00:2"));
        pool.read([("aa:ff:f", network(2))]);
        assert_eq!((pool.held(network(2)).as_deref(), pool.free()), (Some("aa:ff:f"), 4092));
    }

    #[test]
    fn a_bridge_has_a_name_that_linux_takes() {
        assert!(Bridges::new("a-long-name-is", 1, 9).is_ok());
        for (stem, first, count) in
            [("a-long-name-is", 1, 10), ("prv", u32::MAX, 2), ("prv", 0, 0), ("prv", 0, 4097)]
        {
            assert!(Bridges::new(stem, first, count).is_err(), "{stem}{first} and {count}");
        }
    }
}
