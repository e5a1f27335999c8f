//! Kubernetes manifests in files.

use anyhow::{Context as _, Result};
use serde::Deserialize as _;
use serde_json::Value;

use crate::tree::File;

/// The documents of a YAML file, empty ones left out.
///
/// # Errors
/// A text that is not YAML.
pub fn documents(file: &File) -> Result<Vec<Value>> {
    let mut found = Vec::new();
    for document in serde_yaml::Deserializer::from_str(&file.text) {
        let value = Value::deserialize(document).with_context(|| format!("read {} as YAML", file.path))?;
        if !value.is_null() {
            found.push(value);
        }
    }
    Ok(found)
}

/// The paths of values that are in `written` and not, or not the same, in `read`: fields that a type does not know.
#[must_use]
pub fn lost(written: &Value, read: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    compare("", written, read, &mut paths);
    paths
}

fn compare(path: &str, written: &Value, read: &Value, lost: &mut Vec<String>) {
    match (written, read) {
        (Value::Object(written), Value::Object(read)) => {
            for (name, value) in written {
                compare(&format!("{path}.{name}"), value, read.get(name).unwrap_or(&Value::Null), lost);
            }
        }
        (Value::Array(written), Value::Array(read)) if written.len() == read.len() => {
            for (index, (written, read)) in written.iter().zip(read).enumerate() {
                compare(&format!("{path}[{index}]"), written, read, lost);
            }
        }
        _ if written == read => {}
        _ => lost.push(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn a_field_the_type_does_not_know_is_found() {
        let written = json!({ "spec": { "known": 1, "list": [{ "a": 1, "b": 2 }] } });
        let read = json!({ "spec": { "known": 1, "defaulted": true, "list": [{ "a": 1 }] } });
        assert_eq!(super::lost(&written, &read), [".spec.list[0].b"]);
    }
}
