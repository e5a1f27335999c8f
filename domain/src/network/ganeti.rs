//! A network on one Ganeti cluster: made when the first machine there needs it, connected to every node group, removed
//! after the last one.

use cyclades_crds::{condition::Reason, names};
use uuid::Uuid;

use super::{Flaw, Ranges};
use crate::ipam::MacPrefix;

/// The range that Ganeti is told of a network without IPv4: it has no network without one. It is one for documentation, so
/// that nobody's addresses are in it, and no NIC gets one of it.
const NO_RANGE: &str = "192.0.2.0/29";

/// Name of a network in Ganeti: the backend's prefix and the network's id.
#[must_use]
pub fn ganeti_name(prefix: &str, id: Uuid) -> String {
    format!("{prefix}{}", id.hyphenated())
}

/// Tags of a network in Ganeti. `type_tag`: what Synnefo's scripts on the nodes know its type by.
#[must_use]
pub fn ganeti_tags(cluster_id: &str, id: Uuid, type_tag: Option<&str>) -> Vec<String> {
    let own =
        [format!("{}{}", names::TAG_ID, id.hyphenated()), format!("{}{cluster_id}", names::TAG_CLUSTER)];
    own.into_iter().chain(type_tag.map(str::to_owned)).collect()
}

/// The id that the tags of a network in Ganeti tell, where it is of this installation.
#[must_use]
pub fn id_of(cluster_id: &str, tags: &[String]) -> Option<Uuid> {
    let ours = format!("{}{cluster_id}", names::TAG_CLUSTER);
    let id = tags.iter().find_map(|tag| tag.strip_prefix(names::TAG_ID))?;
    tags.contains(&ours).then(|| Uuid::try_parse(id).ok()).flatten()
}

/// A network as Ganeti is to have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// Its IPv4 range.
    pub range: String,
    /// The gateway of that.
    pub gateway: Option<String>,
    /// Its IPv6 range.
    pub range6: Option<String>,
    /// The gateway of that.
    pub gateway6: Option<String>,
    /// What MACs begin with that Ganeti makes up in it: three octets.
    pub mac_prefix: String,
    /// Bridge of the nodes.
    pub link: String,
    /// Its tags.
    pub tags: Vec<String>,
}

impl Wanted {
    /// A network of these ranges.
    #[must_use]
    pub fn new(name: String, ranges: &Ranges, prefix: MacPrefix, link: &str, tags: Vec<String>) -> Self {
        let v4 = ranges.v4.as_ref();
        Self {
            name,
            range: v4.map_or_else(|| NO_RANGE.to_owned(), |addresses| addresses.cidr().to_string()),
            gateway: v4.and_then(|addresses| addresses.gateway()).map(|gateway| gateway.to_string()),
            range6: ranges.v6.map(|range| range.cidr.to_string()),
            gateway6: ranges.v6.and_then(|range| range.gateway).map(|gateway| gateway.to_string()),
            mac_prefix: prefix.for_ganeti(),
            link: link.to_owned(),
            tags,
        }
    }
}

/// A network as Ganeti has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its IPv4 range.
    pub range: String,
    /// The node groups that it is connected to, each with mode and link.
    pub connections: Vec<(String, String, String)>,
    /// How many instances use it.
    pub instances: u64,
    /// Its tags.
    pub tags: Vec<String>,
}

impl Seen {
    /// Whether it is the network of an id, of this installation.
    #[must_use]
    pub fn is(&self, cluster_id: &str, id: Uuid) -> bool {
        ganeti_tags(cluster_id, id, None).iter().all(|tag| self.tags.contains(tag))
    }
}

/// What is to be done about a network on a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing: it is as it should be.
    Rest,
    /// Add it.
    Add,
    /// Connect it to a node group.
    Connect {
        /// Name of the group.
        group: String,
    },
    /// Take it from a node group.
    Disconnect {
        /// Name of the group.
        group: String,
    },
    /// Remove it.
    Remove,
    /// Somebody who is not ours uses it: it stays until that ends.
    Leave,
    /// It cannot be made what it should be, and machines that need it wait.
    Stuck(Flaw),
}

