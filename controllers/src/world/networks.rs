//! Networks with their subnets, the pools of what tells them apart, and who has which address.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    rc::Rc,
};

use cyclades_crds::{LinkPoolSpec, NetworkSpec, SubnetSpec};
use cyclades_domain::{
    ipam::{Block, MacPrefix, Pool},
    network::{Candidate, Ranges},
};
use uuid::Uuid;

use super::{ObjectName, catalog::Entry, sweeps::Sweeps};

/// A Network.
#[derive(Debug)]
pub(crate) struct NetworkObject {
    /// The object.
    pub(crate) entry: Entry<NetworkSpec>,
    /// Its id: `spec.id`, else the uid.
    pub(crate) id: Uuid,
    /// Paused by annotation.
    pub(crate) paused: bool,
    /// All finalizers, ours included.
    pub(crate) finalizers: Rc<[Box<str>]>,
    /// What its MACs begin with, as its status tells.
    pub(crate) prefix: Option<MacPrefix>,
}

/// A Subnet.
#[derive(Debug)]
pub(crate) struct SubnetObject {
    /// The object.
    pub(crate) entry: Entry<SubnetSpec>,
    /// When it was created, in seconds since 1970.
    pub(crate) created: i64,
}

/// A LinkPool.
#[derive(Debug)]
pub(crate) struct LinkPoolObject {
    /// The object.
    pub(crate) entry: Entry<LinkPoolSpec>,
    /// Which network has which value.
    pub(crate) taken: Vec<(String, Uuid)>,
}

/// Networks and all that belongs to them.
#[derive(Debug, Default)]
pub(crate) struct Networks {
    networks: HashMap<ObjectName, NetworkObject>,
    by_id: HashMap<Uuid, ObjectName>,
    subnets: HashMap<ObjectName, SubnetObject>,
    /// Subnets of a network, in its namespace.
    of_network: HashMap<ObjectName, BTreeSet<ObjectName>>,
    /// LinkPools by name, in whose order networks take from them.
    pub(crate) link_pools: BTreeMap<Rc<str>, LinkPoolObject>,
    /// Of networks that have a prefix.
    pools: HashMap<Uuid, Pool>,
    /// When claims are gone through for those that nobody has.
    pub(crate) sweeps: Sweeps,
    /// Blocks of networks that are not known, or have no prefix yet.
    early: HashMap<Uuid, BTreeMap<u32, (u64, Block)>>,
}

impl Networks {
    pub(crate) fn get(&self, name: &ObjectName) -> Option<&NetworkObject> {
        self.networks.get(name)
    }

    pub(crate) fn get_mut(&mut self, name: &ObjectName) -> Option<&mut NetworkObject> {
        self.networks.get_mut(name)
    }

    /// The network that has an id.
    pub(crate) fn by_id(&self, id: Uuid) -> Option<&ObjectName> {
        self.by_id.get(&id)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &ObjectName> {
        self.networks.keys()
    }

    pub(crate) fn subnet(&self, name: &ObjectName) -> Option<&SubnetObject> {
        self.subnets.get(name)
    }

    pub(crate) fn subnet_keys(&self) -> impl Iterator<Item = &ObjectName> {
        self.subnets.keys()
    }

    /// Who has which address of a network, once it has a prefix.
    pub(crate) fn pool(&self, network: Uuid) -> Option<&Pool> {
        self.pools.get(&network)
    }

    /// The same, to claim and release.
    pub(crate) fn pool_mut(&mut self, network: Uuid) -> Option<&mut Pool> {
        self.pools.get_mut(&network)
    }

    /// Stores a network; whether that is news.
    pub(crate) fn put(&mut self, name: &ObjectName, network: NetworkObject) -> bool {
        if self.get(name).is_some_and(|known| known.entry.version >= network.entry.version) {
            return false;
        }
        self.remove(name, Some(network.id));
        self.by_id.insert(network.id, name.clone());
        self.networks.insert(name.clone(), network);
        self.reshape(name);
        true
    }

    /// Forgets a network that is gone.
    pub(crate) fn forget(&mut self, name: &ObjectName) {
        self.remove(name, None);
    }

    /// Forgets a network, and its pool too where no object of the same id follows.
    fn remove(&mut self, name: &ObjectName, follows: Option<Uuid>) {
        let Some(before) = self.networks.remove(name).filter(|before| follows != Some(before.id)) else {
            return;
        };
        self.by_id.remove(&before.id);
        self.pools.remove(&before.id);
        self.sweeps.forget(before.id);
    }

    /// Stores a subnet; whether that is news.
    pub(crate) fn put_subnet(&mut self, name: &ObjectName, subnet: SubnetObject) -> bool {
        if self.subnet(name).is_some_and(|known| known.entry.version >= subnet.entry.version) {
            return false;
        }
        self.forget_subnet(name);
        let network = network_of(name, &subnet);
        self.of_network.entry(network.clone()).or_default().insert(name.clone());
        self.subnets.insert(name.clone(), subnet);
        self.reshape(&network);
        true
    }

    /// Forgets a subnet that is gone; the network that it was of.
    pub(crate) fn forget_subnet(&mut self, name: &ObjectName) -> Option<ObjectName> {
        let subnet = self.subnets.remove(name)?;
        let network = network_of(name, &subnet);
        if let Some(subnets) = self.of_network.get_mut(&network) {
            subnets.remove(name);
            if subnets.is_empty() {
                self.of_network.remove(&network);
            }
        }
        self.reshape(&network);
        Some(network)
    }

    /// The subnets of a network that are there to stay.
    pub(crate) fn candidates(&self, network: &ObjectName) -> Vec<Candidate<'_>> {
        let names = self.of_network.get(network).into_iter().flatten();
        let subnets = names.filter_map(|name| Some((name, self.subnets.get(name)?)));
        subnets
            .map(|(name, subnet)| Candidate {
                name: name.name(),
                created: subnet.created,
                spec: &subnet.entry.spec,
            })
            .collect()
    }

