//! All blocks of a network as one writer sees them: where the next address is, and what is to be written for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
    sync::Arc,
};

use uuid::Uuid;

use super::{BLOCK_SIZE, Bitmap, Block, Claim, Mac, Refusal, Space, block::WORDS, nic_id};

/// What a NIC asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Id of the machine.
    pub owner: Uuid,
    /// Name of the NIC in it.
    pub nic: Arc<str>,
    /// The address that it wants; the lowest free one where absent.
    pub address: Option<Ipv4Addr>,
    /// The MAC that it wants; one that follows from its id where absent.
    pub mac: Option<Mac>,
}

/// What a NIC has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its address; `None` in a network without an IPv4 subnet.
    pub address: Option<Ipv4Addr>,
    /// Its MAC.
    pub mac: Mac,
}

/// A block that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dirty {
    /// Which one.
    pub index: u32,
    /// Version of the object that it replaces; `None`: it is to be created, and must not be there.
    pub version: Option<u64>,
    /// What it is to say.
    pub block: Block,
}

/// How many numbers of a network are in which state. They add up to its size, but for a number that is two at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Claimed.
    pub claimed: u32,
    /// Given to nobody who asks for none: the network's own, or outside of the allocation pools.
    pub withheld: u32,
    /// Seen in use by somebody who is not ours.
    pub foreign: u32,
    /// Free to be given.
    pub free: u32,
}

#[derive(Clone, Debug, Default)]
struct Entry {
    version: Option<u64>,
    /// What the object says.
    said: Block,
    /// What it is to say, where that differs.
    draft: Option<Block>,
}

impl Entry {
    fn now(&self) -> &Block {
        self.draft.as_ref().unwrap_or(&self.said)
    }
}

/// All blocks of a network, with an index that finds the lowest free number however full they are.
///
/// It belongs to one writer, who works in rounds: [`Pool::claim`] and [`Pool::release`] for all who wait, then each of
/// [`Pool::dirty`] is written under the version that it names, and [`Pool::put`] is told what came of it: what was written
/// or, where somebody else was faster, what is there now. Only then [`Pool::held`] tells who has something; who has not
/// asks again in the next round. What watches bring is put at any time.
#[derive(Clone, Debug)]
pub struct Pool {
    space: Space,
    withheld: Bitmap,
    foreign: Bitmap,
    used: Bitmap,
    blocks: BTreeMap<u32, Entry>,
    /// Which machine has something in which block.
    owners: BTreeSet<(Uuid, u32)>,
}

impl Pool {
    /// A network of which nothing is claimed.
    #[must_use]
    pub fn new(space: Space) -> Self {
        let withheld = space.withheld();
        let foreign = Bitmap::new(space.size());
        let (used, blocks, owners) = (withheld.clone(), BTreeMap::new(), BTreeSet::new());
        Self { space, withheld, foreign, used, blocks, owners }
    }

    /// Its numbers.
    #[must_use]
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// The same claims over other numbers: a subnet came or went, or its allocation pools changed. What was drafted is given up.
    #[must_use]
    pub fn reshaped(self, space: Space) -> Self {
        let mut pool = Self::new(space);
        for (index, entry) in self.blocks {
            if let Some(version) = entry.version {
                pool.put(index, version, entry.said);
            }
        }
        pool
    }

    /// Takes in what a block's object says, unless a later version of it is known: then it is no news, and `false`. What was
    /// drafted on an earlier one is given up.
    pub fn put(&mut self, index: u32, version: u64, block: Block) -> bool {
        let entry = self.blocks.entry(index).or_default();
        if entry.version.is_some_and(|known| known >= version) {
            return false;
        }
        let entry = std::mem::replace(entry, Entry { version: Some(version), said: block, draft: None });
        self.reindex(index, &entry);
        true
    }

    /// A block's object is gone, and with it all claims in it.
    pub fn forget(&mut self, index: u32) {
        if let Some(entry) = self.blocks.remove(&index) {
            self.reindex(index, &entry);
        }
    }

    /// Gives up what was drafted for a block: its write failed, and what is there is known.
    pub fn discard(&mut self, index: u32) {
        let Some(entry) = self.blocks.get_mut(&index) else { return };
        let before = entry.clone();
        entry.draft = None;
        if entry.version.is_none() {
            self.blocks.remove(&index);
        }
        self.reindex(index, &before);
    }

    /// Notes which addresses are in use by others: of instances that are not ours, and reserved in Ganeti. Claimed ones
    /// among them stay with who has them.
    pub fn set_foreign(&mut self, addresses: impl IntoIterator<Item = Ipv4Addr>) {
        let mut foreign = Bitmap::new(self.space.size());
        addresses
            .into_iter()
            .filter_map(|address| self.space.number(address))
            .for_each(|n| foreign.insert(n));
        if foreign != self.foreign {
            self.foreign = foreign;
            (0..self.space.blocks()).for_each(|index| self.recount(index));
        }
    }

