//! A store that changes an object only from the version that its writer has seen, as the API server does.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

use cyclades_domain::ipam::{Block, Claim, Dirty};

/// The last version that was given, and each block with its own.
type Versioned = (u64, BTreeMap<u32, (u64, Vec<Claim>)>);

/// The blocks of a network with their versions, one counter for all.
#[derive(Debug, Default)]
pub struct Store {
    blocks: Mutex<Versioned>,
}

impl Store {
    fn lock(&self) -> MutexGuard<'_, Versioned> {
        self.blocks.lock().unwrap()
    }

    /// Writes a block if nobody has since it was read; its new version.
    pub fn write(&self, dirty: &Dirty) -> Option<u64> {
        let mut store = self.lock();
        if store.1.get(&dirty.index).map(|(version, _)| *version) != dirty.version {
            return None;
        }
        store.0 += 1;
        let version = store.0;
        store.1.insert(dirty.index, (version, dirty.block.claims().to_vec()));
        Some(version)
    }

    /// A block as it is.
    pub fn read(&self, index: u32) -> Option<(u64, Block)> {
        let (version, claims) = self.lock().1.get(&index).cloned()?;
        Some((version, Block::read(claims).expect("what is stored can be read")))
    }

    /// All blocks.
    pub fn list(&self) -> Vec<(u32, u64, Block)> {
        let all: Vec<u32> = self.lock().1.keys().copied().collect();
        all.into_iter()
            .filter_map(|index| self.read(index).map(|(version, block)| (index, version, block)))
            .collect()
    }
}