    /// Names of the subnets that name a network, whether it exists or not.
    pub(crate) fn subnets_of(&self, network: &ObjectName) -> Vec<ObjectName> {
        self.of_network.get(network).into_iter().flatten().cloned().collect()
    }

    /// Networks that are being deleted.
    pub(crate) fn leaving(&self) -> impl Iterator<Item = &ObjectName> {
        self.networks.iter().filter(|(_, network)| network.entry.deleting).map(|(name, _)| name)
    }

    /// Networks that wait for a prefix.
    pub(crate) fn without_prefix(&self) -> Vec<ObjectName> {
        let waiting = self.networks.iter().filter(|(_, network)| network.prefix.is_none());
        waiting.map(|(name, _)| name.clone()).collect()
    }

    /// The addresses of a network.
    pub(crate) fn ranges(&self, network: &ObjectName) -> Ranges {
        Ranges::of(&self.candidates(network))
    }

    /// Takes in what a block says; whether that is news.
    pub(crate) fn put_block(&mut self, network: Uuid, index: u32, version: u64, block: Block) -> bool {
        match self.pools.get_mut(&network) {
            Some(pool) => return pool.put(index, version, block),
            None => {
                let early = self.early.entry(network).or_default();
                if early.get(&index).is_none_or(|(known, _)| *known < version) {
                    early.insert(index, (version, block));
                }
            }
        }
        false
    }

    /// A block is gone, with all claims in it.
    pub(crate) fn forget_block(&mut self, network: Uuid, index: u32) {
        if let Some(pool) = self.pools.get_mut(&network) {
            pool.forget(index);
        }
        if let Some(early) = self.early.get_mut(&network) {
            early.remove(&index);
            if early.is_empty() {
                self.early.remove(&network);
            }
        }
    }

    /// The blocks of a network.
    pub(crate) fn blocks_of(&self, network: Uuid) -> Vec<u32> {
        let known = self.pools.get(&network).into_iter().flat_map(Pool::stored);
        let early = self.early.get(&network).into_iter().flat_map(BTreeMap::keys).copied();
        known.chain(early).collect()
    }

    /// All blocks that are there.
    pub(crate) fn blocks(&self) -> Vec<(Uuid, u32)> {
        let known = self.pools.iter().flat_map(|(id, pool)| pool.stored().map(|index| (*id, index)));
        let early = self.early.iter().flat_map(|(id, blocks)| blocks.keys().map(|index| (*id, *index)));
        known.chain(early).collect()
    }