/// What is to be done about a network that machines here need.
#[must_use]
pub fn keep(wanted: &Wanted, id: Uuid, cluster_id: &str, groups: &[String], seen: Option<&Seen>) -> Step {
    let Some(seen) = seen else { return Step::Add };
    let name = &wanted.name;
    let stuck = |message| Step::Stuck(Flaw { reason: Reason::JobRefused, message });
    if !seen.is(cluster_id, id) {
        return stuck(format!(
            "Ganeti has a network {name} that does not carry this one's tags, and it is not touched: rename it (gnt-network rename), or add the tags if it is this one."
        ));
    }
    if seen.range != wanted.range && seen.instances == 0 {
        // Ganeti never changes it. Nobody has an address of it: it is made anew.
        return drop(id, cluster_id, Some(seen));
    }
    if seen.range != wanted.range {
        return stuck(format!(
            "Ganeti's network {name} has the range {}, not {}, which Ganeti never changes: remove it (gnt-network remove) once no instance uses it, and it is made anew.",
            seen.range, wanted.range
        ));
    }
    for group in groups {
        let Some((_, mode, link)) = seen.connections.iter().find(|(to, ..)| to == group) else {
            return Step::Connect { group: group.clone() };
        };
        if mode == "bridged" && *link == wanted.link {
            continue;
        }
        return match seen.instances {
            0 => Step::Disconnect { group: group.clone() },
            _ => stuck(format!(
                "Ganeti's network {name} is connected to node group {group} as {mode} {link}, not as bridged {}, and instances use it: move them away, disconnect it (gnt-network disconnect), and it is connected anew.",
                wanted.link
            )),
        };
    }
    Step::Rest
}

