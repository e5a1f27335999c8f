//! The NICs of a machine that is about to be placed: what each has, what is to be claimed for it, or what it waits for.

use std::{net::Ipv6Addr, sync::Arc};

use cyclades_crds::{condition::Reason, nic::Nic};
use uuid::Uuid;

use super::{Flaw, Range6, address4};
use crate::ipam::{Ask, Grant, Refusal};

/// A network as a machine's NIC finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its id.
    pub id: Uuid,
    /// It has a prefix, and is not being deleted.
    pub ready: bool,
    /// A Subnet gives it addresses.
    pub addressed: bool,
    /// Its addresses of IPv6.
    pub v6: Option<Range6>,
}

/// A NIC that has all it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Its name.
    pub name: Arc<str>,
    /// Id of its network.
    pub network: Uuid,
    /// Address and MAC.
    pub grant: Grant,
    /// Its address of IPv6, which the guest makes of the MAC.
    pub address6: Option<Ipv6Addr>,
}

/// What becomes of a machine with these NICs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All have what they need.
    Given(Vec<Given>),
    /// These are to be claimed first, each in the network of that id.
    Claim(Vec<(Uuid, Ask)>),
    /// It waits for the network at this place in the list of NICs.
    Wait(usize, Flaw),
}

/// What becomes of a machine with these NICs. `find` knows the networks of its namespace, `held` who has what for certain.
#[must_use]
pub fn resolve(
    owner: Uuid,
    nics: &[Nic],
    find: impl Fn(&str) -> Option<Found>,
    held: impl Fn(Uuid, &str) -> Option<Grant>,
) -> Outcome {
    let (mut given, mut claims) = (Vec::with_capacity(nics.len()), Vec::new());
    for (at, nic) in nics.iter().enumerate() {
        let network = match found(nic, find(&nic.network_ref.name)) {
            Ok(network) => network,
            Err(flaw) => return Outcome::Wait(at, flaw),
        };
        match held(network.id, &nic.name) {
            Some(grant) => {
                let address6 = network.v6.and_then(|range| grant.mac.eui64(range.cidr));
                given.push(Given { name: nic.name.as_str().into(), network: network.id, grant, address6 });
            }
            None => match ask(owner, nic) {
                Ok(ask) => claims.push((network.id, ask)),
                Err(flaw) => return Outcome::Wait(at, flaw),
            },
        }
    }
    if claims.is_empty() { Outcome::Given(given) } else { Outcome::Claim(claims) }
}

fn found(nic: &Nic, network: Option<Found>) -> Result<Found, Flaw> {
    let name = &nic.network_ref.name;
    let Some(network) = network else {
        let message =
            format!("Network {name} of NIC {} does not exist: create it, and the machine goes on.", nic.name);
        return Err(Flaw { reason: Reason::NetworkNotFound, message });
    };
    if network.ready && network.addressed {
        return Ok(network);
    }
    if network.ready {
        // The Subnet of the same manifest may come after the machine, whose place would then mean another address.
        let message = format!(
            "Network {name} of NIC {} has no Subnet that gives it addresses: create one, and the machine goes on.",
            nic.name
        );
        return Err(Flaw { reason: Reason::NetworkNotReady, message });
    }
    let message = format!("Network {name} of NIC {} is not ready; its own conditions say why.", nic.name);
    Err(Flaw { reason: Reason::NetworkNotReady, message })
}

/// What a NIC asks for. The API server lets nothing else through than what can be read.
fn ask(owner: Uuid, nic: &Nic) -> Result<Ask, Flaw> {
    let unreadable = |what: &str| Flaw {
        reason: Reason::InvalidSpec,
        message: format!("NIC {} asks for {what}, which cannot be read: write another one.", nic.name),
    };
    let address = nic.address.as_deref();
    let mac = nic.mac_address.as_deref();
    Ok(Ask {
        owner,
        nic: nic.name.as_str().into(),
        address: address.map(|text| address4(text).ok_or_else(|| unreadable(text))).transpose()?,
        mac: mac.map(|text| text.parse().map_err(|_| unreadable(text))).transpose()?,
    })
}

/// A refusal as a machine tells it.
#[must_use]
pub fn refused(network: &str, nic: &str, refusal: &Refusal) -> Flaw {
    let reason = match refusal {
        Refusal::Exhausted { .. } => Reason::AddressesExhausted,
        _ => Reason::AddressRefused,
    };
    Flaw { reason, message: format!("NIC {nic} in Network {network}: {refusal}.") }
}

