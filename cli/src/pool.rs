//! `pool`: who has which address of a network, and what the pools have left.

use std::collections::HashMap;
use std::fmt::Write as _;

use anyhow::{Result, bail};
use cyclades_crds::{IPBlock, LinkPool, Network, Subnet, VirtualMachine};
use cyclades_domain::ipam::{Block, Pool};
use cyclades_domain::network::{Candidate, Ranges};
use kube::{Api, ResourceExt as _, api::ListParams};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::answer::Answer;
use crate::cluster::Cluster;
use crate::look::said;
use crate::options::{Format, PoolFlags};

/// A network with its addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Sight {
    namespace: String,
    network: String,
    /// IPv4 range; none where it has no such Subnet.
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<String>,
    mac_prefix: String,
    /// Addresses that NICs have.
    used: u32,
    /// The network's own, and those outside of the allocation pools.
    reserved: u32,
    /// Addresses that the next NICs can have.
    free: u32,
    claims: Vec<Claimed>,
}

/// What one NIC has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Claimed {
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac_address: Option<String>,
    nic: String,
    /// Id of the machine.
    owner: Uuid,
    /// Its name, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    machine: Option<String>,
}

/// A LinkPool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Prefixes {
    pool: String,
    first: String,
    count: u32,
    taken: usize,
    reserved: usize,
}

/// All that is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Sights {
    networks: Vec<Sight>,
    link_pools: Vec<Prefixes>,
}

/// Reads the networks of a namespace, of all, or one.
///
/// # Errors
/// Where there is no such network, or what it takes may not be read.
pub(crate) async fn run(cluster: &Cluster, flags: &PoolFlags) -> Result<Answer> {
    let mut networks: Vec<Network> = list(cluster, flags).await?;
    if let Some(name) = &flags.network {
        networks.retain(|network| network.name_any() == *name);
        if networks.is_empty() {
            bail!(
                "there is no Network {name} in namespace {}: kubectl get networks -A shows which there are",
                cluster.namespace
            );
        }
    }
    let subnets: Vec<Subnet> = list(cluster, flags).await?;
    let machines: Vec<VirtualMachine> = list(cluster, flags).await?;
    let blocks: Vec<IPBlock> = all(cluster).await?;
    let names = names(&machines);
    let sights: Vec<Sight> =
        networks.iter().filter_map(|network| sight(network, &subnets, &blocks, &names)).collect();
    let waiting = networks.len() - sights.len();
    let link_pools = match flags.network {
        Some(_) => Vec::new(),
        None => all(cluster).await?.iter().map(prefixes).collect(),
    };
    let well = sights.iter().all(|sight| sight.free > 0);
    let sights = Sights { networks: sights, link_pools };
    let text = match (flags.output, &flags.network) {
        (Format::Json, _) => format!("{}\n", serde_json::to_string_pretty(&sights)?),
        (Format::Text, Some(_)) => sights.networks.iter().map(map).collect(),
        (Format::Text, None) => table(&sights),
    };
    let note =
        (waiting > 0).then(|| format!("{waiting} networks have no MAC prefix yet (kubectl get networks)"));
    Ok(Answer { text, notes: note.into_iter().collect(), well })
}

async fn list<K>(cluster: &Cluster, flags: &PoolFlags) -> Result<Vec<K>>
where
    K: kube::Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>
        + Clone
        + DeserializeOwned
        + std::fmt::Debug,
{
    let api = match flags.all_namespaces {
        true => Api::all(cluster.client.clone()),
        false => Api::namespaced(cluster.client.clone(), &cluster.namespace),
    };
    Ok(api.list(&ListParams::default()).await.map_err(said)?.items)
}

async fn all<K>(cluster: &Cluster) -> Result<Vec<K>>
where
    K: kube::Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug,
{
    let api: Api<K> = Api::all(cluster.client.clone());
    Ok(api.list(&ListParams::default()).await.map_err(said)?.items)
}

fn id(uid: Option<String>, given: Option<&String>) -> Option<Uuid> {
    Uuid::try_parse(given.cloned().or(uid)?.as_str()).ok()
}

fn names(machines: &[VirtualMachine]) -> HashMap<Uuid, String> {
    let named = machines.iter().filter_map(|machine| {
        let id = id(machine.uid(), machine.spec.id.as_ref())?;
        Some((id, format!("{}/{}", machine.namespace().unwrap_or_default(), machine.name_any())))
    });
    named.collect()
}

