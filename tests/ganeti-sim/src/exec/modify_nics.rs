//! Adding, changing and removing NICs.

use serde_json::Value;

use super::modify::{Changes, DeviceChange, device_changes, device_index, hotplugged};
use super::nics::{
    self, NoIp, Taken, check_bridges, check_conflict, check_device_names, check_mac, generated_mac,
};
use super::{find, info};
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
    let mut editor = Editor { state, op, pnode: after.pnode, booked: Booked::default(), messages };
    for change in device_changes("NIC", op.list("nics"))? {
        let known: Vec<_> = after.nics.iter().map(|nic| (nic.uuid.as_str(), nic.name.as_deref())).collect();
        let index = device_index("NIC", &change, &known)?;
        match change.verb {
            "add" => editor.add(&change, index, &mut after.nics, changes)?,
            "remove" => {
                editor.forget(after.nics.remove(index));
                changes.push((format!("NIC/{index}"), "remove".into()));
            }
            "modify" => editor.modify(&change, index, &mut after.nics, changes)?,
            "attach" => return invalid("Attach operation is not supported for NICs"),
            _ => return invalid("Detach operation is not supported for NICs"),
        }
        if hotplug {
            // Ganeti's own three ways to name a NIC.
            let what = match change.verb {
                "add" => format!("nic.{index}"),
                "remove" => format!("NIC/{index}"),
                _ => format!("nic/{index}"),
            };
            hotplugged(editor.state, op, what, changes, editor.messages);
        }
    }
    Ok(editor.booked)
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

/// What the changes of one job have in common.
struct Editor<'a> {
    state: &'a mut State,
    op: &'a Op,
    pnode: usize,
    booked: Booked,
    messages: &'a mut Vec<String>,
}

