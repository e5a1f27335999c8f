//! Eight writers at once, each with a view of its own that is late: what they were given, by their own clocks alone.
//!
//! The history is judged from outside. A NIC has its address from when it was told so until it began to let go of it. No
//! two such times of one address, or of one MAC, may meet, whatever the store was told.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use cyclades_domain::ipam::{Ask, Grant, Mac, Pool, Refusal};
use uuid::Uuid;

use crate::{
    store::Store,
    support::{ask, space},
};

const WRITERS: u64 = 8;

/// One NIC's having something: from, until, what.
#[derive(Clone, Copy, Debug)]
struct Tenure {
    from: u64,
    until: u64,
    grant: Grant,
}

/// What all writers share: the store, and a clock that gives each moment once.
#[derive(Debug, Default)]
struct Bed {
    store: Store,
    clock: AtomicU64,
    tenures: Mutex<Vec<Tenure>>,
    conflicts: AtomicU64,
    exhausted: AtomicU64,
}

impl Bed {
    fn now(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }
}

/// A writer: its view, and what its NICs have.
struct Writer {
    bed: Arc<Bed>,
    pool: Pool,
    holds: Vec<(Ask, u64, Grant)>,
    /// A xorshift, so that a run can be had again but for the order of the threads.
    random: u64,
    number: u64,
    next: u64,
}

impl Writer {
    fn new(bed: Arc<Bed>, number: u64, cidr: &str) -> Self {
        let random = 0x9e37_79b9_7f4a_7c15 ^ (number + 1);
        Self { bed, pool: Pool::new(space(cidr)), holds: Vec::new(), random, number, next: 0 }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % below
    }

    /// Sees all that is there.
    fn look(&mut self) {
        for (index, version, block) in self.bed.store.list() {
            self.pool.put(index, version, block);
        }
    }

    /// Writes what is to be written; where somebody was faster, sees what is there.
    fn write(&mut self) {
        for dirty in self.pool.dirty() {
            let index = dirty.index;
            let (version, block) = match self.bed.store.write(&dirty) {
                Some(version) => (version, dirty.block),
                None => {
                    self.bed.conflicts.fetch_add(1, Ordering::Relaxed);
                    self.pool.discard(index);
                    self.bed.store.read(index).expect("somebody wrote it")
                }
            };
            self.pool.put(index, version, block);
        }
    }

    /// A round for some new NICs: claims until each has something or the network has nothing.
    fn claim(&mut self, count: u64) {
        let mut asks: Vec<Ask> = Vec::new();
        for _ in 0..count {
            self.next += 1;
            let mut ask = ask(u128::from(self.number) << 64 | u128::from(self.next));
            if self.random(4) == 0 {
                let number = u32::try_from(self.random(self.pool.space().size().into())).unwrap();
                ask.address = self.pool.space().address(number);
            }
            asks.push(ask);
        }
        while !asks.is_empty() {
            let wanted = asks.len();
            asks.retain(|ask| match self.pool.claim(ask) {
                Ok(_) => true,
                Err(Refusal::Exhausted { .. }) => {
                    self.bed.exhausted.fetch_add(1, Ordering::Relaxed);
                    false
                }
                Err(Refusal::Taken { .. } | Refusal::Kept { .. }) => false,
                Err(other) => panic!("{ask:?} is refused: {other}"),
            });
            if asks.len() < wanted {
                // What somebody has let go of is seen sooner or later.
                self.look();
                continue;
            }
            self.write();
            let now = self.bed.now();
            let (pool, holds) = (&self.pool, &mut self.holds);
            asks.retain(|ask| match pool.held(ask.owner, &ask.nic) {
                Some(grant) => {
                    assert!(ask.address.is_none_or(|wanted| grant.address == Some(wanted)), "{ask:?}");
                    holds.push((ask.clone(), now, grant));
                    false
                }
                None => true,
            });
        }
    }

