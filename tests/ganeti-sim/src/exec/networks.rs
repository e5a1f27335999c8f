//! Networks.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Begun, NULL, find, info, tags, warning};
use crate::opcode::{Op, OpError, ecode};
use crate::state::{Instance, Network, Nic, PartialNic, Pool, State, Subnet};

fn prefix(text: &str) -> Result<String, OpError> {
    let bytes: Vec<_> = text.split(':').collect();
    let hex = |byte: &&str| byte.len() == 2 && byte.bytes().all(|digit| digit.is_ascii_hexdigit());
    if bytes.len() != 3 || !bytes.iter().all(hex) {
        return Err(OpError::prereq(format!("Invalid MAC address prefix '{text}'"), ecode::INVAL));
    }
    Ok(text.to_lowercase())
}

pub(super) fn add(state: &mut State, op: &Op, messages: &mut Vec<String>) -> Result<Begun, OpError> {
    let mac_prefix = op.text("mac_prefix").map(prefix).transpose()?;
    let name = op.text("network_name").unwrap_or_default().to_owned();
    if let Some(existing) = state.networks.get(&name) {
        let text =
            format!("Desired network name '{name}' already exists as a network (UUID: {})", existing.uuid);
        return Err(OpError::prereq(text, ecode::EXISTS));
    }
    op.texts("tags").try_for_each(tags::validate)?;
    let no_pool =
        |why: &str| OpError::exec(format!("Cannot create IP address pool for network '{name}': {why}"));
    let subnet = Subnet::parse(op.text("network").unwrap_or_default())
        .ok_or_else(|| no_pool("it is no IPv4 network"))?;
    check_size(subnet).map_err(|why| no_pool(&why))?;
    let mut pool = Pool::new(subnet);
    let gateway = op.text("gateway").map(str::to_owned);
    if let Some(gateway) = &gateway {
        pool.reserve(gateway).map_err(|why| no_pool(&why))?;
    }
    if op.flag("conflicts_check") {
        reserve_nodes(state, &mut pool, messages);
    }
    for ip in op.texts("add_reserved_ips") {
        let failed = |why| OpError::exec(format!("Cannot reserve IP address '{ip}': {why}"));
        pool.reserve(ip).map_err(failed)?;
    }
    if op.flag("dry_run") {
        return Ok(Begun::done(NULL));
    }
    let (now, uuid) = (state.now(), state.random.uuid());
    let network = Network {
        name: name.clone(),
        uuid,
        serial_no: 1,
        ctime: now,
        mtime: now,
        gateway,
        network6: op.text("network6").map(str::to_owned),
        gateway6: op.text("gateway6").map(str::to_owned),
        mac_prefix,
        pool,
        tags: op.texts("tags").map(str::to_owned).collect::<BTreeSet<_>>(),
    };
    state.networks.insert(name, Arc::new(network));
    Ok(Begun::done(NULL))
}

/// `IPV4_NETWORK_MIN_SIZE` and `IPV4_NETWORK_MAX_SIZE`.
fn check_size(subnet: Subnet) -> Result<(), String> {
    let size = subnet.size();
    match subnet.prefix {
        ..16 => Err(format!(
            "A big network with {size} host(s) is currently not supported. please specify at most a /16 network"
        )),
        31.. => Err(format!(
            "A network with only {size} host(s) is too small, please specify at least a /30 network"
        )),
        _ => Ok(()),
    }
}

/// Keeps the addresses of nodes and of the cluster itself from instances.
fn reserve_nodes(state: &State, pool: &mut Pool, messages: &mut Vec<String>) {
    for node in &state.nodes {
        let (name, ip) = (&node.name, &node.address);
        // Once as the primary address, once as the secondary one.
        for _ in 0..2 {
            match pool.contains(ip).then(|| pool.reserve(ip)) {
                None => {}
                Some(Ok(())) => {
                    messages.push(info(format_args!("Reserved IP address of node '{name}' ({ip})")))
                }
                Some(Err(why)) => messages
                    .push(warning(format_args!("Cannot reserve IP address '{ip}' of node '{name}': {why}"))),
            }
        }
    }
}

