//! Defaults of a structural schema.

use serde_json::Value;

/// Fills in what is absent and has a default, as an API server does with whatever it is sent.
pub(crate) fn fill(schema: &Value, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
                if !fields.contains_key(name)
                    && let Some(default) = schema.get("default")
                {
                    fields.insert(name.clone(), default.clone());
                }
                if let Some(field) = fields.get_mut(name) {
                    fill(schema, field);
                }
            }
        }
        Value::Array(items) => {
            let schema = &schema["items"];
            items.iter_mut().for_each(|item| fill(schema, item));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn defaults_go_as_deep_as_there_is_something_to_fill() {
        let schema = json!({"properties": {
            "spec": {"properties": {
                "power": {"default": "Running"},
                "limits": {"default": {}, "properties": {"jobs": {"default": 10}}},
                "absent": {"properties": {"never": {"default": 1}}},
            }},
        }});
        let mut object = json!({"spec": {"power": "Stopped"}});
        super::fill(&schema, &mut object);
        assert_eq!(object, json!({"spec": {"power": "Stopped", "limits": {"jobs": 10}}}));
    }
}
