//! What a NIC gets, and what it is told where it gets nothing.

use std::net::Ipv4Addr;

use cyclades_domain::ipam::{Ask, Block, Claim, Grant, Mac, Pool, Refusal, Space, Usage, nic_id};
use uuid::Uuid;

use crate::support::{ask, pool, prefix, space, write};

fn at(third: u8, fourth: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, third, fourth)
}

fn wants(owner: u128, address: Ipv4Addr) -> Ask {
    Ask { address: Some(address), ..ask(owner) }
}

fn wants_mac(owner: u128, mac: Mac) -> Ask {
    Ask { mac: Some(mac), ..ask(owner) }
}

#[test]
fn the_lowest_address_that_is_nobodys() {
    let mut pool = pool("10.0.0.0/29");
    let addresses: Vec<_> = (1..=5).map(|owner| pool.claim(&ask(owner)).unwrap().address.unwrap()).collect();
    assert_eq!(addresses, [at(0, 2), at(0, 3), at(0, 4), at(0, 5), at(0, 6)]);
    assert_eq!(pool.claim(&ask(6)), Err(Refusal::Exhausted { size: 5 }));
    write(&mut pool);
    pool.release(Uuid::from_u128(3), "eth0");
    assert!(pool.claim(&ask(6)).is_err(), "what is let go of is taken until that is written");
    assert_eq!(pool.claim(&wants(6, at(0, 4))).unwrap_err().to_string().find("is taken by"), Some(17));
    write(&mut pool);
    assert_eq!(pool.claim(&ask(6)).unwrap().address, Some(at(0, 4)));
    assert_eq!(pool.usage(), Usage { claimed: 4, withheld: 3, foreign: 0, free: 0 });
}

#[test]
fn who_has_something_gets_the_same_again() {
    let mut pool = pool("10.0.0.0/24");
    let grant = pool.claim(&ask(1)).unwrap();
    assert_eq!(pool.held(Uuid::from_u128(1), "eth0"), None, "it is not written yet");
    assert_eq!(pool.claim(&ask(1)), Ok(grant));
    write(&mut pool);
    assert_eq!(pool.held(Uuid::from_u128(1), "eth0"), Some(grant));
    assert_eq!(pool.claim(&wants(1, grant.address.unwrap())), Ok(grant));
    assert!(pool.dirty().is_empty(), "nothing is written for what is there");
    let other = Refusal::HasOther { has: "address 10.0.0.2".into() };
    assert_eq!(pool.claim(&wants(1, at(0, 9))), Err(other));
    let second = pool.claim(&Ask { nic: "eth1".into(), ..ask(1) }).unwrap();
    assert_ne!((second.address, second.mac), (grant.address, grant.mac), "another NIC is another one");
}

#[test]
fn an_address_that_was_asked_for_is_given_or_the_reason_is_told() {
    let mut pool = pool("10.0.0.0/22");
    assert_eq!(pool.claim(&wants(1, at(3, 254))).unwrap().address, Some(at(3, 254)));
    let refused = |pool: &mut Pool, address| pool.claim(&wants(2, address)).unwrap_err();
    assert_eq!(refused(&mut pool, at(4, 0)), Refusal::Outside { address: at(4, 0) });
    for (address, of) in [(at(0, 0), "the network"), (at(0, 1), "the gateway"), (at(3, 255), "the broadcast")]
    {
        assert_eq!(refused(&mut pool, address), Refusal::Kept { address, of });
    }
    let taken = Refusal::Taken { address: at(3, 254), owner: Uuid::from_u128(1), nic: "eth0".into() };
    assert_eq!(refused(&mut pool, at(3, 254)), taken);
    pool.set_foreign([at(0, 2), at(1, 0), at(9, 9)]);
    assert_eq!(refused(&mut pool, at(1, 0)), Refusal::Foreign { address: at(1, 0) });
    assert_eq!(pool.claim(&ask(2)).unwrap().address, Some(at(0, 3)));
    pool.set_foreign([at(3, 254)]);
    assert_eq!(pool.claim(&wants(3, at(0, 2))).unwrap().address, Some(at(0, 2)), "nobody has it any more");
    assert_eq!(pool.claim(&wants(1, at(3, 254))).unwrap().address, Some(at(3, 254)), "who has it keeps it");
}

#[test]
fn an_address_outside_of_the_pools_is_given_to_who_asks() {
    let cidr = "10.0.0.0/24".parse().unwrap();
    let addresses =
        cyclades_domain::ipam::Addresses::new(cidr, Some(at(0, 1)), vec![(at(0, 100), at(0, 100))]).unwrap();
    let mut pool = Pool::new(Space::new(Some(addresses), prefix(), true));
    assert_eq!(pool.claim(&ask(1)).unwrap().address, Some(at(0, 100)));
    assert_eq!(pool.claim(&ask(2)), Err(Refusal::Exhausted { size: 1 }));
    assert_eq!(pool.claim(&wants(2, at(0, 7))).unwrap().address, Some(at(0, 7)));
}