pub(super) fn remove(state: &mut State, op: &Op, messages: &mut Vec<String>) -> Result<Begun, OpError> {
    let given = op.text("network_name").unwrap_or_default();
    let name = find::network(state, given)?;
    let uuid = state.networks.get(&name).map(|network| network.uuid.clone()).unwrap_or_default();
    let connected: Vec<_> = state
        .groups
        .iter()
        .filter(|group| group.networks.contains_key(&uuid))
        .map(|group| group.name.as_str())
        .collect();
    if !connected.is_empty() {
        messages.push(warning(format_args!(
            "Network '{given}' is connected to the following node groups: {}",
            connected.join(", ")
        )));
        return Err(OpError::prereq("Network still connected", ecode::STATE));
    }
    if !op.flag("dry_run") {
        state.networks.remove(&name);
    }
    Ok(Begun::done(NULL))
}

pub(super) fn set_params(state: &mut State, op: &Op, messages: &mut Vec<String>) -> Result<Begun, OpError> {
    let name = find::network(state, op.text("network_name").unwrap_or_default())?;
    let changes_reserved =
        op.value("add_reserved_ips").is_some() || op.value("remove_reserved_ips").is_some();
    if op.text("gateway").is_some() && changes_reserved {
        return Err(OpError::prereq("Cannot modify gateway and reserved ips at once", ecode::INVAL));
    }
    let now = state.now();
    let Some(entry) = state.networks.get_mut(&name) else { return Ok(Begun::done(NULL)) };
    let mut network = Network::clone(entry);
    if let Some(gateway) = op.text("gateway") {
        set_gateway(&mut network, gateway, messages)?;
    }
    for ip in op.texts("add_reserved_ips") {
        if let Err(why) = network.pool.reserve(ip) {
            messages.push(warning(format_args!("Cannot reserve IP address {ip}: {why}")));
        }
    }
    for ip in op.texts("remove_reserved_ips") {
        if network.gateway.as_deref() == Some(ip) {
            messages.push(warning("Cannot unreserve Gateway's IP"));
        } else if let Err(why) = network.pool.release(ip) {
            messages.push(warning(format_args!("Cannot release IP address {ip}: {why}")));
        }
    }
    let optional = |text: &str| (text != "none").then(|| text.to_owned());
    if let Some(text) = op.text("mac_prefix") {
        network.mac_prefix = optional(text).map(|text| prefix(&text)).transpose()?;
    }
    if let Some(text) = op.text("network6") {
        network.network6 = optional(text);
    }
    if let Some(text) = op.text("gateway6") {
        network.gateway6 = optional(text);
    }
    network.touch(now);
    *entry = Arc::new(network);
    Ok(Begun::done(NULL))
}

fn set_gateway(network: &mut Network, gateway: &str, messages: &mut Vec<String>) -> Result<(), OpError> {
    let pool_error = |why| OpError::of("AddressPoolError", why);
    let index = network.pool.index(gateway).map_err(pool_error)?;
    if network.pool.is_used(index) {
        let text = format!("Gateway IP address '{gateway}' is already reserved");
        return Err(OpError::prereq(text, ecode::STATE));
    }
    if network.gateway.as_deref() == Some(gateway) {
        messages.push(warning(format_args!("Gateway is already {gateway}")));
        return Ok(());
    }
    network.pool.reserve(gateway).map_err(pool_error)?;
    if let Some(old) = network.gateway.replace(gateway.to_owned()) {
        network.pool.release(&old).map_err(pool_error)?;
    }
    Ok(())
}