impl Editor<'_> {
    fn forget(&mut self, nic: Nic) {
        self.booked.old_macs.push(nic.mac.clone());
        self.booked.released.push(nic);
    }

    fn add(
        &mut self,
        change: &DeviceChange<'_>,
        index: usize,
        all: &mut Vec<Nic>,
        changes: &mut Changes,
    ) -> Result<(), OpError> {
        if all.len() >= MOST {
            let text = format!("Instance has too many network interfaces ({MOST}), cannot add more");
            return Err(OpError::prereq(text, ecode::STATE));
        }
        let uuid = self.state.random.uuid();
        let mut nic = Nic {
            uuid,
            name: None,
            mac: String::new(),
            ip: None,
            network: None,
            params: PartialNic::default(),
        };
        self.prepare(change, &mut nic, None)?;
        let default = &self.state.cluster.nic;
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
        all.insert(index, nic);
        Ok(())
    }

    fn modify(
        &mut self,
        change: &DeviceChange<'_>,
        index: usize,
        all: &mut [Nic],
        changes: &mut Changes,
    ) -> Result<(), OpError> {
        let Some(place) = all.get_mut(index) else { return Ok(()) };
        let before = place.clone();
        self.prepare(change, place, Some(&before))?;
        let default = &self.state.cluster.nic;
        let set = [("mac", Some(place.mac.clone())), ("ip", place.ip.clone()), ("name", place.name.clone())];
        for (key, value) in set {
            // A new network may give a new MAC address unasked.
            if change.params.contains_key(key) || (key == "mac" && place.mac != before.mac) {
                changes.push((format!("nic.{key}/{index}"), value.into()));
            }
        }
        if place.network != before.network {
            let network = change.params.get("network").and_then(Value::as_str);
            let network = network.filter(|name| !name.eq_ignore_ascii_case("none"));
            changes.push((format!("nic.network/{index}"), network.into()));
        }
        let (mode, link, vlan) =
            (place.params.mode(default), place.params.link(default), place.params.vlan(default));
        for (key, value) in [("mode", mode), ("link", link), ("vlan", vlan)] {
            changes.push((format!("nic.{key}/{index}"), value.into()));
        }
        Ok(())
    }

    /// Gives a NIC the values of a change. On a change its parameters are stored filled.
    fn prepare(
        &mut self,
        change: &DeviceChange<'_>,
        nic: &mut Nic,
        before: Option<&Nic>,
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
            let name =
                nics::given(&params, "network").map(|name| find::network(self.state, name)).transpose()?;
            nic.network = name.and_then(|name| Some(self.state.networks.get(&name)?.uuid.clone()));
        }
        self.set_link(&params, nic)?;
        check_bridges(self.state, std::slice::from_ref(nic), self.pnode, "node")?;
        self.set_mac(text("mac"), nic, before)?;
        self.set_ip(&params, nic, before)
    }

    fn set_link(&self, params: &Value, nic: &mut Nic) -> Result<(), OpError> {
        let default = &self.state.cluster.nic;
        let text = |key: &str| {
            params.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let chosen = match &nic.network {
            Some(network) => nics::connection(self.state, network, self.pnode)?,
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

    fn mac_prefix(&self, network: Option<&String>) -> Option<String> {
        self.state.networks.values().find(|known| Some(&known.uuid) == network)?.mac_prefix.clone()
    }

    fn set_mac(&mut self, mac: Option<&str>, nic: &mut Nic, before: Option<&Nic>) -> Result<(), OpError> {
        let moved = before.is_some_and(|before| {
            self.mac_prefix(before.network.as_ref()) != self.mac_prefix(nic.network.as_ref())
        });
        let new = match (mac, before) {
            (Some("auto"), Some(_)) => {
                return invalid("'auto' is not a valid MAC address when modifying an existing NIC");
            }
            (Some("auto" | "generate") | None, None) | (Some("generate"), Some(_)) => {
                generated_mac(self.state, nic.network.as_deref())
            }
            (Some(mac), _) if before.is_some_and(|before| before.mac.eq_ignore_ascii_case(mac)) => {
                return Ok(());
            }
            (Some(mac), _) if self.booked.new_macs.iter().any(|taken| taken.eq_ignore_ascii_case(mac)) => {
                let text = format!("MAC address '{mac}' already in use in cluster");
                return Err(OpError::prereq(text, ecode::NOTUNIQUE));
            }
            (Some(mac), _) => check_mac(self.state, mac, "'")?,
            // A network with another prefix gives another address.
            (None, Some(_)) if moved => generated_mac(self.state, nic.network.as_deref()),
            (None, Some(_)) => return Ok(()),
        };
        self.booked.old_macs.extend(before.map(|before| before.mac.clone()));
        self.booked.new_macs.push(new.clone());
        nic.mac = new;
        Ok(())
    }

    fn set_ip(&mut self, params: &Value, nic: &mut Nic, before: Option<&Nic>) -> Result<(), OpError> {
        if params.get("ip").is_some() {
            nic.ip = nics::given(params, "ip").map(str::to_owned);
        }
        if before.is_some_and(|before| before.ip == nic.ip && before.network == nic.network) {
            let linked = params.get("mode").is_some() || params.get("link").is_some();
            return if linked && nic.network.is_some() {
                invalid("Not allowed to change link or mode of a NIC that is connected to a network")
            } else {
                Ok(())
            };
        }
        self.booked.released.extend(before.cloned());
        let Some(ip) = nic.ip.clone() else { return Ok(()) };
        if ip.eq_ignore_ascii_case("pool") && nic.network.is_none() {
            return invalid("If ip=pool, parameter network cannot be none");
        }
        nics::check_ip(Some(&ip), nic.network.as_deref())?;
        let conflicts_check = self.op.flag("conflicts_check");
        let Some(network) = nic.network.clone() else {
            return if conflicts_check { check_conflict(self.state, Some(&ip), self.pnode) } else { Ok(()) };
        };
        let place = nics::take_ip(self.state, &network, &ip, conflicts_check, &self.booked.taken);
        let place = place.map_err(|refused| match refused {
            NoIp::PoolIsFull => {
                OpError::prereq("Unable to get a free IP from the address pool", ecode::STATE)
            }
            NoIp::Taken(network) => {
                OpError::prereq(format!("IP {ip} not available in network {network}"), ecode::NOTUNIQUE)
            }
        })?;
        if let Some((name, at)) = place {
            if let Some(network) = self.state.networks.get(&name) {
                nic.ip = Some(network.pool.address(at));
                let chosen = network.pool.address(at);
                self.messages.push(if ip.eq_ignore_ascii_case("pool") {
                    nics::chose(&chosen, &name)
                } else {
                    info(format_args!("Reserving IP {chosen} in network {name}"))
                });
            }
            self.booked.taken.push((name, at));
        }
        Ok(())
    }
}
