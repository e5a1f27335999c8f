//! How the numbers of a network become addresses, blocks and MACs.

use std::net::Ipv4Addr;

use super::{BLOCK_SIZE, Bitmap, Cidr4, Mac, MacPrefix, mac::wanted_bits};

/// Numbers of a network without an IPv4 subnet: as many as the largest subnet has.
const WITHOUT_ADDRESSES: u32 = 1 << 16;

/// Shortest and longest prefix of a subnet: Ganeti's own bounds.
const LENGTHS: std::ops::RangeInclusive<u8> = 16..=30;

/// Addresses that cannot be given out as they are declared; the message says what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidAddresses(String);

/// What a subnet gives out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    cidr: Cidr4,
    gateway: Option<Ipv4Addr>,
    pools: Vec<(Ipv4Addr, Ipv4Addr)>,
}

impl Addresses {
    /// A subnet with its gateway, and the ranges, each from its first to its last address, that NICs get addresses from
    /// that ask for none; all of it where there are no such ranges. An address outside of them is given to who asks for it.
    ///
    /// # Errors
    /// Where it is too large or too small for Ganeti, the gateway is no host's address of it, or the ranges are not in it,
    /// meet, or hold the gateway.
    pub fn new(
        cidr: Cidr4,
        gateway: Option<Ipv4Addr>,
        mut pools: Vec<(Ipv4Addr, Ipv4Addr)>,
    ) -> Result<Self, InvalidAddresses> {
        let invalid = |message: String| Err(InvalidAddresses(message));
        if !LENGTHS.contains(&cidr.length()) {
            return invalid(format!("{cidr}: Ganeti takes networks from /16 to /30 only; write one of them"));
        }
        let is_host =
            |address: Ipv4Addr| cidr.contains(address) && address != cidr.first() && address != cidr.last();
        if let Some(gateway) = gateway.filter(|gateway| !is_host(*gateway)) {
            return invalid(format!(
                "gateway {gateway} is no host's address of {cidr}: name one between {} and {}",
                cidr.first(),
                cidr.last()
            ));
        }
        pools.sort_unstable();
        let mut after = None;
        for (first, last) in &pools {
            if first > last {
                return invalid(format!(
                    "allocation pool {first} to {last} ends before it begins: turn it round"
                ));
            }
            if !is_host(*first) || !is_host(*last) {
                return invalid(format!(
                    "allocation pool {first} to {last} is not within the hosts of {cidr}"
                ));
            }
            if let Some(gateway) = gateway.filter(|gateway| (first..=last).contains(&gateway)) {
                return invalid(format!(
                    "gateway {gateway} is in the allocation pool {first} to {last}: leave it out"
                ));
            }
            if after.is_some_and(|after| *first <= after) {
                return invalid(format!("allocation pool {first} to {last} overlaps another one: join them"));
            }
            after = Some(*last);
        }
        Ok(Self { cidr, gateway, pools })
    }

    /// The range.
    #[must_use]
    pub fn cidr(&self) -> Cidr4 {
        self.cidr
    }

    /// Where other addresses are reached.
    #[must_use]
    pub fn gateway(&self) -> Option<Ipv4Addr> {
        self.gateway
    }

    /// Whose own an address is that nobody gets.
    pub(super) fn kept(&self, address: Ipv4Addr) -> Option<&'static str> {
        match address {
            _ if Some(address) == self.gateway => Some("the gateway"),
            _ if address == self.cidr.first() => Some("the network"),
            _ if address == self.cidr.last() => Some("the broadcast"),
            _ => None,
        }
    }

    fn number(&self, address: Ipv4Addr) -> Option<u32> {
        self.cidr.contains(address).then(|| address.to_bits() - self.cidr.first().to_bits())
    }

    /// The numbers that are not given to who asks for none.
    fn withheld(&self) -> Bitmap {
        let size = size_of(self.cidr);
        let mut withheld = Bitmap::new(size);
        let number = |address| self.number(address).unwrap_or(0);
        if !self.pools.is_empty() {
            let mut next = 0;
            for (first, last) in &self.pools {
                (next..number(*first)).for_each(|outside| withheld.insert(outside));
                next = number(*last) + 1;
            }
            (next..size).for_each(|outside| withheld.insert(outside));
        }
        let kept = [Some(self.cidr.first()), Some(self.cidr.last()), self.gateway];
        kept.into_iter().flatten().for_each(|address| withheld.insert(number(address)));
        withheld
    }
}

fn size_of(cidr: Cidr4) -> u32 {
    1 << (32 - cidr.length())
}

/// The numbers of a network: which address, which block and which MACs belong to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    addresses: Option<Addresses>,
    prefix: MacPrefix,
    filtered: bool,
}

impl Space {
    /// The numbers of a network. `filtered`: its nodes let only MACs with its prefix through.
    #[must_use]
    pub fn new(addresses: Option<Addresses>, prefix: MacPrefix, filtered: bool) -> Self {
        Self { addresses, prefix, filtered }
    }

    /// What its subnet gives out, where it has one.
    #[must_use]
    pub fn addresses(&self) -> Option<&Addresses> {
        self.addresses.as_ref()
    }

    /// What its MACs begin with that nobody asked for.
    #[must_use]
    pub fn prefix(&self) -> MacPrefix {
        self.prefix
    }

