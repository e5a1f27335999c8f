//! From a request's body to an opcode, as RAPI does it.

use serde_json::Value;

use super::op::{Op, Reason};
use super::spec::{Kind, OpSpec};
use super::table::spec_of;
use crate::state::Dict;

/// Why a body does not make an opcode.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FillError {
    /// It does not fit.
    Refused(String),
    /// RAPI's own test fails with an exception.
    Crashed(String),
}

impl FillError {
    pub fn text(self) -> String {
        match self {
            Self::Refused(text) | Self::Crashed(text) => text,
        }
    }
}

/// Makes an opcode of a body, the parameters that the URL fixes, and the aliases of the resource.
pub(crate) fn fill(
    kind: Kind,
    body: Option<Value>,
    fixed: Dict,
    reason: Vec<Reason>,
    renames: &[(&str, &str)],
) -> Result<Op, FillError> {
    let spec = spec_of(kind);
    let mut params = match body {
        None | Some(Value::Null) => Dict::new(),
        Some(Value::Object(body)) => body,
        Some(other) => {
            let given = python_type(&other);
            return Err(FillError::Refused(format!(
                "Body contents: Type is '{given}', but 'dict' is expected"
            )));
        }
    };
    rename(&mut params, renames)?;
    let overwritten: Vec<String> = params
        .keys()
        .filter(|key| fixed.contains_key(*key) || *key == "reason")
        .map(|key| format!("'{key}'"))
        .collect();
    if !overwritten.is_empty() {
        return Err(FillError::Refused(format!(
            "Can't overwrite static parameters {{{}}}",
            overwritten.join(", ")
        )));
    }
    params.extend(fixed);
    validate(spec, &params)?;
    Ok(Op { spec, params, reason })
}

fn rename(params: &mut Dict, renames: &[(&str, &str)]) -> Result<(), FillError> {
    for (old, new) in renames {
        let Some(value) = params.remove(*old) else { continue };
        if params.contains_key(*new) {
            let text = format!("Parameter '{old}' was renamed to '{new}', but both are specified");
            return Err(FillError::Refused(text));
        }
        params.insert((*new).to_owned(), value);
    }
    Ok(())
}

fn validate(spec: &'static OpSpec, params: &Dict) -> Result<(), FillError> {
    if let Some(key) = params.keys().find(|key| spec.param(key).is_none()) {
        let class = spec.class;
        let text = format!("Invalid body parameters: Object {class} doesn't support the parameter '{key}'");
        return Err(FillError::Refused(text));
    }
    for param in spec.all_params().filter(|param| param.name != "reason") {
        let accepted = match params.get(param.name) {
            Some(value) => param.accepts(value),
            None => param.accepts(&param.default.value()),
        };
        if let Some(text) = params.get(param.name).and_then(|value| param.crash(value)) {
            return Err(FillError::Crashed(text));
        }
        if !accepted {
            // How Python shows an exception with two arguments.
            let (id, name) = (spec.id, param.name);
            let text = format!("(\"Parameter '{id}.{name}' fails validation\", 'wrong_input')");
            return Err(FillError::Refused(format!("Invalid body parameters: {text}")));
        }
    }
    Ok(())
}

/// The name of the Python type a JSON value becomes.
pub(crate) fn python_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

#[cfg(test)]
mod tests {
    use super::{FillError, Kind, fill};
    use crate::state::Dict;
    use serde_json::{Value, json};

    fn name(name: &str) -> Dict {
        json!({"instance_name": name}).as_object().cloned().unwrap()
    }

    fn text(kind: Kind, body: Value) -> String {
        fill(kind, Some(body), name("web"), vec![], &[]).map_err(FillError::text).unwrap_err()
    }

    #[test]
    fn what_does_not_fit_is_named() {
        assert_eq!(
            text(Kind::InstanceShutdown, json!({"timeout": "a"})),
            "Invalid body parameters: (\"Parameter 'OP_INSTANCE_SHUTDOWN.timeout' fails validation\", 'wrong_input')"
        );
        assert_eq!(
            text(Kind::InstanceShutdown, json!({"colour": 1})),
            "Invalid body parameters: Object OpInstanceShutdown doesn't support the parameter 'colour'"
        );
        let fixed = text(Kind::InstanceShutdown, json!({"instance_name": "b"}));
        assert_eq!(fixed, "Can't overwrite static parameters {'instance_name'}");
        assert_eq!(
            text(Kind::InstanceShutdown, json!({"reason": []})),
            "Can't overwrite static parameters {'reason'}"
        );
        let list = text(Kind::InstanceShutdown, json!([]));
        assert_eq!(list, "Body contents: Type is 'list', but 'dict' is expected");
    }

    #[test]
    fn defaults_are_seen_and_secrets_are_not() {
        let body = json!({"mode": "create", "disks": [], "nics": [], "osparams_secret": {"key": "hush"}});
        let op = fill(Kind::InstanceCreate, Some(body), name("web"), vec![], &[]).unwrap();
        assert!(op.flag("start"));
        assert!(!op.flag("commit"));
        let mut out = Vec::new();
        op.write(&mut out);
        let shown: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(shown["osparams_secret"], json!({"key": "<redacted>"}));
        assert_eq!(shown["compress"], "none");
        assert_eq!(shown["source_shutdown_timeout"], 120);
        assert!(shown.get("pnode").is_none(), "optional parameters that were not given are left out");
        assert_eq!(op.summary(), "INSTANCE_CREATE(web)");
    }

    #[test]
    fn aliases_are_renamed() {
        let body = json!({"name": "a", "os": "noop", "mode": "create", "disks": [], "nics": []});
        let renames = [("os", "os_type"), ("name", "instance_name")];
        let op = fill(Kind::InstanceCreate, Some(body), Dict::new(), vec![], &renames).unwrap();
        assert_eq!((op.text("instance_name"), op.text("os_type")), (Some("a"), Some("noop")));
    }
}
