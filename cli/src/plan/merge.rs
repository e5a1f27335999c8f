//! What `kubectl apply` would make of an object, and what that changes.

use serde_json::{Map, Value};

/// A field that changes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Difference {
    /// Where, such as `spec.powerState`.
    pub(crate) path: String,
    /// Its value before; `None` where it had none.
    pub(crate) before: Option<Value>,
    /// Its value after; `None` where it is removed.
    pub(crate) after: Option<Value>,
}

/// Fields in which two values differ. Lists are compared as a whole, which is how custom resources are patched.
pub(crate) fn differences(path: &str, before: &Value, after: &Value) -> Vec<Difference> {
    let (Value::Object(before), Value::Object(after)) = (before, after) else {
        let some = |value: &Value| Some(value.clone()).filter(|value| !value.is_null());
        let (old, new) = (some(before), some(after));
        return match old == new {
            true => Vec::new(),
            false => vec![Difference { path: path.to_owned(), before: old, after: new }],
        };
    };
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let of = |map: &Map<String, Value>, name: &String| map.get(name).cloned().unwrap_or_default();
    names
        .into_iter()
        .flat_map(|name| differences(&format!("{path}.{name}"), &of(before, name), &of(after, name)))
        .collect()
}

/// The merge patch that `kubectl apply` sends: what the file says, and a null for what was applied last time and is in
/// the file no more. What others wrote stays.
pub(crate) fn patch(last_applied: &Value, file: &Value) -> Value {
    let (Value::Object(was), Value::Object(is)) = (last_applied, file) else { return file.clone() };
    let mut patch = Map::new();
    for (name, value) in is {
        patch.insert(name.clone(), self::patch(was.get(name).unwrap_or(&Value::Null), value));
    }
    for name in was.keys().filter(|name| !is.contains_key(*name)) {
        patch.insert(name.clone(), Value::Null);
    }
    Value::Object(patch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_others_wrote_stays_and_what_was_applied_and_is_gone_goes() {
        let last =
            json!({"spec": {"powerState": "Stopped", "description": "old", "flavorRef": {"name": "small"}}});
        let file = json!({"spec": {"powerState": "Running", "flavorRef": {"name": "small"}}});
        let wanted =
            json!({"spec": {"powerState": "Running", "description": null, "flavorRef": {"name": "small"}}});
        assert_eq!(patch(&last, &file), wanted);
        assert_eq!(patch(&Value::Null, &file), file, "an object that was never applied");
    }

    #[test]
    fn differences_name_fields() {
        let before = json!({"powerState": "Running", "a": {"b": 1, "c": 2}, "list": [1], "gone": true});
        let after = json!({"powerState": "Stopped", "a": {"b": 1, "c": 3}, "list": [1, 2], "new": "x"});
        let found = differences("spec", &before, &after);
        let paths: Vec<&str> = found.iter().map(|it| it.path.as_str()).collect();
        assert_eq!(paths, ["spec.a.c", "spec.gone", "spec.list", "spec.new", "spec.powerState"]);
        assert_eq!((found[1].before.clone(), found[1].after.clone()), (Some(json!(true)), None));
        assert_eq!(differences("spec", &after, &after), []);
    }
}