    /// Whether a NIC may have this MAC.
    #[must_use]
    pub fn lets_through(&self, mac: Mac) -> bool {
        !self.filtered || mac.prefix() == self.prefix.bits()
    }

    /// How many numbers there are.
    #[must_use]
    pub fn size(&self) -> u32 {
        self.addresses.as_ref().map_or(WITHOUT_ADDRESSES, |addresses| size_of(addresses.cidr))
    }

    /// How many blocks they are in: a power of two.
    #[must_use]
    pub fn blocks(&self) -> u32 {
        self.size().div_ceil(BLOCK_SIZE)
    }

    /// The address of a number.
    #[must_use]
    pub fn address(&self, number: u32) -> Option<Ipv4Addr> {
        let cidr = self.addresses.as_ref()?.cidr;
        (number < size_of(cidr)).then(|| Ipv4Addr::from_bits(cidr.first().to_bits() + number))
    }

    /// The number of an address.
    #[must_use]
    pub fn number(&self, address: Ipv4Addr) -> Option<u32> {
        self.addresses.as_ref()?.number(address)
    }

    /// The numbers that are not given to who asks for none.
    pub(super) fn withheld(&self) -> Bitmap {
        self.addresses.as_ref().map_or_else(|| Bitmap::new(WITHOUT_ADDRESSES), Addresses::withheld)
    }

    /// The one block that may claim a MAC: the leading bits of its own 28 say which.
    #[must_use]
    pub fn home(&self, mac: Mac) -> u32 {
        mac.own() >> self.bits_in_block()
    }

    /// The MACs with the network's prefix that a block may claim, from the one on that a NIC's id leads to.
    pub(super) fn minted(&self, block: u32, nic: uuid::Uuid) -> impl Iterator<Item = Mac> {
        let (prefix, bits, wanted) = (self.prefix, self.bits_in_block(), wanted_bits(nic));
        (0..1u32 << bits).map(move |step| {
            let own = wanted.wrapping_add(step) & ((1 << bits) - 1);
            prefix.with(block << bits | own)
        })
    }

    /// How many of a MAC's own bits are left to its block.
    fn bits_in_block(&self) -> u32 {
        Mac::OWN_BITS - self.blocks().ilog2()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(last: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 0, 0, last)
    }

    fn refused(cidr: &str, gateway: Option<u8>, pools: &[(u8, u8)]) -> String {
        let pools = pools.iter().map(|(first, last)| (at(*first), at(*last))).collect();
        Addresses::new(cidr.parse().unwrap(), gateway.map(at), pools).unwrap_err().to_string()
    }

    #[test]
    fn what_cannot_be_given_out_is_told() {
        assert!(refused("10.0.0.0/15", None, &[]).contains("from /16 to /30 only"));
        assert!(refused("10.0.0.0/31", None, &[]).contains("from /16 to /30 only"));
        for gateway in [0, 15, 16] {
            assert!(refused("10.0.0.0/28", Some(gateway), &[]).contains("is no host's address of"));
        }
        assert!(refused("10.0.0.0/28", None, &[(5, 4)]).contains("ends before it begins"));
        assert!(refused("10.0.0.0/28", None, &[(8, 16)]).contains("is not within the hosts"));
        assert!(refused("10.0.0.0/28", None, &[(0, 3)]).contains("is not within the hosts"));
        assert!(refused("10.0.0.0/28", Some(3), &[(2, 5)]).contains("leave it out"));
        assert!(refused("10.0.0.0/28", None, &[(5, 9), (2, 5)]).contains("overlaps another one"));
    }

    #[test]
    fn what_nobody_gets_unasked() {
        let cidr = "10.0.0.0/28".parse().unwrap();
        let free = |gateway: Option<u8>, pools: &[(u8, u8)]| -> Vec<u32> {
            let pools = pools.iter().map(|(first, last)| (at(*first), at(*last))).collect();
            let withheld = Addresses::new(cidr, gateway.map(at), pools).unwrap().withheld();
            (0..16).filter(|number| !withheld.has(*number)).collect()
        };
        assert_eq!(free(None, &[]), (1..15).collect::<Vec<_>>());
        assert_eq!(free(Some(7), &[]), (1..7).chain(8..15).collect::<Vec<_>>());
        assert_eq!(free(Some(1), &[(12, 13), (2, 3)]), [2, 3, 12, 13]);
    }

    #[test]
    fn every_mac_has_one_home_and_every_block_mints_its_own() {
        let prefix = MacPrefix::of(0xaa001).unwrap();
        for (length, blocks) in [(16, 256), (22, 4), (24, 1), (30, 1)] {
            let cidr = Cidr4::around(at(0), length).unwrap();
            let space = Space::new(Some(Addresses::new(cidr, None, Vec::new()).unwrap()), prefix, true);
            assert_eq!(space.blocks(), blocks);
            for block in [0, blocks / 2, blocks - 1] {
                // The last id of all leads to the last MAC of the block, and the next one is its first.
                for nic in [uuid::Uuid::nil(), uuid::Uuid::from_u128(7 << 100), uuid::Uuid::max()] {
                    let macs: Vec<Mac> = space.minted(block, nic).take(3).collect();
                    assert_eq!(macs.len(), 3);
                    assert!(macs.iter().all(|mac| space.home(*mac) == block && space.lets_through(*mac)));
                    assert!(macs[0] != macs[1] && macs[1] != macs[2] && macs[0] != macs[2]);
                }
            }
        }
    }
}