#[test]
fn a_network_without_addresses_gives_macs() {
    let mut pool = Pool::new(Space::new(None, prefix(), false));
    let grant = pool.claim(&ask(1)).unwrap();
    assert_eq!((grant.address, grant.mac.prefix()), (None, prefix().bits()));
    let address = at(0, 7);
    assert_eq!(pool.claim(&wants(2, address)), Err(Refusal::NoAddresses { address }));
    write(&mut pool);
    assert_eq!(pool.held(Uuid::from_u128(1), "eth0"), Some(grant));
}

#[test]
fn a_mac_follows_from_the_nics_id_and_the_next_one_is_taken_where_it_is_not_free() {
    let mut pool = pool("10.0.0.0/24");
    let id = nic_id(Uuid::from_u128(7), "eth0");
    let own = id.as_fields().0 >> 4;
    let mac = prefix().with(own);
    assert_eq!(pool.clone().claim(&ask(7)).unwrap().mac, mac);
    pool.claim(&wants_mac(1, mac)).unwrap();
    assert_eq!(pool.claim(&ask(7)).unwrap().mac, prefix().with(own.wrapping_add(1)));
}

#[test]
fn a_mac_that_was_asked_for_is_kept_by_its_own_block() {
    let mut pool = pool("10.0.0.0/16");
    // Its leading bits say block 3, the address is in block 0.
    let mac: Mac = "aa:00:10:30:00:01".parse().unwrap();
    let grant = pool.claim(&wants_mac(1, mac)).unwrap();
    assert_eq!(grant, Grant { address: Some(at(0, 2)), mac });
    let blocks: Vec<u32> = pool.dirty().iter().map(|dirty| dirty.index).collect();
    assert_eq!(blocks, [0, 3]);
    let taken = Refusal::MacTaken { mac, owner: Uuid::from_u128(1), nic: "eth0".into() };
    assert_eq!(pool.claim(&wants_mac(2, mac)), Err(taken));
    let halves = pool.dirty();
    pool.put(0, 1, halves[0].block.clone());
    assert_eq!(pool.held(Uuid::from_u128(1), "eth0"), None, "half of it is nothing");
    pool.put(3, 1, halves[1].block.clone());
    assert_eq!(pool.held(Uuid::from_u128(1), "eth0"), Some(grant));
    assert_eq!(pool.claim(&ask(1)), Ok(grant));
    pool.release(Uuid::from_u128(1), "eth0");
    write(&mut pool);
    assert_eq!(pool.claims().count(), 0, "both halves are gone");
}

#[test]
fn where_a_filter_stands_only_its_own_macs_pass() {
    let foreign: Mac = "52:54:00:12:34:56".parse().unwrap();
    let outside = Refusal::MacOutside { mac: foreign, prefix: prefix() };
    assert_eq!(pool("10.0.0.0/24").claim(&wants_mac(1, foreign)), Err(outside));
    let addresses = space("10.0.0.0/24").addresses().cloned();
    let mut open = Pool::new(Space::new(addresses, prefix(), false));
    assert_eq!(open.claim(&wants_mac(1, foreign)).unwrap().mac, foreign);
    assert!(matches!(open.claim(&wants_mac(2, foreign)), Err(Refusal::MacTaken { .. })));
}

#[test]
fn what_two_writers_claimed_for_one_nic_is_one_and_the_same_to_all() {
    let claim = |at: u8, own| Claim {
        at: Some(at),
        mac: Some(prefix().with(own)),
        owner: Uuid::from_u128(1),
        nic: "eth0".into(),
    };
    let mut pool = pool("10.0.0.0/16");
    pool.put(1, 1, Block::read([claim(0, 1 << 20)]).unwrap());
    assert_eq!(pool.held(Uuid::from_u128(1), "eth0").unwrap().address, Some(at(1, 0)));
    pool.put(0, 1, Block::read([claim(9, 5), claim(7, 4)]).unwrap());
    assert_eq!(pool.held(Uuid::from_u128(1), "eth0").unwrap().address, Some(at(0, 7)));
    pool.release(Uuid::from_u128(1), "eth0");
    write(&mut pool);
    assert_eq!(pool.usage().claimed, 0);
}

#[test]
fn an_older_version_changes_nothing_and_a_newer_one_ends_a_draft() {
    let mut pool = pool("10.0.0.0/24");
    pool.claim(&ask(1)).unwrap();
    write(&mut pool);
    pool.claim(&ask(2)).unwrap();
    let drafted = pool.dirty();
    pool.put(0, 1, Block::default());
    assert_eq!(pool.dirty(), drafted, "that version is known");
    let theirs = drafted[0].block.clone();
    pool.put(0, 5, theirs);
    assert!(pool.dirty().is_empty());
    assert!(pool.held(Uuid::from_u128(2), "eth0").is_some());
    pool.claim(&ask(3)).unwrap();
    pool.discard(0);
    assert!(pool.dirty().is_empty());
    assert_eq!(pool.claim(&ask(4)).unwrap().address, Some(at(0, 4)), "what was given up is free");
    pool.forget(0);
    assert_eq!((pool.claims().count(), pool.claim(&ask(5)).unwrap().address), (0, Some(at(0, 2))));
}