/// Refuses to connect or disconnect a network while instances of the group use its addresses.
fn check_conflicts(
    state: &State,
    network: &str,
    group: usize,
    conflicting: impl Fn(&Nic) -> bool,
    action: &str,
) -> Result<(), Conflict> {
    let here = |node: usize| state.nodes.get(node).is_some_and(|node| node.group == group);
    let uses = |instance: &Instance| {
        let nics = instance.nics.iter().enumerate().filter(|(_, nic)| conflicting(nic));
        let uses: Vec<_> =
            nics.map(|(index, nic)| format!("nic{index}/{}", nic.ip.as_deref().unwrap_or("None"))).collect();
        (!uses.is_empty()).then(|| format!("{}: {}", instance.name, uses.join(", ")))
    };
    let instances = state.instances.iter().filter(|instance| here(instance.pnode));
    let conflicts: Vec<_> = instances.filter_map(|instance| uses(instance)).collect();
    if conflicts.is_empty() {
        return Ok(());
    }
    let group = state.groups.get(group).map_or("", |group| group.name.as_str());
    Err(Conflict(format!(
        "IP addresses from network '{network}', which is about to {action} node group '{group}', are in use: {}",
        conflicts.join(", ")
    )))
}

/// What is logged of addresses in use.
struct Conflict(String);

impl Conflict {
    fn report(self, messages: &mut Vec<String>) -> OpError {
        messages.push(warning(self.0));
        // The two blanks are Ganeti's.
        let text = "Conflicting IP addresses found;  remove/modify the corresponding network interfaces";
        OpError::prereq(text, ecode::STATE)
    }
}

pub(super) fn connect(state: &mut State, op: &Op, messages: &mut Vec<String>) -> Result<Begun, OpError> {
    let given = op.text("network_name").unwrap_or_default();
    let name = find::network(state, given)?;
    let group = find::group(state, op.text("group_name").unwrap_or_default())?;
    let Some(network) = state.networks.get(&name).cloned() else { return Ok(Begun::done(NULL)) };
    let connected = state.groups.get(group).is_some_and(|group| group.networks.contains_key(&network.uuid));
    if connected {
        let group = state.groups.get(group).map_or("", |group| group.name.as_str());
        messages.push(warning(format_args!("Network '{given}' is already mapped to group '{group}'")));
        return Ok(Begun::done(NULL));
    }
    if op.flag("conflicts_check") {
        let inside = |nic: &Nic| nic.ip.as_deref().is_some_and(|ip| network.pool.contains(ip));
        check_conflicts(state, given, group, inside, "connect to").map_err(|found| found.report(messages))?;
    }
    let text = |name: &str| op.text(name).map(str::to_owned);
    let params = PartialNic {
        mode: text("network_mode"),
        link: text("network_link"),
        vlan: Some(text("network_vlan").unwrap_or_default()),
    };
    let now = state.now();
    if let Some(group) = state.groups.get_mut(group).filter(|_| !op.flag("dry_run")) {
        let group = Arc::make_mut(group);
        group.networks.insert(network.uuid.clone(), params);
        group.touch(now);
    }
    Ok(Begun::done(NULL))
}

pub(super) fn disconnect(state: &mut State, op: &Op, messages: &mut Vec<String>) -> Result<Begun, OpError> {
    let given = op.text("network_name").unwrap_or_default();
    let name = find::network(state, given)?;
    let group = find::group(state, op.text("group_name").unwrap_or_default())?;
    let uuid = state.networks.get(&name).map(|network| network.uuid.clone()).unwrap_or_default();
    let connected = state.groups.get(group).is_some_and(|group| group.networks.contains_key(&uuid));
    if !connected {
        let group = state.groups.get(group).map_or("", |group| group.name.as_str());
        messages.push(warning(format_args!("Network '{given}' is not mapped to group '{group}'")));
        return Ok(Begun::done(NULL));
    }
    let inside = |nic: &Nic| nic.network.as_ref() == Some(&uuid);
    check_conflicts(state, given, group, inside, "disconnect from")
        .map_err(|found| found.report(messages))?;
    let now = state.now();
    if let Some(group) = state.groups.get_mut(group).filter(|_| !op.flag("dry_run")) {
        let group = Arc::make_mut(group);
        group.networks.remove(&uuid);
        group.touch(now);
    }
    Ok(Begun::done(NULL))
}
