//! Why a NIC does not get what it asks for.

use std::net::Ipv4Addr;

use uuid::Uuid;

use super::{Mac, MacPrefix};

/// Why a NIC does not get an address or a MAC. The message says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Every number of the network is taken.
    #[error(
        "all {size} places of the network are taken: delete a machine that has one, or use another network; whoever waits goes on then"
    )]
    Exhausted {
        /// Numbers that it gives by itself.
        size: u32,
    },
    /// The address is not one of the subnet's.
    #[error(
        "address {address} is not in the subnet: ask for one that is, or for none to get the lowest free one"
    )]
    Outside {
        /// What was asked for.
        address: Ipv4Addr,
    },
    /// The network gives no addresses.
    #[error(
        "address {address} was asked for in a network without an IPv4 subnet: ask for none, or create the Subnet"
    )]
    NoAddresses {
        /// What was asked for.
        address: Ipv4Addr,
    },
    /// The address is the network's, the broadcast's or the gateway's own.
    #[error("address {address} is {of}'s own: ask for another one")]
    Kept {
        /// What was asked for.
        address: Ipv4Addr,
        /// Whose it is, in words.
        of: &'static str,
    },
    /// Another NIC has the address.
    #[error("address {address} is taken by NIC {nic} of {owner}: ask for another one")]
    Taken {
        /// What was asked for.
        address: Ipv4Addr,
        /// Id of the machine that has it.
        owner: Uuid,
        /// The NIC's name.
        nic: Box<str>,
    },
    /// Somebody in Ganeti has the address who is not ours.
    #[error("address {address} is in use or reserved in Ganeti by somebody else: ask for another one")]
    Foreign {
        /// What was asked for.
        address: Ipv4Addr,
    },
    /// Another NIC has the MAC.
    #[error("MAC {mac} is taken by NIC {nic} of {owner}: ask for another one, or for none")]
    MacTaken {
        /// What was asked for.
        mac: Mac,
        /// Id of the machine that has it.
        owner: Uuid,
        /// The NIC's name.
        nic: Box<str>,
    },
    /// The network's nodes drop frames of such a MAC.
    #[error(
        "MAC {mac} does not begin with {prefix}, and the network lets nothing else through: ask for one that does, or for none"
    )]
    MacOutside {
        /// What was asked for.
        mac: Mac,
        /// What all its MACs begin with.
        prefix: MacPrefix,
    },
    /// The NIC has something else than it asks for, and keeps it.
    #[error("the NIC has {has} and keeps it: ask for that, or for nothing in particular")]
    HasOther {
        /// Address or MAC that it has.
        has: String,
    },
    /// Too many MACs that were asked for belong to one block.
    #[error("too many NICs of the network ask for MACs like {mac}: ask for none")]
    Crowded {
        /// What was asked for.
        mac: Mac,
    },
}
