//! Reading backend and hypervisor parameters, with Ganeti's type enforcement.

use serde_json::Value;

use crate::opcode::{OpError, ecode};
use crate::state::{Cluster, Dict, PartialBe};

fn wrong_type(text: String) -> OpError {
    OpError::of("TypeEnforcementError", text)
}

/// How Python shows a value in a message.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    }
}

/// Applies backend parameters on top of others; `"default"` (and null) takes one back.
pub(super) fn apply_be(current: PartialBe, given: &Dict, may_reset: bool) -> Result<PartialBe, OpError> {
    let mut be = current;
    for (key, value) in given {
        let reset = may_reset && (value.is_null() || value.as_str() == Some("default"));
        match key.as_str() {
            // The old name of both; Ganeti knows it no longer when it checks the value.
            "memory" => {
                be.maxmem = if reset { None } else { Some(size("maxmem", value)?) };
                be.minmem = be.maxmem;
            }
            "minmem" => be.minmem = if reset { None } else { Some(size(key, value)?) },
            "maxmem" => be.maxmem = if reset { None } else { Some(size(key, value)?) },
            "vcpus" => be.vcpus = if reset { None } else { Some(integer(key, value)?) },
            "spindle_use" => be.spindle_use = if reset { None } else { Some(integer(key, value)?) },
            "auto_balance" => be.auto_balance = if reset { None } else { Some(boolean(key, value)?) },
            "always_failover" => be.always_failover = if reset { None } else { Some(boolean(key, value)?) },
            other => return Err(wrong_type(format!("Unknown parameter '{other}'"))),
        }
    }
    Ok(be)
}

/// A size in MiB; texts may carry a unit. Sizes are rounded up to a multiple of 4.
pub(super) fn size(key: &str, value: &Value) -> Result<u64, OpError> {
    let failed = |error: &str| {
        wrong_type(format!("'{key}' (value {}) is not a valid size. error: {error}", shown(value)))
    };
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return Err(failed("Invalid format")),
    };
    parse_unit(&text).map_err(|error| failed(&error))
}

fn parse_unit(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let split = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: f64 = number.parse().map_err(|_| "Invalid format".to_owned())?;
    let unit = unit.trim();
    let factor = match unit.to_lowercase().as_str() {
        "" | "m" | "mb" | "mib" => 1.0,
        "g" | "gb" | "gib" => 1024.0,
        "t" | "tb" | "tib" => 1024.0 * 1024.0,
        _ => return Err(format!("Unknown unit: {unit}")),
    };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let mib = (number * factor).ceil() as u64;
    Ok(mib.div_ceil(4) * 4)
}

fn integer(key: &str, value: &Value) -> Result<u64, OpError> {
    let failed = || wrong_type(format!("'{key}' (value {}) is not a valid integer", shown(value)));
    match value {
        Value::Number(number) => number.as_u64().ok_or_else(failed),
        Value::String(text) => text.trim().parse().map_err(|_| failed()),
        Value::Bool(flag) => Ok(u64::from(*flag)),
        _ => Err(failed()),
    }
}

fn boolean(key: &str, value: &Value) -> Result<bool, OpError> {
    match value {
        Value::String(text) if !text.is_empty() => match text.to_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(wrong_type(format!("'{key}' (value {text}) is not a valid boolean"))),
        },
        Value::Bool(flag) => Ok(*flag),
        Value::Number(number) => Ok(number.as_f64() != Some(0.0)),
        _ => Ok(false),
    }
}

/// Parameters that only the cluster may set.
const GLOBALS: &[&str] = &["migration_bandwidth", "migration_mode", "migration_port", "xen_cmd"];

/// Checks hypervisor parameters and gives them their types.
pub(super) fn check_hv(
    cluster: &Cluster,
    hypervisor: &str,
    given: &Dict,
    may_reset: bool,
) -> Result<Dict, OpError> {
    let mut typed = Dict::new();
    for (key, value) in given {
        if may_reset && value.as_str() == Some("default") {
            typed.insert(key.clone(), value.clone());
            continue;
        }
        let kind =
            crate::query::hv_type(key).ok_or_else(|| wrong_type(format!("Unknown parameter '{key}'")))?;
        typed.insert(key.clone(), enforce(key, kind, value)?);
    }
    let known = |key: &str| cluster.hv_defaults(hypervisor).is_some_and(|all| all.contains_key(key));
    if let Some(key) = typed.keys().find(|key| !known(key) && !GLOBALS.contains(&key.as_str())) {
        return Err(OpError::of("HypervisorError", format!("Parameter '{key}' is not supported")));
    }
    let global: Vec<_> = typed.keys().filter(|key| GLOBALS.contains(&key.as_str())).cloned().collect();
    if !global.is_empty() {
        let text = format!(
            "The following hypervisor parameters are global and cannot be customized at instance level, please \
             modify them at cluster level: {}",
            global.join(", ")
        );
        return Err(OpError::prereq(text, ecode::INVAL));
    }
    Ok(typed)
}

fn enforce(key: &str, kind: &str, value: &Value) -> Result<Value, OpError> {
    match kind {
        "bool" => boolean(key, value).map(Value::from),
        "int" => integer(key, value).map(Value::from),
        "maybe-string" if value.is_null() => Ok(Value::Null),
        _ => match value {
            Value::String(_) => Ok(value.clone()),
            Value::Bool(false) => Ok("".into()),
            other => Err(wrong_type(format!("'{key}' (value {}) is not a valid string", shown(other)))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{apply_be, size};
    use crate::state::PartialBe;
    use serde_json::json;

    #[test]
    fn sizes_carry_units_and_are_multiples_of_four() {
        assert_eq!(size("maxmem", &json!("4G")), Ok(4096));
        assert_eq!(size("maxmem", &json!(126)), Ok(128));
        assert_eq!(size("maxmem", &json!("1.5 g")), Ok(1536));
        let error = size("maxmem", &json!("4X")).unwrap_err();
        assert_eq!(error.message, "'maxmem' (value 4X) is not a valid size. error: Unknown unit: X");
    }

    #[test]
    fn a_parameter_is_taken_back_by_default() {
        let given = json!({"memory": "1G", "vcpus": 2}).as_object().cloned().unwrap();
        let be = apply_be(PartialBe::default(), &given, false).unwrap();
        assert_eq!((be.minmem, be.maxmem, be.vcpus), (Some(1024), Some(1024), Some(2)));
        let reset = json!({"vcpus": "default", "minmem": null}).as_object().cloned().unwrap();
        let be = apply_be(be, &reset, true).unwrap();
        assert_eq!((be.minmem, be.maxmem, be.vcpus), (None, Some(1024), None));
        let reset = json!({"vcpus": "default"}).as_object().cloned().unwrap();
        let error = apply_be(be, &reset, false).unwrap_err();
        assert_eq!(error.class, "TypeEnforcementError");
        assert_eq!(error.message, "'vcpus' (value default) is not a valid integer");
    }
}
