//! Adding, changing and removing NICs.

use serde_json::Value;

use super::find;
use super::modify::{Changes, DeviceChange, device_changes, device_index};
use super::nics::{
    self, NoIp, Taken, check_bridges, check_conflict, check_device_names, check_mac, generated_mac,
};
use crate::opcode::{Op, OpError, ecode};
use crate::state::{Instance, Nic, PartialNic, State};

/// Ganeti's bound (`MAX_NICS`).
const MOST: usize = 8;

fn invalid<T>(text: impl Into<String>) -> Result<T, OpError> {
    Err(OpError::prereq(text, ecode::INVAL))
}

/// What of the cluster's books has to change when the job is sure to succeed.
#[derive(Debug, Default)]
pub(super) struct Booked {
    taken: Vec<Taken>,
    released: Vec<Nic>,
    new_macs: Vec<String>,
    old_macs: Vec<String>,
}

/// Applies all changes of NICs to the copy of the instance.
pub(super) fn apply(
    state: &mut State,
    op: &Op,
    after: &mut Instance,
    changes: &mut Changes,
    messages: &mut Vec<String>,
    hotplug: bool,
) -> Result<Booked, OpError> {
    let mut booked = Booked::default();
    for change in device_changes("NIC", op.list("nics"))? {
        let known: Vec<_> = after.nics.iter().map(|nic| (nic.uuid.as_str(), nic.name.as_deref())).collect();
        let index = device_index("nic", &change, &known)?;
        match change.verb {
            "add" => add(state, op, &change, index, after, &mut booked, changes, messages)?,
            "remove" => {
                let nic = after.nics.remove(index);
                booked.old_macs.push(nic.mac.clone());
                booked.released.push(nic);
                changes.push((format!("nic/{index}"), "remove".into()));
            }
            _ => modify(state, op, &change, index, after, &mut booked, changes, messages)?,
        }
        if hotplug {
            let key = if change.verb == "add" { format!("nic.{index}") } else { format!("nic/{index}") };
            changes.push((key, "hotplug:done".into()));
        }
    }
    Ok(booked)
}

/// Books what was taken and released.
pub(super) fn commit(state: &mut State, booked: &Booked) {
    for nic in &booked.released {
        state.release_ip(nic);
    }
    nics::reserve(state, &booked.taken);
    booked.new_macs.iter().for_each(|mac| state.instances.hold_mac(mac));
    booked.old_macs.iter().for_each(|mac| state.instances.release_mac(mac));
}

#[allow(clippy::too_many_arguments)] // what a change of a NIC touches
fn add(
    state: &mut State,
    op: &Op,
    change: &DeviceChange<'_>,
    index: usize,
    after: &mut Instance,
    booked: &mut Booked,
    changes: &mut Changes,
    messages: &mut Vec<String>,
) -> Result<(), OpError> {
    if after.nics.len() >= MOST {
        let text = format!("Instance has too many network interfaces ({MOST}), cannot add more");
        return Err(OpError::prereq(text, ecode::STATE));
    }
    let uuid = state.random.uuid();
    let mut nic =
        Nic { uuid, name: None, mac: String::new(), ip: None, network: None, params: PartialNic::default() };
    prepare(state, op, change, after.pnode, &mut nic, None, booked, messages)?;
    let default = &state.cluster.nic;
    let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "None".to_owned());
    let network = change.params.get("network").and_then(Value::as_str).unwrap_or("None");
    let text = format!(
        "add:mac={},ip={},mode={},link={},network={network}",
        nic.mac,
        shown(&nic.ip),
        nic.params.mode(default),
        nic.params.link(default)
    );
    changes.push((format!("nic.{index}"), text.into()));
    after.nics.insert(index, nic);
    Ok(())
}

#[allow(clippy::too_many_arguments)] // what a change of a NIC touches
fn modify(
    state: &mut State,
    op: &Op,
    change: &DeviceChange<'_>,
    index: usize,
    after: &mut Instance,
    booked: &mut Booked,
    changes: &mut Changes,
    messages: &mut Vec<String>,
) -> Result<(), OpError> {
    let Some(before) = after.nics.get(index).cloned() else { return Ok(()) };
    let mut nic = before.clone();
    prepare(state, op, change, after.pnode, &mut nic, Some(&before), booked, messages)?;
    let default = &state.cluster.nic;
    for (key, value) in [("mac", Some(nic.mac.clone())), ("ip", nic.ip.clone()), ("name", nic.name.clone())] {
        if change.params.contains_key(key) {
            changes.push((format!("nic.{key}/{index}"), value.into()));
        }
    }
    if nic.network != before.network {
        let network = change.params.get("network").cloned().unwrap_or_default();
        changes.push((format!("nic.network/{index}"), network));
    }
    for (key, value) in [("mode", nic.params.mode(default)), ("link", nic.params.link(default))] {
        changes.push((format!("nic.{key}/{index}"), value.into()));
    }
    if let Some(place) = after.nics.get_mut(index) {
        *place = nic;
    }
    Ok(())
}

