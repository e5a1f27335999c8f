//! Networks: what they need before machines can be in them, and what a subnet adds.

pub mod ganeti;
pub mod nics;
pub mod plan;

use std::net::{Ipv4Addr, Ipv6Addr};

use cyclades_crds::{NetworkSpec, SubnetSpec, condition::Reason, network::NetworkType};

use crate::ipam::{Addresses, Cidr4, Cidr6, MacPrefix, Space, canonical};

/// Why something cannot be as it is declared; with what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Why, as a reason.
    pub reason: Reason,
    /// Why, and what to do.
    pub message: String,
}

/// A range of IPv6 with its gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range6 {
    /// The range, a /64.
    pub cidr: Cidr6,
    /// Where other addresses are reached.
    pub gateway: Option<Ipv6Addr>,
}

/// What a subnet adds to its network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Range {
    /// Addresses of IPv4.
    V4(Addresses),
    /// Addresses of IPv6.
    V6(Range6),
}

impl Range {
    /// What a subnet declares.
    ///
    /// # Errors
    /// What the API server's rules cannot see: the gateway is the broadcast's address, pools meet or hold the gateway. And
    /// what they see, where an object was stored before them.
    pub fn of(spec: &SubnetSpec) -> Result<Self, Flaw> {
        let flaw = |message: String| Flaw { reason: Reason::InvalidSpec, message };
        let gateway = spec.gateway.as_deref();
        let other_version =
            || flaw(format!("spec.gateway is no address of the same version as {}: name one", spec.cidr));
        if spec.cidr.contains(':') {
            let cidr: Cidr6 = spec.cidr.parse().map_err(|error| flaw(format!("spec.cidr: {error}.")))?;
            let gateway =
                gateway.map(|text| text.parse::<Ipv6Addr>().map_err(|_| other_version())).transpose()?;
            return match cidr.length() {
                64 => Ok(Self::V6(Range6 { cidr, gateway })),
                _ => Err(flaw(format!(
                    "spec.cidr: {cidr} is no /64, and guests make addresses of no other range."
                ))),
            };
        }
        let cidr: Cidr4 = spec.cidr.parse().map_err(|error| flaw(format!("spec.cidr: {error}.")))?;
        let gateway =
            gateway.map(|text| text.parse::<Ipv4Addr>().map_err(|_| other_version())).transpose()?;
        let mut pools = Vec::with_capacity(spec.allocation_pools.len());
        for pool in &spec.allocation_pools {
            let ends = (pool.start.parse().ok(), pool.end.parse().ok());
            let (Some(first), Some(last)) = ends else {
                return Err(flaw(format!(
                    "allocation pool {} to {} has no addresses of IPv4.",
                    pool.start, pool.end
                )));
            };
            pools.push((first, last));
        }
        let addresses = Addresses::new(cidr, gateway, pools).map_err(|error| flaw(format!("{error}.")))?;
        Ok(Self::V4(addresses))
    }

    /// Whether it is of IPv6.
    #[must_use]
    pub fn is_v6(&self) -> bool {
        matches!(self, Self::V6(_))
    }
}

/// A subnet as the rules of a network look at it. Of two with the same version of IP the one that was created first counts.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Its name.
    pub name: &'a str,
    /// When it was created, as a number that grows with time.
    pub created: i64,
    /// What it declares.
    pub spec: &'a SubnetSpec,
}

/// What a network is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranges {
    /// Its addresses of IPv4.
    pub v4: Option<Addresses>,
    /// Its addresses of IPv6.
    pub v6: Option<Range6>,
}

