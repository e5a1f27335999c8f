//! Networks.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Begun, NULL, find, tags};
use crate::opcode::{Op, OpError, ecode};
use crate::state::{Network, PartialNic, Pool, State, Subnet};

fn prefix(text: &str) -> Result<String, OpError> {
    let bytes: Vec<_> = text.split(':').collect();
    let hex = |byte: &&str| byte.len() == 2 && byte.bytes().all(|digit| digit.is_ascii_hexdigit());
    if bytes.len() != 3 || !bytes.iter().all(hex) {
        return Err(OpError::prereq(format!("Invalid MAC address prefix {text}"), ecode::INVAL));
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
    let subnet = Subnet::parse(op.text("network").unwrap_or_default());
    let subnet = subnet.ok_or_else(|| no_pool("the network has host bits set"))?;
    // `IPV4_NETWORK_MIN_SIZE` and `IPV4_NETWORK_MAX_SIZE`.
    match subnet.prefix {
        31.. => return Err(no_pool("A network with less than 4 addresses cannot be used")),
        ..16 => return Err(no_pool("A network with more than 65536 addresses cannot be used")),
        _ => {}
    }
    let mut pool = Pool::new(usize::try_from(subnet.size()).unwrap_or(0));
    let gateway = op.text("gateway").map(str::to_owned);
    let reserved = gateway.as_deref().into_iter().chain(op.texts("add_reserved_ips"));
    for ip in reserved {
        let index = subnet.index(ip).ok_or_else(|| {
            OpError::exec(format!("Cannot reserve IP address '{ip}': {ip} is not contained in {subnet}"))
        })?;
        pool.set_external(index, true);
    }
    if op.flag("conflicts_check") {
        for node in &state.nodes {
            if let Some(index) = subnet.index(&node.address) {
                pool.set_external(index, true);
                messages.push(format!("Reserved IP address of node '{}' ({})", node.name, node.address));
            }
        }
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
        subnet,
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

pub(super) fn remove(state: &mut State, op: &Op, messages: &mut Vec<String>) -> Result<Begun, OpError> {
    let name = find::network(state, op.text("network_name").unwrap_or_default())?;
    let uuid = state.networks.get(&name).map(|network| network.uuid.clone()).unwrap_or_default();
    let connected: Vec<_> = state
        .groups
        .iter()
        .filter(|group| group.networks.contains_key(&uuid))
        .map(|group| group.name.as_str())
        .collect();
    if !connected.is_empty() {
        messages.push(format!(
            "Network '{name}' is connected to the following node groups: {}",
            connected.join(", ")
        ));
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
        set_gateway(&mut network, gateway)?;
    }
    for (list, reserve) in [("add_reserved_ips", true), ("remove_reserved_ips", false)] {
        for ip in op.texts(list) {
            let gateway = network.gateway.as_deref() == Some(ip) && !reserve;
            match network.subnet.index(ip) {
                Some(index) if !gateway && network.pool.is_external(index) != reserve => {
                    network.pool.set_external(index, reserve);
                }
                _ => messages.push(format!("Cannot change the reservation of IP address {ip}")),
            }
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

fn set_gateway(network: &mut Network, gateway: &str) -> Result<(), OpError> {
    let taken = network.subnet.index(gateway).is_some_and(|index| network.pool.is_taken(index));
    if taken && network.gateway.as_deref() != Some(gateway) {
        let text = format!("Gateway IP address '{gateway}' is already reserved");
        return Err(OpError::prereq(text, ecode::STATE));
    }
    if let Some(old) = network.gateway.take().and_then(|old| network.subnet.index(&old)) {
        network.pool.set_external(old, false);
    }
    if let Some(index) = network.subnet.index(gateway) {
        network.pool.set_external(index, true);
    }
    network.gateway = Some(gateway.to_owned());
    Ok(())
}

/// Refuses to connect or disconnect a network while instances of the group use its addresses.
fn check_conflicts(
    state: &State,
    group: usize,
    conflicting: impl Fn(&crate::state::Nic) -> bool,
    what: &str,
    messages: &mut Vec<String>,
) -> Result<(), OpError> {
    let here = |node: usize| state.nodes.get(node).is_some_and(|node| node.group == group);
    let mut instances = state.instances.iter().filter(|instance| here(instance.pnode));
    let Some(instance) = instances.find(|instance| instance.nics.iter().any(&conflicting)) else {
        return Ok(());
    };
    messages.push(format!(
        "IP addresses of the network, which is about to {what}, are in use: {}",
        instance.name
    ));
    // The two blanks are Ganeti's.
    let text = "Conflicting IP addresses found;  remove/modify the corresponding network interfaces";
    Err(OpError::prereq(text, ecode::STATE))
}

pub(super) fn connect(state: &mut State, op: &Op, messages: &mut Vec<String>) -> Result<Begun, OpError> {
    let name = find::network(state, op.text("network_name").unwrap_or_default())?;
    let group = find::group(state, op.text("group_name").unwrap_or_default())?;
    let Some(network) = state.networks.get(&name).cloned() else { return Ok(Begun::done(NULL)) };
    let connected = state.groups.get(group).is_some_and(|group| group.networks.contains_key(&network.uuid));
    if connected {
        let group = state.groups.get(group).map_or("", |group| group.name.as_str());
        messages.push(format!("Network '{name}' is already mapped to group '{group}'"));
        return Ok(Begun::done(NULL));
    }
    if op.flag("conflicts_check") {
        let inside =
            |nic: &crate::state::Nic| nic.ip.as_deref().is_some_and(|ip| network.subnet.index(ip).is_some());
        check_conflicts(state, group, inside, "be connected", messages)?;
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
    let name = find::network(state, op.text("network_name").unwrap_or_default())?;
    let group = find::group(state, op.text("group_name").unwrap_or_default())?;
    let uuid = state.networks.get(&name).map(|network| network.uuid.clone()).unwrap_or_default();
    let connected = state.groups.get(group).is_some_and(|group| group.networks.contains_key(&uuid));
    if !connected {
        messages.push(format!("Network '{name}' is not mapped to the group"));
        return Ok(Begun::done(NULL));
    }
    check_conflicts(state, group, |nic| nic.network.as_ref() == Some(&uuid), "be disconnected", messages)?;
    let now = state.now();
    if let Some(group) = state.groups.get_mut(group).filter(|_| !op.flag("dry_run")) {
        let group = Arc::make_mut(group);
        group.networks.remove(&uuid);
        group.touch(now);
    }
    Ok(Begun::done(NULL))
}