    /// What a NIC has for certain: its claim is written. Where two writers have claimed for it at once it is the lowest
    /// number, whoever looks.
    #[must_use]
    pub fn held(&self, owner: Uuid, nic: &str) -> Option<Grant> {
        let (number, mac) = self.found(owner, nic, |entry| &entry.said);
        Some(Grant { address: self.space.address(number?), mac: mac? })
    }

    /// Claims for a NIC. Who has something already gets the same again.
    ///
    /// # Errors
    /// Why it gets nothing.
    pub fn claim(&mut self, ask: &Ask) -> Result<Grant, Refusal> {
        let (had, had_mac) = self.found(ask.owner, &ask.nic, Entry::now);
        let number = match had {
            Some(number) => self.same(number, ask)?,
            None => self.number(ask)?,
        };
        let index = number / BLOCK_SIZE;
        let mac = match had_mac {
            Some(mac) if ask.mac.is_none_or(|wanted| wanted == mac) => mac,
            Some(mac) => return Err(Refusal::HasOther { has: format!("MAC {mac}") }),
            None => self.mac(index, ask)?,
        };
        let grant = Grant { address: self.space.address(number), mac };
        let home = self.space.home(mac);
        let claim = |at, mac| Claim { at, mac, owner: ask.owner, nic: Arc::clone(&ask.nic) };
        let at = u8::try_from(number % BLOCK_SIZE).ok();
        match (had.is_none(), had_mac.is_none(), home == index) {
            (true, true, true) => self.draft(index, claim(at, Some(mac))),
            (new, new_mac, _) => {
                if new {
                    self.draft(index, claim(at, None));
                }
                if new_mac {
                    self.draft(home, claim(None, Some(mac)));
                }
            }
        }
        Ok(grant)
    }

    /// Lets go of all that a NIC has.
    pub fn release(&mut self, owner: Uuid, nic: &str) {
        for index in self.blocks_of(owner) {
            let Some(entry) = self.blocks.get_mut(&index) else { continue };
            let before = entry.clone();
            let mut block = entry.now().clone();
            if block.remove(|claim| claim.is_for(owner, nic)) {
                entry.draft = Some(block).filter(|block| *block != entry.said);
                self.reindex(index, &before);
            }
        }
    }

    /// The blocks that are to be written, with all that was claimed and released since they were read.
    #[must_use]
    pub fn dirty(&self) -> Vec<Dirty> {
        let drafts = self.blocks.iter().filter_map(|(index, entry)| {
            let block = entry.draft.clone()?;
            Some(Dirty { index: *index, version: entry.version, block })
        });
        drafts.collect()
    }