#[cfg(test)]
mod tests {
    use cyclades_crds::reference::LocalRef;

    use super::*;
    use crate::ipam::{MacPrefix, Pool, Space};

    const OWNER: Uuid = Uuid::from_u128(1);
    const LAN: Uuid = Uuid::from_u128(70);
    const DMZ: Uuid = Uuid::from_u128(71);

    fn nic(name: &str, network: &str) -> Nic {
        Nic {
            name: name.into(),
            network_ref: LocalRef { name: network.into() },
            address: None,
            mac_address: None,
        }
    }

    fn find(name: &str) -> Option<Found> {
        let v6 = Some(Range6 { cidr: "2001:db8::/64".parse().unwrap(), gateway: None });
        match name {
            "lan" => Some(Found { id: LAN, ready: true, addressed: true, v6 }),
            "dmz" => Some(Found { id: DMZ, ready: true, addressed: true, v6: None }),
            "bare" => Some(Found { id: LAN, ready: true, addressed: false, v6: None }),
            "new" => Some(Found { id: Uuid::nil(), ready: false, addressed: true, v6: None }),
            _ => None,
        }
    }

    fn grant() -> Grant {
        let prefix = MacPrefix::of(0xaa001).unwrap();
        Grant { address: None, mac: prefix.with(0x234_5678) }
    }

    #[test]
    fn a_machine_waits_for_the_first_network_that_is_missing() {
        let wait = |nics: &[Nic]| match resolve(OWNER, nics, find, |_, _| None) {
            Outcome::Wait(at, flaw) => (at, flaw.reason),
            other => panic!("{other:?}"),
        };
        assert_eq!(wait(&[nic("eth0", "lan"), nic("eth1", "none")]), (1, Reason::NetworkNotFound));
        assert_eq!(wait(&[nic("eth0", "new"), nic("eth1", "none")]), (0, Reason::NetworkNotReady));
        assert_eq!(wait(&[nic("eth0", "bare")]), (0, Reason::NetworkNotReady));
        let odd = Nic { address: Some("ten".into()), ..nic("eth0", "lan") };
        assert_eq!(wait(&[odd]), (0, Reason::InvalidSpec));
    }

    #[test]
    fn what_is_not_held_is_claimed_before_anything_is_written() {
        let nics = [nic("eth0", "lan"), Nic { address: Some("10.0.0.9".into()), ..nic("eth1", "dmz") }];
        let half = |network, _: &str| (network == LAN).then(grant);
        let Outcome::Claim(claims) = resolve(OWNER, &nics, find, half) else { panic!("eth1 has nothing") };
        assert_eq!(claims.len(), 1);
        assert_eq!((claims[0].0, claims[0].1.address), (DMZ, "10.0.0.9".parse().ok()));
    }

    #[test]
    fn a_nic_that_has_all_is_told_with_its_address_of_ipv6() {
        let nics = [nic("eth0", "lan"), nic("eth1", "dmz")];
        let Outcome::Given(given) = resolve(OWNER, &nics, find, |_, _| Some(grant())) else {
            panic!("all is held")
        };
        let addresses: Vec<_> = given.iter().map(|nic| nic.address6.map(|it| it.to_string())).collect();
        assert_eq!(addresses, [Some("2001:db8::a800:12ff:fe34:5678".to_owned()), None]);
        assert_eq!(
            resolve(OWNER, &[], |_| None, |_, _| None),
            Outcome::Given(Vec::new()),
            "none needs nothing"
        );
    }

    #[test]
    fn a_refusal_is_told_with_the_nic_it_is_of() {
        let mut pool = Pool::new(Space::new(None, MacPrefix::of(0xaa001).unwrap(), true));
        let ask = Ask { owner: OWNER, nic: "eth0".into(), address: "10.0.0.1".parse().ok(), mac: None };
        let flaw = refused("lan", "eth0", &pool.claim(&ask).unwrap_err());
        assert_eq!(flaw.reason, Reason::AddressRefused);
        assert!(flaw.message.starts_with("NIC eth0 in Network lan: address 10.0.0.1"), "{}", flaw.message);
        assert_eq!(
            refused("lan", "eth0", &Refusal::Exhausted { size: 5 }).reason,
            Reason::AddressesExhausted
        );
    }
}
