//! A block: what is claimed of 256 numbers in a row. One object holds it, changed by compare-and-swap.

use super::{Claim, Mac};

/// Numbers in a block. A full one is about 32 KiB of JSON, which is what one claim writes at most; a /16 has 256 of them.
pub const BLOCK_SIZE: u32 = 256;

/// Most MACs in a block whose numbers are elsewhere.
const STRAYS: usize = BLOCK_SIZE as usize;

/// Words of 64 numbers in a block.
pub(super) const WORDS: usize = BLOCK_SIZE as usize / 64;

/// A block that says what cannot be: somebody has edited it. The message names what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Two claims of one number.
    #[error("number {0} is claimed twice")]
    Number(u8),
    /// Two claims of one MAC.
    #[error("MAC {0} is claimed twice")]
    Mac(Mac),
    /// A claim of nothing.
    #[error("a claim has neither a number nor a MAC")]
    Empty,
    /// More claims than there may be.
    #[error("there are more than {} claims of MACs alone", STRAYS)]
    Crowded,
}

/// The claims of a block, in the order of their numbers; those of MACs alone follow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    claims: Vec<Claim>,
}

impl Block {
    /// A block as an object says it, in any order.
    ///
    /// # Errors
    /// Where it says what cannot be.
    pub fn read(claims: impl IntoIterator<Item = Claim>) -> Result<Self, Malformed> {
        let mut block = Self::default();
        for claim in claims {
            block.check(&claim)?;
            block.insert(claim);
        }
        Ok(block)
    }

    fn check(&self, claim: &Claim) -> Result<(), Malformed> {
        match (claim.at, claim.mac) {
            (None, None) => return Err(Malformed::Empty),
            (Some(at), _) if self.at(at).is_some() => return Err(Malformed::Number(at)),
            (None, _) if !self.has_room_for_strays() => return Err(Malformed::Crowded),
            _ => {}
        }
        match claim.mac.filter(|mac| self.of_mac(*mac).is_some()) {
            Some(mac) => Err(Malformed::Mac(mac)),
            None => Ok(()),
        }
    }

    /// All claims, as they are to be written.
    #[must_use]
    pub fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// The claim of a number.
    #[must_use]
    pub fn at(&self, at: u8) -> Option<&Claim> {
        let place = self.claims.binary_search_by_key(&order(Some(at)), |claim| order(claim.at)).ok()?;
        self.claims.get(place)
    }

    /// The claim of a MAC.
    #[must_use]
    pub fn of_mac(&self, mac: Mac) -> Option<&Claim> {
        self.claims.iter().find(|claim| claim.mac == Some(mac))
    }

    /// Whether another MAC may be claimed whose number is elsewhere.
    #[must_use]
    pub fn has_room_for_strays(&self) -> bool {
        self.claims.iter().rev().take_while(|claim| claim.at.is_none()).count() < STRAYS
    }

    /// Takes a claim in. Whoever calls has seen that neither its number nor its MAC is claimed.
    pub(super) fn insert(&mut self, claim: Claim) {
        let place = self.claims.partition_point(|other| order(other.at) <= order(claim.at));
        self.claims.insert(place, claim);
    }

    /// Lets all claims go that `gone` says; whether there were any.
    pub(super) fn remove(&mut self, gone: impl Fn(&Claim) -> bool) -> bool {
        let before = self.claims.len();
        self.claims.retain(|claim| !gone(claim));
        self.claims.len() < before
    }

    /// Which numbers are claimed, 64 in a word.
    pub(super) fn words(&self) -> [u64; WORDS] {
        let mut words = [0; WORDS];
        for at in self.claims.iter().map_while(|claim| claim.at) {
            words[usize::from(at) / 64] |= 1 << (at % 64);
        }
        words
    }
}

/// Numbers in their order, then what has none.
fn order(at: Option<u8>) -> u16 {
    at.map_or(u16::MAX, u16::from)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::ipam::MacPrefix;

    fn claim(at: Option<u8>, own: Option<u32>) -> Claim {
        let prefix = MacPrefix::of(0xaa001).unwrap();
        Claim { at, mac: own.map(|own| prefix.with(own)), owner: Uuid::from_u128(1), nic: "eth0".into() }
    }

    #[test]
    fn claims_are_kept_in_order() {
        let block = Block::read([
            claim(None, Some(9)),
            claim(Some(200), Some(1)),
            claim(Some(0), Some(2)),
            claim(Some(64), None),
        ])
        .unwrap();
        let order: Vec<_> = block.claims().iter().map(|claim| claim.at).collect();
        assert_eq!(order, [Some(0), Some(64), Some(200), None]);
        assert_eq!(block.words(), [1, 1, 0, 1 << 8]);
        assert_eq!(block.at(64), Some(&claim(Some(64), None)));
        assert_eq!(block.at(65), None);
    }

    #[test]
    fn what_cannot_be_is_told() {
        let read = |claims: &[Claim]| Block::read(claims.iter().cloned()).unwrap_err();
        assert_eq!(read(&[claim(Some(1), Some(1)), claim(Some(1), Some(2))]), Malformed::Number(1));
        assert_eq!(read(&[claim(None, None)]), Malformed::Empty);
        let twice = [claim(Some(1), Some(7)), claim(None, Some(7))];
        assert_eq!(read(&twice), Malformed::Mac(twice[0].mac.unwrap()));
        let many: Vec<_> = (0..=BLOCK_SIZE).map(|own| claim(None, Some(own))).collect();
        assert_eq!(read(&many), Malformed::Crowded);
    }
}