fn sight(
    network: &Network,
    subnets: &[Subnet],
    blocks: &[IPBlock],
    names: &HashMap<Uuid, String>,
) -> Option<Sight> {
    let (namespace, name) = (network.namespace()?, network.name_any());
    let id = id(network.uid(), network.spec.id.as_ref())?;
    let prefix = network.status.as_ref()?.mac_prefix.as_ref()?;
    let of_network =
        |subnet: &&Subnet| subnet.namespace() == network.namespace() && subnet.spec.network_ref.name == name;
    let subnets: Vec<(String, &Subnet)> =
        subnets.iter().filter(of_network).map(|subnet| (subnet.name_any(), subnet)).collect();
    let created =
        |subnet: &Subnet| subnet.metadata.creation_timestamp.as_ref().map_or(0, |time| time.0.as_second());
    let candidates: Vec<Candidate<'_>> = subnets
        .iter()
        .map(|(name, subnet)| Candidate { name, created: created(subnet), spec: &subnet.spec })
        .collect();
    let ranges = Ranges::of(&candidates);
    let range = ranges.v4.as_ref().map(|addresses| addresses.cidr().to_string());
    let mut pool = Pool::new(ranges.space(&network.spec, prefix.parse().ok()?));
    let hyphenated = id.hyphenated().to_string();
    for block in blocks.iter().filter(|block| block.spec.network == hyphenated) {
        if let Ok(claims) = Block::of(&block.spec) {
            pool.put(block.spec.index, 1, claims);
        }
    }
    let claims = pool.claims().map(|(number, claim)| Claimed {
        address: number.and_then(|number| pool.space().address(number)).map(|it| it.to_string()),
        mac_address: claim.mac.map(|mac| mac.to_string()),
        nic: claim.nic.to_string(),
        owner: claim.owner,
        machine: names.get(&claim.owner).cloned(),
    });
    let (claims, usage) = (claims.collect(), pool.usage());
    let (used, reserved, free) = (usage.claimed, usage.withheld, usage.free);
    Some(Sight { namespace, network: name, range, mac_prefix: prefix.clone(), used, reserved, free, claims })
}

fn prefixes(pool: &LinkPool) -> Prefixes {
    let taken = pool.status.as_ref().map_or(0, |status| status.taken.len());
    Prefixes {
        pool: pool.name_any(),
        first: pool.spec.mac_prefixes.first.clone(),
        count: pool.spec.mac_prefixes.count,
        taken,
        reserved: pool.spec.reserved.len(),
    }
}

/// Rows under their heads, as wide as it takes.
fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (at, cell) in row.iter().enumerate() {
            let width = rows.iter().map(|row| row[at].len()).max().unwrap_or(0);
            // Writing to a string cannot fail.
            let _ = write!(line, "{cell:width$}   ");
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

fn table(sights: &Sights) -> String {
    let Sights { networks, link_pools } = sights;
    let mut rows =
        vec![["NAMESPACE", "NETWORK", "RANGE", "PREFIX", "USED", "RESERVED", "FREE"].map(str::to_owned)];
    rows.extend(networks.iter().map(|sight| {
        let range = sight.range.clone().unwrap_or_else(|| "-".to_owned());
        let (used, reserved, free) =
            (sight.used.to_string(), sight.reserved.to_string(), sight.free.to_string());
        [
            sight.namespace.clone(),
            sight.network.clone(),
            range,
            sight.mac_prefix.clone(),
            used,
            reserved,
            free,
        ]
    }));
    let mut text = if networks.is_empty() { "There is no network.\n".to_owned() } else { columns(&rows) };
    let mut rows = vec![["LINKPOOL", "FIRST", "COUNT", "USED", "RESERVED"].map(str::to_owned)];
    rows.extend(link_pools.iter().map(|pool| {
        let (count, taken, reserved) =
            (pool.count.to_string(), pool.taken.to_string(), pool.reserved.to_string());
        [pool.pool.clone(), pool.first.clone(), count, taken, reserved]
    }));
    if !link_pools.is_empty() {
        let _ = write!(text, "\n{}", columns(&rows));
    }
    text
}

fn map(sight: &Sight) -> String {
    let mut rows = vec![["ADDRESS", "MACHINE", "NIC", "MAC"].map(str::to_owned)];
    rows.extend(sight.claims.iter().map(|claim| {
        let none = || "-".to_owned();
        let machine = claim.machine.clone().unwrap_or_else(|| format!("(gone: {})", claim.owner));
        let (address, mac) = (claim.address.clone(), claim.mac_address.clone());
        [address.unwrap_or_else(none), machine, claim.nic.clone(), mac.unwrap_or_else(none)]
    }));
    let Sight { network, used, reserved, free, .. } = sight;
    let range = sight.range.as_deref().unwrap_or("no IPv4 range");
    format!(
        "{}\nNetwork {network} ({range}): {used} used, {reserved} reserved for the network or outside of its allocation pools, {free} free.\n",
        columns(&rows)
    )
}
