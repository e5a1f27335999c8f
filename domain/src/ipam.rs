//! Addresses and MACs of NICs: who has which, and which one is next.
//!
//! A network gives numbers from 0 on: the places of the addresses in its IPv4 subnet, or places without an address where
//! it has none. They are cut into blocks of [`BLOCK_SIZE`], each an object of its own, changed by compare-and-swap: what a
//! block says is the truth, all else is derived from it. A MAC belongs to exactly one block ([`Space::home`]), so that no two
//! blocks ever give the same one, and a claim of address and MAC is one write of one block.

mod bitmap;
mod block;
mod cidr;
mod claim;
mod link_pool;
mod mac;
mod pool;
mod refusal;
mod space;
mod stored;

pub use bitmap::Bitmap;
pub use block::{BLOCK_SIZE, Block, Malformed};
pub use cidr::{Cidr4, Cidr6, InvalidCidr, canonical};
pub use claim::{Claim, nic_id};
pub use link_pool::{Bridges, InvalidPool, LinkPool, MacPrefixes, Values};
pub use mac::{InvalidMac, Mac, MacPrefix};
pub use pool::{Ask, Dirty, Grant, Pool, Usage};
pub use refusal::Refusal;
pub use space::{Addresses, InvalidAddresses, Space};
pub use stored::{Unreadable, block_name, block_of};
