//! Whether a value passes a parameter's type test.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::Value;

use super::spec::{Check, Param};
use super::table::NIC_KEYS;

impl Param {
    pub fn accepts(&self, value: &Value) -> bool {
        (self.maybe && value.is_null()) || self.check.accepts(value)
    }

    /// What the test itself fails with: Python refuses host bits in a network with another exception than
    /// the test expects.
    pub fn crash(&self, value: &Value) -> Option<String> {
        let text = value.as_str().filter(|_| matches!(self.check, Check::Ipv4Net))?;
        let (ip, prefix) = text.split_once('/')?;
        let (ip, prefix): (Ipv4Addr, u32) = (ip.parse().ok()?, prefix.parse().ok()?);
        if prefix > 32 {
            return Some(format!("'{prefix}' is not a valid netmask"));
        }
        let host = u32::MAX.checked_shr(prefix).unwrap_or(0);
        (u32::from(ip) & host != 0).then(|| format!("{text} has host bits set"))
    }
}

impl Check {
    fn accepts(self, value: &Value) -> bool {
        match self {
            Self::Bool => value.is_boolean(),
            Self::Text => value.is_string(),
            Self::NonEmpty => non_empty(value),
            Self::Int => value.is_i64() || value.is_u64(),
            Self::NonNegative => value.is_u64(),
            Self::Positive => value.as_u64().is_some_and(|number| number > 0),
            // At most 16 disks (`MAX_DISKS`).
            Self::DiskIndex => value.as_u64().is_some_and(|number| number < 16),
            Self::Dict => value.is_object(),
            Self::List => value.is_array(),
            Self::Texts => all(value, Value::is_string),
            Self::NonEmptyTexts => all(value, non_empty),
            Self::OneOf(words) => value.as_str().is_some_and(|text| words.contains(&text)),
            Self::Priority => matches!(value.as_i64(), Some(-10 | 0 | 10)),
            Self::Depends => all(value, dependency),
            Self::Disks => all(value, disk),
            Self::Nics => all(value, nic),
            Self::DeviceChanges => device_changes(value),
            Self::Ipv4 => parses(value, |text| text.parse::<Ipv4Addr>().is_ok()),
            Self::Ipv6 => parses(value, |text| text.parse::<Ipv6Addr>().is_ok()),
            Self::Ipv4Net => parses(value, |text| net(text, 32, |ip| ip.parse::<Ipv4Addr>().is_ok())),
            Self::Ipv6Net => parses(value, |text| net(text, 128, |ip| ip.parse::<Ipv6Addr>().is_ok())),
            Self::Ipv4s => all(value, |item| Self::Ipv4.accepts(item)),
        }
    }
}

fn non_empty(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty())
}

fn parses(value: &Value, test: impl Fn(&str) -> bool) -> bool {
    value.as_str().is_some_and(test)
}

fn all(value: &Value, test: impl Fn(&Value) -> bool) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(test))
}

fn net(text: &str, bits: u8, address: impl Fn(&str) -> bool) -> bool {
    text.split_once('/')
        .is_some_and(|(ip, prefix)| address(ip) && prefix.parse::<u8>().is_ok_and(|prefix| prefix <= bits))
}

/// `[id, [status, …]]`.
fn dependency(value: &Value) -> bool {
    let Some([id, statuses]) = value.as_array().map(Vec::as_slice) else { return false };
    let known = |text: &Value| matches!(text.as_str(), Some("success" | "canceled" | "error"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (id.is_i64() || id.is_u64() || parses(id, digits)) && all(statuses, known)
}

fn disk(value: &Value) -> bool {
    let simple = |value: &Value| non_empty(value) || value.is_i64() || value.is_u64();
    value.as_object().is_some_and(|disk| disk.iter().all(|(key, value)| !key.is_empty() && simple(value)))
}

fn nic(value: &Value) -> bool {
    let known = |key: &str| NIC_KEYS.contains(&key);
    let simple = |value: &Value| value.is_string() || value.is_null();
    value.as_object().is_some_and(|nic| nic.iter().all(|(key, value)| known(key) && simple(value)))
}

/// `[[verb, identity, {parameters}], …]`, or the old form `[[verb or index, {parameters}], …]`.
fn device_changes(value: &Value) -> bool {
    let verbs = ["add", "attach", "detach", "modify", "remove"];
    all(value, |change| match change.as_array().map(Vec::as_slice) {
        Some([verb, ident, params]) => {
            parses(verb, |verb| verbs.contains(&verb))
                && (ident.is_i64() || ident.is_u64() || ident.is_string())
                && params.is_object()
        }
        Some([verb, params]) => {
            (verb.is_u64() || parses(verb, |verb| matches!(verb, "add" | "remove"))) && params.is_object()
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::Check;
    use serde_json::json;

    #[test]
    fn dependencies_name_final_states() {
        assert!(Check::Depends.accepts(&json!([[12, ["success"]], ["13", []]])));
        assert!(!Check::Depends.accepts(&json!([[12, ["running"]]])));
        assert!(!Check::Depends.accepts(&json!([[12]])));
    }

    #[test]
    fn devices_have_known_keys() {
        assert!(Check::Nics.accepts(&json!([{}, {"ip": null, "link": "br0"}])));
        assert!(!Check::Nics.accepts(&json!([{"vlan": 5}])), "all values are texts");
        assert!(!Check::Nics.accepts(&json!([{"colour": "red"}])));
        assert!(Check::Disks.accepts(&json!([{"size": 128}, {"size": "1G", "name": "a"}])));
        assert!(!Check::Disks.accepts(&json!([{"size": null}])));
        let verbs = Check::DeviceChanges;
        assert!(verbs.accepts(&json!([["add", -1, {}], ["remove", "eth0", {}]])));
        assert!(!verbs.accepts(&json!([["bogus", 0, {}]])));
    }

    #[test]
    fn numbers_are_no_flags() {
        assert!(!Check::Bool.accepts(&json!(1)));
        assert!(!Check::NonNegative.accepts(&json!(true)));
        assert!(!Check::NonNegative.accepts(&json!(-1)));
    }
}