    /// Brings the numbers of a network to what it and its subnets declare.
    fn reshape(&mut self, name: &ObjectName) {
        let Some(network) = self.networks.get(name) else { return };
        let Some(prefix) = network.prefix else { return };
        let (id, space) = (network.id, self.ranges(name).space(&network.entry.spec, prefix));
        let mut pool = match self.pools.remove(&id) {
            Some(pool) if *pool.space() == space => pool,
            Some(pool) => pool.reshaped(space),
            None => Pool::new(space),
        };
        for (index, (version, block)) in self.early.remove(&id).into_iter().flatten() {
            pool.put(index, version, block);
        }
        self.pools.insert(id, pool);
    }
}

fn network_of(subnet: &ObjectName, object: &SubnetObject) -> ObjectName {
    ObjectName::new(subnet.namespace(), &object.entry.spec.network_ref.name)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cyclades_crds::{network::NetworkType, reference::LocalRef};
    use cyclades_domain::ipam::Ask;

    use super::*;

    fn entry<Spec>(version: u64, spec: Spec) -> Entry<Spec> {
        Entry {
            version,
            generation: 1,
            deleting: false,
            spec: Rc::new(spec),
            observed_generation: None,
            conditions: Vec::new(),
        }
    }

    fn network(version: u64, prefix: Option<&str>) -> NetworkObject {
        let (display_name, description) = (None, None);
        let spec =
            NetworkSpec { id: None, display_name, description, kind: NetworkType::MacFiltered, link: None };
        NetworkObject {
            entry: entry(version, spec),
            id: Uuid::from_u128(7),
            paused: false,
            finalizers: Rc::from([]),
            prefix: prefix.map(|prefix| prefix.parse().unwrap()),
        }
    }

    fn subnet(version: u64, cidr: &str) -> SubnetObject {
        let spec = SubnetSpec {
            id: None,
            display_name: None,
            description: None,
            network_ref: LocalRef { name: "lan".into() },
            cidr: cidr.into(),
            gateway: None,
            allocation_pools: Vec::new(),
        };
        SubnetObject { entry: entry(version, spec), created: 0 }
    }

    fn name(name: &str) -> ObjectName {
        ObjectName::new("shop", name)
    }

    fn claimed(owner: u128, cidr: &str) -> (Uuid, u32, Block) {
        let mut networks = Networks::default();
        networks.put(&name("lan"), network(1, Some("aa:00:1")));
        networks.put_subnet(&name("lan-4"), subnet(1, cidr));
        let pool = networks.pool_mut(Uuid::from_u128(7)).unwrap();
        pool.claim(&Ask { owner: Uuid::from_u128(owner), nic: Arc::from("eth0"), address: None, mac: None })
            .unwrap();
        (Uuid::from_u128(7), 0, pool.dirty()[0].block.clone())
    }

    #[test]
    fn what_was_listed_before_its_network_is_not_lost() {
        let (id, index, block) = claimed(1, "10.0.0.0/24");
        let mut networks = Networks::default();
        networks.put_block(id, index, 5, block);
        networks.put_subnet(&name("lan-4"), subnet(2, "10.0.0.0/24"));
        networks.put(&name("lan"), network(3, None));
        assert!(networks.pool(id).is_none(), "it has no prefix");
        networks.put(&name("lan"), network(4, Some("aa:00:1")));
        let grant = networks.pool(id).unwrap().held(Uuid::from_u128(1), "eth0").unwrap();
        assert_eq!(grant.address.unwrap().to_string(), "10.0.0.1");
        assert_eq!(networks.blocks(), [(id, 0)]);
        networks.forget_block(id, 0);
        assert_eq!(networks.blocks(), []);
    }

    #[test]
    fn a_subnet_that_comes_or_goes_changes_what_its_network_gives() {
        let id = Uuid::from_u128(7);
        let mut networks = Networks::default();
        networks.put(&name("lan"), network(1, Some("aa:00:1")));
        assert_eq!(networks.pool(id).unwrap().space().size(), 65_536);
        assert!(networks.put_subnet(&name("lan-4"), subnet(2, "10.0.0.0/28")));
        assert!(!networks.put_subnet(&name("lan-4"), subnet(2, "10.0.0.0/28")), "it is known");
        assert_eq!(networks.pool(id).unwrap().space().size(), 16);
        assert_eq!(networks.forget_subnet(&name("lan-4")), Some(name("lan")));
        assert_eq!(networks.pool(id).unwrap().space().size(), 65_536);
        networks.forget(&name("lan"));
        assert!(networks.pool(id).is_none() && networks.by_id(id).is_none());
    }
}
