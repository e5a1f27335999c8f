//! Networks and NICs for the tests.

use std::net::Ipv4Addr;

use cyclades_domain::ipam::{Addresses, Ask, Cidr4, MacPrefix, Pool, Space};
use uuid::Uuid;

/// The prefix of all MACs here.
pub fn prefix() -> MacPrefix {
    "aa:00:1".parse().unwrap()
}

/// A network of that range with its gateway at the first host.
pub fn space(cidr: &str) -> Space {
    let cidr: Cidr4 = cidr.parse().unwrap();
    let gateway = Ipv4Addr::from_bits(cidr.first().to_bits() + 1);
    Space::new(Some(Addresses::new(cidr, Some(gateway), Vec::new()).unwrap()), prefix(), true)
}

/// A pool of such a network.
pub fn pool(cidr: &str) -> Pool {
    Pool::new(space(cidr))
}

/// The first NIC of a machine, which asks for nothing in particular.
pub fn ask(owner: u128) -> Ask {
    Ask { owner: Uuid::from_u128(owner), nic: "eth0".into(), address: None, mac: None }
}

/// Writes all that is to be written, as if nobody else did.
pub fn write(pool: &mut Pool) {
    for dirty in pool.dirty() {
        pool.put(dirty.index, dirty.version.unwrap_or(0) + 1, dirty.block);
    }
}