/// What is to be done about a network that no machine here needs any more.
#[must_use]
pub fn drop(id: Uuid, cluster_id: &str, seen: Option<&Seen>) -> Step {
    match seen.filter(|seen| seen.is(cluster_id, id)) {
        None => Step::Rest,
        Some(seen) if seen.instances > 0 => Step::Leave,
        Some(seen) => match seen.connections.first() {
            Some((group, ..)) => Step::Disconnect { group: group.clone() },
            None => Step::Remove,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: Uuid = Uuid::from_u128(7);

    fn wanted() -> Wanted {
        let prefix = "aa:00:1".parse().unwrap();
        let tags = ganeti_tags("prod", ID, Some("private-filtered"));
        Wanted::new(ganeti_name("cyclades-", ID), &Ranges::default(), prefix, "prv0", tags)
    }

    /// A cluster that does as it is told.
    fn play(step: &Step, seen: &mut Option<Seen>) {
        let wanted = wanted();
        match (step, seen.as_mut()) {
            (Step::Add, None) => {
                let (range, tags) = (wanted.range, wanted.tags);
                *seen = Some(Seen { range, tags, connections: Vec::new(), instances: 0 });
            }
            (Step::Connect { group }, Some(seen)) => {
                seen.connections.push((group.clone(), "bridged".to_owned(), wanted.link));
            }
            (Step::Disconnect { group }, Some(seen)) if seen.instances == 0 => {
                seen.connections.retain(|(to, ..)| to != group);
            }
            (Step::Remove, Some(before)) if before.connections.is_empty() => *seen = None,
            (step, seen) => panic!("{step:?} of {seen:?}"),
        }
    }

    fn settle(seen: &mut Option<Seen>, next: impl Fn(Option<&Seen>) -> Step) -> Vec<Step> {
        let mut steps = Vec::new();
        loop {
            let step = next(seen.as_ref());
            if matches!(step, Step::Rest | Step::Leave | Step::Stuck(_)) {
                steps.push(step);
                return steps;
            }
            play(&step, seen);
            steps.push(step);
            assert!(steps.len() < 20, "{steps:?}");
        }
    }

    fn groups(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn it_is_made_when_it_is_needed_and_goes_when_it_is_not() {
        let mut seen = None;
        let two = groups(&["default", "east"]);
        let steps = settle(&mut seen, |seen| keep(&wanted(), ID, "prod", &two, seen));
        assert_eq!(steps.len(), 4, "{steps:?}");
        let three = groups(&["default", "east", "west"]);
        let steps = settle(&mut seen, |seen| keep(&wanted(), ID, "prod", &three, seen));
        assert_eq!(
            steps,
            [Step::Connect { group: "west".to_owned() }, Step::Rest],
            "a group that came later"
        );
        seen.as_mut().unwrap().instances = 1;
        assert_eq!(settle(&mut seen, |seen| drop(ID, "prod", seen)), [Step::Leave]);
        seen.as_mut().unwrap().instances = 0;
        let steps = settle(&mut seen, |seen| drop(ID, "prod", seen));
        assert_eq!((steps.len(), &seen), (5, &None), "{steps:?}");
    }

    #[test]
    fn what_was_connected_otherwise_is_connected_anew_while_nobody_uses_it() {
        let default = groups(&["default"]);
        let other = ("default".to_owned(), "bridged".to_owned(), "br0".to_owned());
        let mut seen = None;
        play(&Step::Add, &mut seen);
        seen.as_mut().unwrap().connections.push(other.clone());
        let steps = settle(&mut seen, |seen| keep(&wanted(), ID, "prod", &default, seen));
        assert_eq!(steps.len(), 3, "{steps:?}");
        let used = Seen { connections: vec![other], instances: 2, ..seen.unwrap() };
        let Step::Stuck(flaw) = keep(&wanted(), ID, "prod", &default, Some(&used)) else {
            panic!("it is in use")
        };
        assert!(flaw.message.contains("bridged br0, not as bridged prv0"), "{}", flaw.message);
    }

    #[test]
    fn what_is_not_ours_is_not_touched() {
        let foreign =
            Seen { range: NO_RANGE.to_owned(), connections: Vec::new(), instances: 0, tags: Vec::new() };
        assert!(matches!(keep(&wanted(), ID, "prod", &[], Some(&foreign)), Step::Stuck(_)));
        assert_eq!(drop(ID, "prod", Some(&foreign)), Step::Rest);
        let ours = Seen { tags: wanted().tags, ..foreign };
        assert_eq!(drop(ID, "other-installation", Some(&ours)), Step::Rest);
        let smaller = Seen { range: "192.0.2.0/30".to_owned(), ..ours };
        assert_eq!(keep(&wanted(), ID, "prod", &[], Some(&smaller)), Step::Remove, "nobody uses it");
        let smaller = Seen { instances: 1, ..smaller };
        let Step::Stuck(flaw) = keep(&wanted(), ID, "prod", &[], Some(&smaller)) else {
            panic!("another range")
        };
        assert!(flaw.message.contains("has the range 192.0.2.0/30"), "{}", flaw.message);
    }

    #[test]
    fn a_network_is_told_with_all_its_ranges() {
        let spec = |cidr: &str, gateway: &str| cyclades_crds::SubnetSpec {
            id: None,
            display_name: None,
            description: None,
            network_ref: cyclades_crds::reference::LocalRef { name: "lan".into() },
            cidr: cidr.into(),
            gateway: Some(gateway.into()),
            allocation_pools: Vec::new(),
        };
        let (four, six) = (spec("10.0.0.0/24", "10.0.0.1"), spec("2001:db8::/64", "2001:db8::1"));
        let subnets = [
            super::super::Candidate { name: "four", created: 0, spec: &four },
            super::super::Candidate { name: "six", created: 0, spec: &six },
        ];
        let prefix = "aa:00:1".parse().unwrap();
        let told = Wanted::new("n".into(), &Ranges::of(&subnets), prefix, "prv0", Vec::new());
        assert_eq!((told.range.as_str(), told.gateway.as_deref()), ("10.0.0.0/24", Some("10.0.0.1")));
        assert_eq!(told.range6.as_deref(), Some("2001:db8::/64"));
        assert_eq!((told.gateway6.as_deref(), told.mac_prefix.as_str()), (Some("2001:db8::1"), "aa:00:10"));
    }
}
