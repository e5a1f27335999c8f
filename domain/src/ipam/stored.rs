//! Blocks as objects hold them.

use cyclades_crds::ip_block::{IPBlockSpec, IPClaim};
use uuid::Uuid;

use super::{Block, Claim, InvalidMac, Malformed};

/// An object that is no block; the message says what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// An owner's id is no UUID.
    #[error("owner {0} is no UUID")]
    Owner(String),
    /// A MAC is none.
    #[error(transparent)]
    Mac(#[from] InvalidMac),
    /// Its claims cannot be together.
    #[error(transparent)]
    Claims(#[from] Malformed),
}

/// Name of the object that holds a block of a network.
#[must_use]
pub fn block_name(network: Uuid, index: u32) -> String {
    format!("{}-{index}", network.hyphenated())
}

/// Network and index of the block that an object of this name holds; `None` where it is none of ours.
#[must_use]
pub fn block_of(name: &str) -> Option<(Uuid, u32)> {
    let (network, index) = name.rsplit_once('-')?;
    let found = (Uuid::try_parse(network).ok()?, index.parse().ok()?);
    (block_name(found.0, found.1) == name).then_some(found)
}

impl Block {
    /// The block that an object holds.
    ///
    /// # Errors
    /// Where somebody has written into it what cannot be.
    pub fn of(spec: &IPBlockSpec) -> Result<Self, Unreadable> {
        let claims: Result<Vec<Claim>, Unreadable> = spec.claims.iter().map(read).collect();
        Ok(Self::read(claims?)?)
    }

    /// The claims as an object holds them.
    #[must_use]
    pub fn stored(&self) -> Vec<IPClaim> {
        let claims = self.claims().iter().map(|claim| IPClaim {
            at: claim.at,
            mac: claim.mac.map(|mac| mac.to_string()),
            owner: claim.owner.hyphenated().to_string(),
            nic: claim.nic.to_string(),
        });
        claims.collect()
    }
}

fn read(stored: &IPClaim) -> Result<Claim, Unreadable> {
    Ok(Claim {
        at: stored.at,
        mac: stored.mac.as_deref().map(str::parse).transpose()?,
        owner: Uuid::try_parse(&stored.owner).map_err(|_| Unreadable::Owner(stored.owner.clone()))?,
        nic: stored.nic.as_str().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipam::MacPrefix;

    fn full() -> Block {
        let prefix = MacPrefix::of(0xaa001).unwrap();
        let claims = (0..=u8::MAX).map(|at| Claim {
            at: Some(at),
            mac: Some(prefix.with(u32::from(at) << 20)),
            owner: Uuid::from_u128(u128::from(at) << 64),
            nic: "eth0".into(),
        });
        Block::read(claims).unwrap()
    }

    fn spec(claims: Vec<IPClaim>) -> IPBlockSpec {
        IPBlockSpec { network: Uuid::nil().to_string(), index: 0, claims }
    }

    #[test]
    fn a_block_is_read_as_it_is_stored() {
        assert_eq!(Block::of(&spec(full().stored())), Ok(full()));
    }

    #[test]
    fn what_somebody_has_written_is_told() {
        let mut claims = full().stored();
        claims[3].owner = "web".into();
        assert_eq!(Block::of(&spec(claims.clone())), Err(Unreadable::Owner("web".into())));
        claims[3] = claims[2].clone();
        assert_eq!(Block::of(&spec(claims.clone())), Err(Unreadable::Claims(Malformed::Number(2))));
        claims[3].mac = Some("aa".into());
        assert!(matches!(Block::of(&spec(claims)), Err(Unreadable::Mac(_))));
    }

    #[test]
    fn the_name_of_a_block_says_which_it_is() {
        let network = Uuid::from_u128(7 << 90);
        assert_eq!(block_of(&block_name(network, 12)), Some((network, 12)));
        for name in ["", "web", "web-1", &block_name(network, 1).to_uppercase(), &format!("{network}-01")] {
            assert_eq!(block_of(name), None, "{name}");
        }
    }

    #[test]
    fn the_name_of_a_block_fits() {
        assert!(block_name(Uuid::max(), 255).len() <= cyclades_crds::schema::NAME_LENGTH_MAX);
    }
}