impl Ranges {
    /// The ranges of a network's subnets. Those that are flawed, or not the first of their version, add nothing.
    #[must_use]
    pub fn of(subnets: &[Candidate<'_>]) -> Self {
        let mut ranges = Self::default();
        for subnet in in_order(subnets) {
            match Range::of(subnet.spec) {
                Ok(Range::V4(addresses)) if ranges.v4.is_none() => ranges.v4 = Some(addresses),
                Ok(Range::V6(range)) if ranges.v6.is_none() => ranges.v6 = Some(range),
                _ => {}
            }
        }
        ranges
    }

    /// The numbers of the network with these ranges, once it has a prefix.
    #[must_use]
    pub fn space(&self, network: &NetworkSpec, prefix: MacPrefix) -> Space {
        Space::new(self.v4.clone(), prefix, network.kind == NetworkType::MacFiltered)
    }
}

/// Whether a subnet adds what it declares to its network, among the `subnets` of the network.
///
/// # Errors
/// Why it does not.
pub fn subnet(name: &str, spec: &SubnetSpec, subnets: &[Candidate<'_>]) -> Result<Range, Flaw> {
    let range = Range::of(spec)?;
    let same =
        |other: &&Candidate<'_>| Range::of(other.spec).is_ok_and(|other| other.is_v6() == range.is_v6());
    match in_order(subnets).into_iter().find(same).filter(|first| first.name != name) {
        None => Ok(range),
        Some(first) => Err(Flaw {
            reason: Reason::InvalidSpec,
            message: format!(
                "Network {} has its addresses of {} from Subnet {} already, which was created first: delete one of the two.",
                spec.network_ref.name,
                if range.is_v6() { "IPv6" } else { "IPv4" },
                first.name
            ),
        }),
    }
}

fn in_order<'a, 'b>(subnets: &'b [Candidate<'a>]) -> Vec<&'b Candidate<'a>> {
    let mut all: Vec<_> = subnets.iter().collect();
    all.sort_by_key(|subnet| (subnet.created, subnet.name));
    all
}

/// An address in the form in which it is compared; `None` where it is none of IPv4.
#[must_use]
pub fn address4(text: &str) -> Option<Ipv4Addr> {
    match canonical(text)? {
        std::net::IpAddr::V4(address) => Some(address),
        std::net::IpAddr::V6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use cyclades_crds::{reference::LocalRef, subnet::AllocationPool};

    use super::*;

    fn spec(cidr: &str, gateway: Option<&str>, pools: &[(&str, &str)]) -> SubnetSpec {
        let pool =
            |(start, end): &(&str, &str)| AllocationPool { start: (*start).into(), end: (*end).into() };
        SubnetSpec {
            id: None,
            display_name: None,
            description: None,
            network_ref: LocalRef { name: "lan".into() },
            cidr: cidr.into(),
            gateway: gateway.map(str::to_owned),
            allocation_pools: pools.iter().map(pool).collect(),
        }
    }

    #[test]
    fn what_no_rule_of_the_api_server_sees_is_told() {
        let flaw = |spec: SubnetSpec| Range::of(&spec).unwrap_err().message;
        let last = flaw(spec("10.0.0.0/24", Some("10.0.0.255"), &[]));
        assert!(last.contains("no host's address"), "{last}");
        let pools = [("10.0.0.9", "10.0.0.20"), ("10.0.0.20", "10.0.0.30")];
        assert!(flaw(spec("10.0.0.0/24", None, &pools)).contains("overlaps"));
        assert!(flaw(spec("10.0.0.0/24", Some("2001:db8::1"), &[])).contains("same version"));
        assert!(flaw(spec("2001:db8::/64", Some("10.0.0.1"), &[])).contains("same version"));
        assert!(flaw(spec("2001:db8::/56", None, &[])).contains("no /64"));
        assert!(
            flaw(spec("10.0.0.0/24", None, &[("2001:db8::1", "10.0.0.9")])).contains("no addresses of IPv4")
        );
    }

    #[test]
    fn of_two_ranges_of_one_version_the_first_counts() {
        let (old, new) = (spec("10.0.0.0/24", None, &[]), spec("10.1.0.0/24", None, &[]));
        let (flawed, six) = (spec("10.2.0.0/24", Some("10.2.0.0"), &[]), spec("2001:db8::/64", None, &[]));
        let all = [
            Candidate { name: "new", created: 3, spec: &new },
            Candidate { name: "old", created: 2, spec: &old },
            Candidate { name: "flawed", created: 1, spec: &flawed },
            Candidate { name: "six", created: 4, spec: &six },
        ];
        let ranges = Ranges::of(&all);
        assert_eq!(Range::of(&old).ok(), ranges.v4.clone().map(Range::V4));
        assert!(ranges.v6.is_some());
        assert!(subnet("old", &old, &all).is_ok() && subnet("six", &six, &all).is_ok());
        let second = subnet("new", &new, &all).unwrap_err().message;
        assert!(second.contains("IPv4 from Subnet old already"), "{second}");
    }

    #[test]
    fn a_network_without_ranges_has_places() {
        let network = NetworkSpec {
            id: None,
            display_name: None,
            description: None,
            kind: NetworkType::MacFiltered,
            link: None,
        };
        let prefix = MacPrefix::of(0xaa001).unwrap();
        let space = Ranges::default().space(&network, prefix);
        assert_eq!((space.size(), space.address(0)), (65_536, None));
        assert!(!space.lets_through("52:54:00:00:00:01".parse().unwrap()));
    }
}