    /// Lets some of its NICs go.
    fn release(&mut self, count: u64) {
        let mut gone: Vec<(Uuid, Arc<str>)> = Vec::new();
        for _ in 0..count.min(self.holds.len() as u64) {
            let at = usize::try_from(self.random(self.holds.len() as u64)).unwrap();
            let (ask, from, grant) = self.holds.swap_remove(at);
            self.bed.tenures.lock().unwrap().push(Tenure { from, until: self.bed.now(), grant });
            gone.push((ask.owner, ask.nic));
        }
        while !gone.is_empty() {
            gone.iter().for_each(|(owner, nic)| self.pool.release(*owner, nic));
            self.write();
            let pool = &self.pool;
            gone.retain(|(owner, nic)| pool.held(*owner, nic).is_some());
        }
    }

    /// So many claims, some of them given back again.
    fn work(mut self, claims: u64) -> Self {
        while self.next < claims {
            if self.random(3) == 0 {
                self.look();
            }
            let count = self.random(6) + 1;
            self.claim(count);
            let count = self.random(6);
            self.release(count);
        }
        self
    }
}

/// Runs all writers; what each still has at the end.
fn run(cidr: &'static str, claims: u64) -> (Arc<Bed>, Vec<Writer>) {
    let bed = Arc::new(Bed::default());
    let threads: Vec<_> = (0..WRITERS)
        .map(|number| {
            let writer = Writer::new(Arc::clone(&bed), number, cidr);
            thread::spawn(move || writer.work(claims))
        })
        .collect();
    let writers = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    (bed, writers)
}

/// No two tenures of one thing meet.
fn never_two<K: Ord + std::fmt::Debug>(tenures: &[Tenure], what: impl Fn(&Tenure) -> K) {
    let mut of: BTreeMap<K, Vec<(u64, u64)>> = BTreeMap::new();
    for tenure in tenures {
        of.entry(what(tenure)).or_default().push((tenure.from, tenure.until));
    }
    for (thing, mut times) in of {
        times.sort_unstable();
        for pair in times.windows(2) {
            assert!(pair[0].1 < pair[1].0, "{thing:?} belonged to two: {pair:?}");
        }
    }
}

fn check(cidr: &'static str, claims: u64) -> Arc<Bed> {
    let (bed, mut writers) = run(cidr, claims);
    let mut tenures = bed.tenures.lock().unwrap().clone();
    let end = bed.now();
    let held: Vec<Tenure> = writers
        .iter()
        .flat_map(|writer| {
            writer.holds.iter().map(|(_, from, grant)| Tenure { from: *from, until: end, grant: *grant })
        })
        .collect();
    tenures.extend(&held);
    assert!(tenures.len() > 500, "that was too little to tell: {}", tenures.len());
    never_two(&tenures, |tenure| tenure.grant.address);
    never_two(&tenures, |tenure| tenure.grant.mac);
    let space = space(cidr);
    let kept: BTreeSet<Ipv4Addr> =
        [0, 1, space.size() - 1].iter().filter_map(|n| space.address(*n)).collect();
    for grant in tenures.iter().map(|tenure| tenure.grant) {
        let address = grant.address.unwrap();
        assert!(space.number(address).is_some() && !kept.contains(&address), "{address}");
    }
    // What is stored is what they have, no more and no less.
    let stored: BTreeSet<(Uuid, Mac)> = bed
        .store
        .list()
        .iter()
        .flat_map(|(_, _, block)| block.claims().to_vec())
        .map(|claim| (claim.owner, claim.mac.unwrap()))
        .collect();
    let had: BTreeSet<(Uuid, Mac)> =
        writers.iter().flat_map(|w| w.holds.iter().map(|(ask, _, grant)| (ask.owner, grant.mac))).collect();
    assert_eq!(stored, had);
    // And when all have let go, all is free.
    for writer in &mut writers {
        writer.release(u64::MAX);
    }
    let mut last = Writer::new(Arc::clone(&bed), WRITERS, cidr);
    last.look();
    assert_eq!((last.pool.claims().count(), last.pool.usage().free), (0, space.size() - 3));
    bed
}

#[test]
fn many_writers_never_give_one_address_to_two() {
    let bed = check("10.0.0.0/22", 600);
    assert!(bed.conflicts.load(Ordering::Relaxed) > 0, "nobody was ever late: this shows nothing");
}

#[test]
fn many_writers_share_what_is_too_small_for_them() {
    let bed = check("10.0.0.0/28", 1_000);
    assert!(bed.exhausted.load(Ordering::Relaxed) > 0, "there was enough for all: this shows nothing");
}
