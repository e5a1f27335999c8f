//! A submitted opcode.

use serde_json::{Value, json};

use super::spec::{Default, Kind, OpSpec};
use crate::clock::Timestamp;
use crate::json;
use crate::state::Dict;

/// One entry of a reason trail: source, text, nanoseconds since the epoch.
pub(crate) type Reason = (String, String, u64);

/// A submitted opcode: the parameters that were given, and why.
#[derive(Debug, Clone)]
pub(crate) struct Op {
    pub spec: &'static OpSpec,
    pub params: Dict,
    pub reason: Vec<Reason>,
}

impl Op {
    pub fn kind(&self) -> Kind {
        self.spec.kind
    }

    /// A value that was given and is not null.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.params.get(name).filter(|value| !value.is_null())
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.value(name)?.as_str()
    }

    /// A flag or its default.
    pub fn flag(&self, name: &str) -> bool {
        let default = || self.spec.param(name).is_some_and(|param| param.default == Default::True);
        self.value(name).and_then(Value::as_bool).unwrap_or_else(default)
    }

    /// A number or its default.
    pub fn number(&self, name: &str) -> Option<u64> {
        let default = || match self.spec.param(name)?.default {
            Default::Int(number) => u64::try_from(number).ok(),
            _ => None,
        };
        self.value(name).and_then(Value::as_u64).or_else(default)
    }

    pub fn dict(&self, name: &str) -> Option<&Dict> {
        self.value(name)?.as_object()
    }

    pub fn list(&self, name: &str) -> &[Value] {
        self.value(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The texts in a list.
    pub fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.list(name).iter().filter_map(Value::as_str)
    }

    /// `INSTANCE_CREATE(web1.example.com)`.
    pub fn summary(&self) -> String {
        let bare = self.spec.id.trim_start_matches("OP_");
        match self.spec.summary.and_then(|name| self.text(name)) {
            Some(text) => format!("{bare}({text})"),
            None => bare.to_owned(),
        }
    }

    /// Adds what Ganeti itself notes when it takes the job.
    pub fn extend_reason(&mut self, job: u64, index: usize, now: Timestamp) {
        let name = self.spec.id.trim_start_matches("OP_").to_lowercase();
        self.reason.push((format!("gnt:opcode:{name}"), format!("job={job};index={index}"), now.nanos()));
    }

    /// The opcode as jobs show it: defaults filled in, secrets hidden.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"OP_ID\":");
        json::text(out, self.spec.id);
        for param in self.spec.all_params().filter(|param| param.name != "reason") {
            let given = self.value(param.name);
            if given.is_none() && param.default == Default::Null {
                continue;
            }
            out.push(b',');
            json::text(out, param.name);
            out.push(b':');
            match given {
                Some(value) if is_secret(param.name) => json::value_of(out, &redacted(value)),
                Some(value) => json::value_of(out, value),
                None => json::value_of(out, &param.default.value()),
            }
        }
        out.extend_from_slice(b",\"reason\":");
        json::value_of(out, &self.reason);
        out.push(b'}');
    }
}

impl Default {
    pub fn value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::False => false.into(),
            Self::True => true.into(),
            Self::Int(number) => number.into(),
            Self::Text(text) => text.into(),
            Self::EmptyDict => json!({}),
            Self::EmptyList => json!([]),
        }
    }
}

fn is_secret(name: &str) -> bool {
    matches!(name, "osparams_private" | "osparams_secret" | "osparams_private_cluster")
}

fn redacted(value: &Value) -> Value {
    let keys = value.as_object().into_iter().flat_map(Dict::keys);
    keys.map(|key| (key.clone(), Value::from("<redacted>"))).collect()
}
