//! One writer against the plainest thing that could do the same: a map that is searched from its beginning.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

use cyclades_domain::ipam::{Ask, Pool, Refusal};
use proptest::prelude::*;
use uuid::Uuid;

use crate::support::{ask, pool, write};

/// What happens to a pool.
#[derive(Clone, Debug)]
enum Event {
    /// A machine claims any address.
    Claim(u8),
    /// A machine claims this one.
    ClaimAt(u8, u16),
    /// A machine lets go.
    Release(u8),
    /// What was claimed and released is written.
    Write,
    /// Somebody else takes these.
    Foreign(Vec<u16>),
}

fn event(size: u16) -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => any::<u8>().prop_map(Event::Claim),
        2 => (any::<u8>(), 0..size).prop_map(|(owner, at)| Event::ClaimAt(owner, at)),
        4 => any::<u8>().prop_map(Event::Release),
        4 => Just(Event::Write),
        1 => proptest::collection::vec(0..size, 0..8).prop_map(Event::Foreign),
    ]
}

/// Numbers by owner, as drafted and as written.
#[derive(Default)]
struct Model {
    size: u32,
    now: BTreeMap<u128, u32>,
    written: BTreeMap<u128, u32>,
    foreign: Vec<u32>,
}

impl Model {
    fn taken(&self) -> BTreeSet<u32> {
        self.now.values().chain(self.written.values()).chain(&self.foreign).copied().collect()
    }

    fn kept(&self, number: u32) -> bool {
        number < 2 || number + 1 >= self.size
    }

    /// What a claim must give; `None`: a refusal.
    fn claim(&mut self, owner: u128, wanted: Option<u32>) -> Option<u32> {
        if let Some(had) = self.now.get(&owner) {
            return wanted.is_none_or(|wanted| wanted == *had).then_some(*had);
        }
        let taken = self.taken();
        let free = |number: &u32| !self.kept(*number) && !taken.contains(number);
        let number = match wanted {
            Some(wanted) => Some(wanted).filter(free)?,
            None => (0..self.size).find(free)?,
        };
        self.now.insert(owner, number);
        Some(number)
    }
}

fn given(pool: &mut Pool, ask: &Ask) -> Result<u32, Refusal> {
    pool.claim(ask).map(|grant| pool.space().number(grant.address.unwrap()).unwrap())
}

fn step(pool: &mut Pool, model: &mut Model, event: Event) -> Result<(), TestCaseError> {
    match event {
        Event::Claim(owner) => {
            let gives = given(pool, &ask(owner.into()));
            prop_assert_eq!(gives.ok(), model.claim(owner.into(), None));
        }
        Event::ClaimAt(owner, at) => {
            let first = pool.space().address(0).map_or(0, Ipv4Addr::to_bits);
            let address = Some(Ipv4Addr::from_bits(first + u32::from(at)));
            let gives = given(pool, &Ask { address, ..ask(owner.into()) });
            prop_assert_eq!(gives.ok(), model.claim(owner.into(), Some(at.into())));
        }
        Event::Release(owner) => {
            pool.release(Uuid::from_u128(owner.into()), "eth0");
            model.now.remove(&owner.into());
        }
        Event::Write => {
            write(pool);
            model.written = model.now.clone();
        }
        Event::Foreign(numbers) => {
            model.foreign = numbers.iter().map(|number| u32::from(*number)).collect();
            let addresses: Vec<_> =
                model.foreign.iter().filter_map(|number| pool.space().address(*number)).collect();
            pool.set_foreign(addresses);
        }
    }
    Ok(())
}

fn holds(pool: &Pool, model: &Model) -> Result<(), TestCaseError> {
    let claims: BTreeMap<u128, u32> =
        pool.claims().filter_map(|(number, claim)| Some((claim.owner.as_u128(), number?))).collect();
    prop_assert_eq!(&claims, &model.written);
    let mut macs: Vec<_> = pool.claims().filter_map(|(_, claim)| claim.mac).collect();
    macs.sort_unstable();
    macs.dedup();
    prop_assert_eq!(macs.len(), claims.len(), "a MAC of its own for each");
    let taken = model.taken();
    let free = (0..model.size).filter(|number| !model.kept(*number) && !taken.contains(number)).count();
    prop_assert_eq!(pool.usage().free as usize, free);
    prop_assert_eq!(pool.dirty().is_empty(), model.now == model.written);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_pool_gives_what_the_plainest_one_gives((cidr, size, events) in prop_oneof![
        (Just("10.0.0.0/30"), Just(4u32), proptest::collection::vec(event(5), 0..60)),
        (Just("10.0.0.0/27"), Just(32), proptest::collection::vec(event(34), 0..200)),
        (Just("10.0.0.0/23"), Just(512), proptest::collection::vec(event(513), 0..300)),
    ]) {
        let (mut pool, mut model) = (pool(cidr), Model { size, ..Model::default() });
        for event in events {
            step(&mut pool, &mut model, event)?;
            holds(&pool, &model)?;
        }
    }
}
