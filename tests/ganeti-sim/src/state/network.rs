//! Networks and their pools of IPv4 addresses.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use crate::clock::Timestamp;

/// A network.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    pub name: String,
    pub uuid: String,
    pub serial_no: u64,
    pub ctime: Timestamp,
    pub mtime: Timestamp,
    pub gateway: Option<String>,
    pub network6: Option<String>,
    pub gateway6: Option<String>,
    pub mac_prefix: Option<String>,
    pub pool: Pool,
    pub tags: BTreeSet<String>,
}

impl Network {
    pub fn touch(&mut self, now: Timestamp) {
        self.serial_no += 1;
        self.mtime = now;
    }
}

/// An IPv4 network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Subnet {
    pub base: u32,
    pub prefix: u8,
}

impl Subnet {
    /// Reads `192.0.2.0/24`. Host bits are refused, as Ganeti does.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let prefix = prefix.parse().ok().filter(|prefix| *prefix <= 32)?;
        let base = u32::from(address.parse::<Ipv4Addr>().ok()?);
        let subnet = Self { base, prefix };
        (subnet.size() == 1 || u64::from(base) % subnet.size() == 0).then_some(subnet)
    }

    pub fn size(self) -> u64 {
        1 << (32 - u64::from(self.prefix))
    }
}

impl std::fmt::Display for Subnet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.base), self.prefix)
    }
}

/// A subnet's addresses and which of them are taken: by NICs, or reserved from outside.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    pub subnet: Subnet,
    used: Vec<bool>,
    external: Vec<bool>,
}

impl Pool {
    /// All addresses free but the first and the last one.
    pub fn new(subnet: Subnet) -> Self {
        let size = usize::try_from(subnet.size()).unwrap_or(0);
        let mut external = vec![false; size];
        for place in [0, size.saturating_sub(1)] {
            if let Some(place) = external.get_mut(place) {
                *place = true;
            }
        }
        Self { subnet, used: vec![false; size], external }
    }

    /// Where in the pool an address is.
    pub fn index(&self, ip: &str) -> Result<usize, String> {
        let address = ip.parse::<Ipv4Addr>().ok().map(u32::from);
        let offset = address.and_then(|address| address.checked_sub(self.subnet.base));
        offset
            .filter(|offset| u64::from(*offset) < self.subnet.size())
            .map(|offset| offset as usize)
            .ok_or_else(|| format!("{} does not contain {ip}", self.subnet))
    }

    pub fn contains(&self, ip: &str) -> bool {
        self.index(ip).is_ok()
    }

    pub fn address(&self, index: usize) -> String {
        Ipv4Addr::from(self.subnet.base + u32::try_from(index).unwrap_or(0)).to_string()
    }

    /// Keeps an address from instances.
    pub fn reserve(&mut self, ip: &str) -> Result<(), String> {
        let index = self.index(ip)?;
        match self.external.get_mut(index) {
            Some(place) if !*place => *place = true,
            _ => return Err(format!("IP {ip} is already externally reserved")),
        }
        Ok(())
    }

    /// Undoes [`Pool::reserve`].
    pub fn release(&mut self, ip: &str) -> Result<(), String> {
        let index = self.index(ip)?;
        match self.external.get_mut(index) {
            Some(place) if *place => *place = false,
            _ => return Err(format!("IP {ip} is not externally reserved")),
        }
        Ok(())
    }

    pub fn is_external(&self, index: usize) -> bool {
        self.external.get(index).copied().unwrap_or(false)
    }

    pub fn is_used(&self, index: usize) -> bool {
        self.used.get(index).copied().unwrap_or(false)
    }

    pub fn is_taken(&self, index: usize) -> bool {
        self.is_used(index) || self.is_external(index)
    }

    pub fn set_used(&mut self, index: usize, used: bool) {
        if let Some(place) = self.used.get_mut(index) {
            *place = used;
        }
    }

    /// The lowest free address.
    pub fn lowest_free(&self) -> Option<usize> {
        (0..self.used.len()).find(|index| !self.is_taken(*index))
    }

    pub fn reserved_count(&self) -> usize {
        (0..self.used.len()).filter(|index| self.is_taken(*index)).count()
    }

    pub fn free_count(&self) -> usize {
        self.used.len() - self.reserved_count()
    }

    /// `X` for each taken and `.` for each free address.
    pub fn map(&self) -> String {
        (0..self.used.len()).map(|index| if self.is_taken(index) { 'X' } else { '.' }).collect()
    }

    /// The addresses that are kept from instances.
    pub fn external(&self) -> impl Iterator<Item = String> {
        let reserved = self.external.iter().enumerate().filter(|(_, reserved)| **reserved);
        reserved.map(|(index, _)| self.address(index))
    }
}

#[cfg(test)]
mod tests {
    use super::{Pool, Subnet};

    #[test]
    fn the_lowest_free_address_is_given_first() {
        let subnet = Subnet::parse("192.0.2.0/29").unwrap();
        let mut pool = Pool::new(subnet);
        pool.reserve("192.0.2.1").unwrap();
        assert_eq!(pool.map(), "XX.....X");
        let first = pool.lowest_free().unwrap();
        assert_eq!(pool.address(first), "192.0.2.2");
        pool.set_used(first, true);
        assert_eq!((pool.free_count(), pool.reserved_count()), (4, 4));
        assert_eq!(pool.address(pool.lowest_free().unwrap()), "192.0.2.3");
        assert_eq!(Subnet::parse("192.0.2.1/24"), None);
        assert_eq!(subnet.to_string(), "192.0.2.0/29");
    }

    #[test]
    fn no_address_is_reserved_twice() {
        let mut pool = Pool::new(Subnet::parse("192.0.2.0/29").unwrap());
        let taken = Err("IP 192.0.2.0 is already externally reserved".to_owned());
        assert_eq!(pool.reserve("192.0.2.0"), taken);
        let free = Err("IP 192.0.2.2 is not externally reserved".to_owned());
        assert_eq!(pool.release("192.0.2.2"), free);
        let outside = Err("192.0.2.0/29 does not contain 192.0.3.1".to_owned());
        assert_eq!(pool.reserve("192.0.3.1"), outside);
    }
}
