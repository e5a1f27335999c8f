//! NICs of new instances.

use serde_json::Value;

use super::{find, info};
use crate::opcode::{Op, OpError, ecode};
use crate::state::{Nic, PartialNic, State};

/// An address that is to be marked as used: network and index.
pub(super) type Taken = (String, usize);

fn invalid<T>(text: impl Into<String>) -> Result<T, OpError> {
    Err(OpError::prereq(text, ecode::INVAL))
}

/// A text of a NIC that is not `none`.
pub(super) fn given<'a>(nic: &'a Value, key: &str) -> Option<&'a str> {
    nic.get(key)?.as_str().filter(|text| !text.eq_ignore_ascii_case("none"))
}

/// Device names are unique and not numbers.
pub(super) fn check_names(op: &Op) -> Result<(), OpError> {
    check_device_names("NIC", op.list("nics"))
}

pub(super) fn check_device_names(kind: &str, devices: &[Value]) -> Result<(), OpError> {
    let names: Vec<_> = devices.iter().filter_map(|device| given(device, "name")).collect();
    for (index, name) in names.iter().enumerate() {
        if name.parse::<i64>().is_ok() {
            return invalid(format!("Invalid name '{name}'. Purely numeric {kind} names are not allowed"));
        }
        if names[..index].contains(name) {
            let text = format!("{kind} name '{name}' already used");
            return Err(OpError::prereq(text, ecode::NOTUNIQUE));
        }
    }
    Ok(())
}

/// Builds the NICs as far as the node need not be known.
pub(super) fn build(state: &State, op: &Op) -> Result<Vec<Nic>, OpError> {
    op.list("nics").iter().map(|nic| build_one(state, nic)).collect()
}

fn build_one(state: &State, nic: &Value) -> Result<Nic, OpError> {
    let text = |key: &str| nic.get(key).and_then(Value::as_str);
    let mode = text("mode").filter(|mode| *mode != "auto");
    let network = given(nic, "network");
    if network.is_some() && (text("mode").is_some() || text("link").is_some()) {
        return invalid("If network is given, no mode or link is allowed to be passed");
    }
    let ip = given(nic, "ip");
    check_ip(ip, network)?;
    if mode.unwrap_or(&state.cluster.nic.mode) == "routed" && ip.is_none() && network.is_none() {
        return invalid("Routed nic mode requires an ip address if not attached to a network");
    }
    let mac = text("mac").unwrap_or("auto");
    let mac = if matches!(mac, "auto" | "generate") { mac.to_owned() } else { check_mac(state, mac, "")? };
    let network = network.map(|name| find::network(state, name)).transpose()?;
    let uuid = network.and_then(|name| Some(state.networks.get(&name)?.uuid.clone()));
    Ok(Nic {
        uuid: String::new(),
        name: given(nic, "name").map(str::to_owned),
        mac,
        ip: ip.map(str::to_owned),
        network: uuid,
        params: PartialNic {
            mode: mode.map(str::to_owned),
            link: text("link").or(text("bridge")).filter(|link| !link.is_empty()).map(str::to_owned),
            vlan: text("vlan").filter(|vlan| !vlan.is_empty()).map(str::to_owned),
        },
    })
}

pub(super) fn check_ip(ip: Option<&str>, network: Option<&str>) -> Result<(), OpError> {
    match ip.map(str::to_lowercase).as_deref() {
        None => Ok(()),
        Some("auto") => invalid("IP address set to auto but name checks have been skipped"),
        Some("pool") if network.is_none() => invalid("if ip=pool, parameter network must be passed too"),
        Some("pool") => Ok(()),
        Some(ip) if ip.parse::<std::net::IpAddr>().is_err() => invalid(format!("Invalid IP address '{ip}'")),
        Some(_) => Ok(()),
    }
}