/// Gives a NIC the values of a change. On a change its parameters are stored filled.
#[allow(clippy::too_many_arguments)] // what a change of a NIC touches
fn prepare(
    state: &mut State,
    op: &Op,
    change: &DeviceChange<'_>,
    pnode: usize,
    nic: &mut Nic,
    before: Option<&Nic>,
    booked: &mut Booked,
    messages: &mut Vec<String>,
) -> Result<(), OpError> {
    let params = Value::Object(change.params.clone());
    check_device_names("NIC", std::slice::from_ref(&params))?;
    let text = |key: &str| change.params.get(key).and_then(Value::as_str);
    if nics::given(&params, "network").is_some() && (text("mode").is_some() || text("link").is_some()) {
        return invalid("If network is given mode or link should not");
    }
    if let Some(name) = text("name") {
        nic.name = nics::given(&params, "name").map(|_| name.to_owned());
    }
    if change.params.contains_key("network") {
        let name = nics::given(&params, "network").map(|name| find::network(state, name)).transpose()?;
        nic.network = name.and_then(|name| Some(state.networks.get(&name)?.uuid.clone()));
    }
    set_link(state, &params, pnode, nic)?;
    check_bridges(state, std::slice::from_ref(nic), pnode)?;
    set_mac(state, text("mac"), nic, before, booked)?;
    set_ip(state, op, &params, pnode, nic, before, booked, messages)
}

fn set_link(state: &State, params: &Value, pnode: usize, nic: &mut Nic) -> Result<(), OpError> {
    let default = &state.cluster.nic;
    let text = |key: &str| {
        params.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let chosen = match &nic.network {
        Some(network) => nics::connection(state, network, pnode)?,
        None => PartialNic {
            mode: text("mode").or(nic.params.mode.clone()),
            link: text("link").or(text("bridge")).or(nic.params.link.clone()),
            vlan: text("vlan").or(nic.params.vlan.clone()),
        },
    };
    nic.params = PartialNic {
        mode: Some(chosen.mode(default).to_owned()),
        link: Some(chosen.link(default).to_owned()),
        vlan: Some(chosen.vlan(default).to_owned()),
    };
    Ok(())
}

fn set_mac(
    state: &mut State,
    mac: Option<&str>,
    nic: &mut Nic,
    before: Option<&Nic>,
    booked: &mut Booked,
) -> Result<(), OpError> {
    let prefix = |network: Option<&String>| {
        let network = network.and_then(|uuid| state.networks.values().find(|network| network.uuid == *uuid));
        network.and_then(|network| network.mac_prefix.clone())
    };
    let moved = before.is_some_and(|before| prefix(before.network.as_ref()) != prefix(nic.network.as_ref()));
    let new = match (mac, before) {
        (Some("auto"), Some(_)) => {
            return invalid("'auto' is not a valid MAC address when modifying an existing NIC");
        }
        (Some("auto" | "generate") | None, None) | (Some("generate"), Some(_)) => {
            generated_mac(state, nic.network.as_deref())
        }
        (Some(mac), _) if before.is_some_and(|before| before.mac.eq_ignore_ascii_case(mac)) => return Ok(()),
        (Some(mac), _) if booked.new_macs.iter().any(|taken| taken.eq_ignore_ascii_case(mac)) => {
            let text = format!("MAC address '{mac}' already in use in cluster");
            return Err(OpError::prereq(text, ecode::NOTUNIQUE));
        }
        (Some(mac), _) => check_mac(state, mac)?,
        // A network with another prefix gives another address.
        (None, Some(_)) if moved => generated_mac(state, nic.network.as_deref()),
        (None, Some(_)) => return Ok(()),
    };
    booked.old_macs.extend(before.map(|before| before.mac.clone()));
    booked.new_macs.push(new.clone());
    nic.mac = new;
    Ok(())
}

#[allow(clippy::too_many_arguments)] // what a change of a NIC touches
fn set_ip(
    state: &State,
    op: &Op,
    params: &Value,
    pnode: usize,
    nic: &mut Nic,
    before: Option<&Nic>,
    booked: &mut Booked,
    messages: &mut Vec<String>,
) -> Result<(), OpError> {
    if params.get("ip").is_some() {
        nic.ip = nics::given(params, "ip").map(str::to_owned);
    }
    let same = before.is_some_and(|before| before.ip == nic.ip && before.network == nic.network);
    if same {
        return Ok(());
    }
    booked.released.extend(before.cloned());
    let Some(ip) = nic.ip.clone() else { return Ok(()) };
    let Some(network) = nic.network.clone() else {
        nics::check_ip(Some(&ip), None)?;
        if op.flag("conflicts_check") {
            check_conflict(state, Some(&ip), pnode)?;
        }
        return Ok(());
    };
    nics::check_ip(Some(&ip), Some(&network))?;
    let place = nics::take_ip(state, &network, &ip, op.flag("conflicts_check"), &booked.taken);
    let place = place.map_err(|refused| match refused {
        NoIp::PoolIsFull => OpError::prereq("Unable to get a free IP from the address pool", ecode::STATE),
        NoIp::Taken(network) => {
            OpError::prereq(format!("IP {ip} not available in network {network}"), ecode::NOTUNIQUE)
        }
    })?;
    if let Some((name, at)) = place {
        if let Some(network) = state.networks.get(&name) {
            nic.ip = Some(network.subnet.address(at));
            messages.push(format!("Reserving IP {} in network {name}", network.subnet.address(at)));
        }
        booked.taken.push((name, at));
    }
    Ok(())
}
