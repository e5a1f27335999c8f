//! The fields of a schema, flat, each with its path, type, default, bounds and documentation.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSON, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool, ValidationRule,
};

/// One field.
pub struct Field {
    /// Path from the object's root: `spec.limits.connections`, `spec.endpoints[]`.
    pub path: String,
    /// Type, for people: `string`, `list of strings`.
    pub kind: String,
    /// Whether its parent is invalid without it.
    pub required: bool,
    /// What it is where it is left out, as JSON.
    pub default: Option<String>,
    /// What values it takes.
    pub bounds: String,
    /// Its documentation.
    pub description: String,
}

/// A rule and where it holds.
pub struct PlacedRule {
    /// Path of the field, empty for the whole object.
    pub path: String,
    /// The rule.
    pub rule: ValidationRule,
}

/// All fields below a schema, parents first, in alphabetical order.
pub fn below(path: &str, schema: &JSONSchemaProps) -> Vec<Field> {
    let mut fields = Vec::new();
    for (name, inner) in schema.properties.iter().flatten() {
        let path = format!("{path}.{name}");
        let required = schema.required.iter().flatten().any(|wanted| wanted == name);
        fields.push(field(&path, inner, required));
        fields.extend(below(&path, inner));
        if let Some(item) = item(inner) {
            fields.extend(below(&format!("{path}[]"), item));
        }
    }
    fields
}

/// All rules of a schema and below it.
pub fn rules(path: &str, schema: &JSONSchemaProps) -> Vec<PlacedRule> {
    let own = schema.x_kubernetes_validations.iter().flatten();
    let mut found: Vec<_> = own.map(|rule| PlacedRule { path: path.into(), rule: rule.clone() }).collect();
    for (name, inner) in schema.properties.iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        found.extend(rules(&path, inner));
        if let Some(item) = item(inner) {
            found.extend(rules(&format!("{path}[]"), item));
        }
    }
    found
}

fn field(path: &str, schema: &JSONSchemaProps, required: bool) -> Field {
    Field {
        path: path.into(),
        kind: kind(schema),
        required,
        default: schema
            .default
            .as_ref()
            .filter(|_| schema.properties.is_none())
            .map(|JSON(value)| value.to_string()),
        bounds: bounds(schema),
        description: schema.description.clone().unwrap_or_default(),
    }
}

/// The schema of a list's items.
pub fn item(schema: &JSONSchemaProps) -> Option<&JSONSchemaProps> {
    match &schema.items {
        Some(JSONSchemaPropsOrArray::Schema(item)) => Some(item),
        _ => None,
    }
}

/// The schema of a map's values.
pub fn value(schema: &JSONSchemaProps) -> Option<&JSONSchemaProps> {
    match &schema.additional_properties {
        Some(JSONSchemaPropsOrBool::Schema(value)) => Some(value),
        _ => None,
    }
}

fn kind(schema: &JSONSchemaProps) -> String {
    let name = schema.type_.as_deref().unwrap_or("any");
    if let Some(item) = item(schema) {
        return format!("list of {}s", kind(item));
    }
    if let Some(value) = value(schema) {
        return format!("map of {}s", kind(value));
    }
    match schema.format.as_deref() {
        Some("date-time") => "time".into(),
        _ => name.into(),
    }
}

fn bounds(schema: &JSONSchemaProps) -> String {
    let mut parts = Vec::new();
    if let Some(words) = &schema.enum_ {
        let words = words.iter().map(|JSON(word)| format!("`{}`", word.as_str().unwrap_or_default()));
        parts.push(words.collect::<Vec<_>>().join(", "));
    }
    parts.extend(range(schema.minimum, schema.maximum, ""));
    parts.extend(range(schema.min_length, schema.max_length, " characters"));
    parts.extend(schema.pattern.as_ref().map(|pattern| format!("`{pattern}`")));
    parts.extend(range(schema.min_items, schema.max_items, " items"));
    parts.extend(range(schema.min_properties, schema.max_properties, " entries"));
    if let Some(inner) = item(schema).or_else(|| value(schema)).filter(|inner| inner.properties.is_none()) {
        parts.push(format!("each {}", bounds(inner)));
    }
    parts.join("; ")
}

fn range<T: std::fmt::Display>(least: Option<T>, most: Option<T>, unit: &str) -> Option<String> {
    match (least, most) {
        (Some(least), Some(most)) => Some(format!("{least} to {most}{unit}")),
        (None, Some(most)) => Some(format!("at most {most}{unit}")),
        (Some(least), None) => Some(format!("at least {least}{unit}")),
        (None, None) => None,
    }
}