/// A MAC address in Ganeti's form that nobody has.
///
/// # Errors
/// `quote` is how Ganeti puts the address into its words: create and modify differ.
pub(super) fn check_mac(state: &State, mac: &str, quote: &str) -> Result<String, OpError> {
    let bytes: Vec<_> = mac.split(':').collect();
    let hex = |byte: &&str| byte.len() == 2 && byte.bytes().all(|digit| digit.is_ascii_hexdigit());
    if bytes.len() != 6 || !bytes.iter().all(hex) {
        return invalid(format!("Invalid MAC address '{mac}'"));
    }
    let mac = mac.to_lowercase();
    if state.instances.has_mac(&mac) {
        let text = format!("MAC address {quote}{mac}{quote} already in use in cluster");
        return Err(OpError::prereq(text, ecode::NOTUNIQUE));
    }
    Ok(mac)
}

/// Gives an address to each NIC that has none yet.
pub(super) fn generate_macs(state: &mut State, nics: &mut [Nic]) -> Result<(), OpError> {
    for index in 0..nics.len() {
        let (before, rest) = nics.split_at_mut(index);
        let Some(nic) = rest.first_mut() else { break };
        if matches!(nic.mac.as_str(), "auto" | "generate") {
            nic.mac = generated_mac(state, nic.network.as_deref());
        } else if before.iter().any(|other| other.mac == nic.mac) {
            let text = format!("MAC address {} already in use in cluster", nic.mac);
            return Err(OpError::prereq(text, ecode::NOTUNIQUE));
        }
    }
    Ok(())
}

/// A new address with the network's prefix, or the cluster's.
pub(super) fn generated_mac(state: &mut State, network: Option<&str>) -> String {
    let network = network.and_then(|uuid| state.networks.values().find(|network| network.uuid == uuid));
    let prefix = network.and_then(|network| network.mac_prefix.clone());
    let prefix = prefix.unwrap_or_else(|| state.cluster.mac_prefix.clone());
    state.generate_mac(&prefix)
}

/// Takes mode and link of each NIC in a network from its connection to the node's group, and its address
/// from the network's pool.
pub(super) fn assign(
    state: &State,
    nics: &mut [Nic],
    pnode: usize,
    conflicts_check: bool,
    messages: &mut Vec<String>,
) -> Result<Vec<Taken>, OpError> {
    let mut taken = Vec::new();
    for (index, nic) in nics.iter_mut().enumerate() {
        let Some(uuid) = nic.network.clone() else {
            if conflicts_check {
                check_conflict(state, nic.ip.as_deref(), pnode)?;
            }
            continue;
        };
        nic.params = connection(state, &uuid, pnode)?;
        let default = &state.cluster.nic;
        let (mode, link, vlan) =
            (nic.params.mode(default), nic.params.link(default), nic.params.vlan(default));
        messages.push(info(format_args!("NIC/{index} inherits netparams ['{link}', '{mode}', '{vlan}']")));
        let Some(ip) = nic.ip.clone() else { continue };
        let place = take_ip(state, &uuid, &ip, conflicts_check, &taken)
            .map_err(|refused| refused.error(index, &ip))?;
        if let Some((name, at)) = place {
            if let Some(network) = state.networks.get(&name) {
                nic.ip = Some(network.pool.address(at));
                if ip == "pool" {
                    messages.push(chose(&network.pool.address(at), &name));
                }
            }
            taken.push((name, at));
        }
    }
    Ok(taken)
}

/// What is logged when a pool has given an address.
pub(super) fn chose(ip: &str, network: &str) -> String {
    info(format_args!("Chose IP {ip} from network {network}"))
}

/// How a network is connected to a node's group.
pub(super) fn connection(state: &State, network: &str, pnode: usize) -> Result<PartialNic, OpError> {
    let node = state.nodes.get(pnode);
    let group = node.and_then(|node| state.groups.get(node.group));
    group.and_then(|group| group.networks.get(network)).cloned().ok_or_else(|| {
        let name =
            state.networks.values().find(|known| known.uuid == network).map_or("", |known| &known.name);
        let node = node.map_or("", |node| node.name.as_str());
        let text = format!(
            "No netparams found for network {name}. Probably not connected to node's {node} nodegroup"
        );
        OpError::prereq(text, ecode::INVAL)
    })
}