    /// Whether anything is to be written.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        self.blocks.values().any(|entry| entry.draft.is_some())
    }

    /// The blocks that have an object.
    pub fn stored(&self) -> impl Iterator<Item = u32> {
        self.blocks.iter().filter(|(_, entry)| entry.version.is_some()).map(|(index, _)| *index)
    }

    /// All claims that are written, with the number of each that has one.
    pub fn claims(&self) -> impl Iterator<Item = (Option<u32>, &Claim)> {
        self.blocks.iter().flat_map(|(index, entry)| {
            let number = move |at: u8| index * BLOCK_SIZE + u32::from(at);
            entry.said.claims().iter().map(move |claim| (claim.at.map(number), claim))
        })
    }

    /// How full it is.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let taken = |bitmap: &Bitmap| self.space.size() - bitmap.free();
        let claimed = self.claims().filter(|(number, _)| number.is_some()).count();
        Usage {
            claimed: u32::try_from(claimed).unwrap_or(u32::MAX),
            withheld: taken(&self.withheld),
            foreign: taken(&self.foreign),
            free: self.used.free(),
        }
    }

    /// The number for a NIC that has none.
    fn number(&self, ask: &Ask) -> Result<u32, Refusal> {
        let Some(address) = ask.address else {
            let size = self.withheld.free();
            return self.used.lowest_free().ok_or(Refusal::Exhausted { size });
        };
        let Some(addresses) = self.space.addresses() else { return Err(Refusal::NoAddresses { address }) };
        let Some(number) = self.space.number(address) else { return Err(Refusal::Outside { address }) };
        if let Some(of) = addresses.kept(address) {
            return Err(Refusal::Kept { address, of });
        }
        if self.foreign.has(number) {
            return Err(Refusal::Foreign { address });
        }
        match self.holder(number) {
            Some(claim) => Err(Refusal::Taken { address, owner: claim.owner, nic: (*claim.nic).into() }),
            None => Ok(number),
        }
    }

    /// Who has a number, or had it and is about to let go of it: that counts once it is written.
    fn holder(&self, number: u32) -> Option<&Claim> {
        let entry = self.blocks.get(&(number / BLOCK_SIZE))?;
        let at = u8::try_from(number % BLOCK_SIZE).ok()?;
        entry.now().at(at).or_else(|| entry.said.at(at))
    }

    /// The number that a NIC has already, if it asks for no other one.
    fn same(&self, number: u32, ask: &Ask) -> Result<u32, Refusal> {
        match (ask.address, self.space.address(number)) {
            (None, _) => Ok(number),
            (Some(wanted), Some(has)) if wanted == has => Ok(number),
            (Some(_), Some(has)) => Err(Refusal::HasOther { has: format!("address {has}") }),
            (Some(address), None) => Err(Refusal::NoAddresses { address }),
        }
    }

    /// The MAC for a NIC that has none and whose number is in a block.
    fn mac(&self, index: u32, ask: &Ask) -> Result<Mac, Refusal> {
        let Some(mac) = ask.mac else {
            let mut minted = self.space.minted(index, nic_id(ask.owner, &ask.nic));
            // A block has far more MACs than claims.
            let size = self.withheld.free();
            return minted
                .find(|mac| self.holder_of_mac(index, *mac).is_none())
                .ok_or(Refusal::Exhausted { size });
        };
        if !self.space.lets_through(mac) {
            return Err(Refusal::MacOutside { mac, prefix: self.space.prefix() });
        }
        let home = self.space.home(mac);
        if let Some(claim) = self.holder_of_mac(home, mac) {
            return Err(Refusal::MacTaken { mac, owner: claim.owner, nic: (*claim.nic).into() });
        }
        let has_room = self.blocks.get(&home).is_none_or(|entry| entry.now().has_room_for_strays());
        if home == index || has_room { Ok(mac) } else { Err(Refusal::Crowded { mac }) }
    }

    fn holder_of_mac(&self, home: u32, mac: Mac) -> Option<&Claim> {
        let entry = self.blocks.get(&home)?;
        entry.now().of_mac(mac).or_else(|| entry.draft.as_ref().and_then(|_| entry.said.of_mac(mac)))
    }

    /// Lowest number and MAC of a NIC.
    fn found(&self, owner: Uuid, nic: &str, of: impl Fn(&Entry) -> &Block) -> (Option<u32>, Option<Mac>) {
        let (mut number, mut mac, mut stray) = (None, None, None);
        for index in self.blocks_of(owner) {
            let Some(entry) = self.blocks.get(&index) else { continue };
            for claim in of(entry).claims().iter().filter(|claim| claim.is_for(owner, nic)) {
                match claim.at {
                    Some(at) if number.is_none() => {
                        number = Some(index * BLOCK_SIZE + u32::from(at));
                        mac = claim.mac;
                    }
                    Some(_) => {}
                    None => stray = stray.or(claim.mac),
                }
            }
        }
        (number, mac.or(stray))
    }

    fn blocks_of(&self, owner: Uuid) -> Vec<u32> {
        self.owners.range((owner, 0)..=(owner, u32::MAX)).map(|(_, index)| *index).collect()
    }

    fn draft(&mut self, index: u32, claim: Claim) {
        let (owner, at) = (claim.owner, claim.at);
        let entry = self.blocks.entry(index).or_default();
        entry.draft.get_or_insert_with(|| entry.said.clone()).insert(claim);
        self.owners.insert((owner, index));
        if let Some(at) = at {
            self.used.insert(index * BLOCK_SIZE + u32::from(at));
        }
    }

    /// Brings the indexes to what a block says now that was `before`.
    fn reindex(&mut self, index: u32, before: &Entry) {
        for block in [Some(&before.said), before.draft.as_ref()].into_iter().flatten() {
            for claim in block.claims() {
                self.owners.remove(&(claim.owner, index));
            }
        }
        if let Some(entry) = self.blocks.get(&index) {
            for block in [Some(&entry.said), entry.draft.as_ref()].into_iter().flatten() {
                for claim in block.claims() {
                    self.owners.insert((claim.owner, index));
                }
            }
        }
        self.recount(index);
    }

    /// Brings the numbers of a block up to date. What is about to be let go of is in use until that is written.
    fn recount(&mut self, index: u32) {
        let entry = self.blocks.get(&index);
        let said = entry.map(|entry| entry.said.words()).unwrap_or_default();
        let draft = entry.and_then(|entry| entry.draft.as_ref()).map(Block::words).unwrap_or_default();
        for (word, (said, draft)) in said.into_iter().zip(draft).enumerate() {
            let at = index as usize * WORDS + word;
            let (Some(withheld), Some(foreign)) = (self.withheld.word(at), self.foreign.word(at)) else {
                return;
            };
            self.used.set_word(at, withheld | foreign | said | draft);
        }
    }
}