/// Why an address cannot be had.
pub(super) enum NoIp {
    PoolIsFull,
    Taken(String),
}

impl NoIp {
    fn error(self, index: usize, ip: &str) -> OpError {
        match self {
            Self::PoolIsFull => {
                let text = format!("Unable to get a free IP for NIC {index} from the address pool");
                OpError::prereq(text, ecode::STATE)
            }
            Self::Taken(network) => {
                let text = format!("IP address {ip} already in use or does not belong to network {network}");
                OpError::prereq(text, ecode::NOTUNIQUE)
            }
        }
    }
}

/// Finds an address in a network; `None` where the network does not manage it (IPv6).
pub(super) fn take_ip(
    state: &State,
    uuid: &str,
    ip: &str,
    conflicts_check: bool,
    taken: &[Taken],
) -> Result<Option<Taken>, NoIp> {
    let Some(network) = state.networks.values().find(|network| network.uuid == uuid) else { return Ok(None) };
    let ours = |index: usize| taken.iter().any(|(name, at)| *name == network.name && *at == index);
    if ip.eq_ignore_ascii_case("pool") {
        let mut pool = network.pool.clone();
        taken.iter().filter(|(name, _)| *name == network.name).for_each(|(_, at)| pool.set_used(*at, true));
        return pool.lowest_free().map(|at| Some((network.name.clone(), at))).ok_or(NoIp::PoolIsFull);
    }
    let index = network.pool.index(ip).map_err(|_| NoIp::Taken(network.name.clone()))?;
    let external = network.pool.is_external(index) && conflicts_check;
    if network.pool.is_used(index) || external || ours(index) {
        return Err(NoIp::Taken(network.name.clone()));
    }
    Ok(Some((network.name.clone(), index)))
}

/// Refuses an address of a network that the NIC is not in.
pub(super) fn check_conflict(state: &State, ip: Option<&str>, pnode: usize) -> Result<(), OpError> {
    let Some(ip) = ip else { return Ok(()) };
    let group = state.nodes.get(pnode).and_then(|node| state.groups.get(node.group));
    let connected = |uuid: &str| group.is_some_and(|group| group.networks.contains_key(uuid));
    let mut networks = state.networks.values();
    match networks.find(|network| connected(&network.uuid) && network.pool.contains(ip)) {
        Some(network) => {
            let text = format!(
                "The requested IP address ({ip}) belongs to network {}, but the target NIC does not.",
                network.name
            );
            Err(OpError::prereq(text, ecode::STATE))
        }
        None => Ok(()),
    }
}

/// Marks addresses as used.
pub(super) fn reserve(state: &mut State, taken: &[Taken]) {
    for (name, index) in taken {
        if let Some(network) = state.networks.get_mut(name) {
            std::sync::Arc::make_mut(network).pool.set_used(*index, true);
        }
    }
}

/// Refuses bridged NICs on bridges that the node does not have. `which` is Ganeti's name of the node's part.
pub(super) fn check_bridges(state: &State, nics: &[Nic], pnode: usize, which: &str) -> Result<(), OpError> {
    let default = &state.cluster.nic;
    let bridged = nics.iter().filter(|nic| nic.params.mode(default) == "bridged");
    let missing: Vec<_> = bridged
        .map(|nic| nic.params.link(default))
        .filter(|link| !state.cluster.bridges.iter().any(|known| known == link))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let node = state.nodes.get(pnode).map_or("", |node| node.name.as_str());
    let text = format!("Error checking bridges on {which} '{node}': Missing bridges {}", missing.join(", "));
    Err(OpError::prereq(text, ecode::ENVIRON))
}
