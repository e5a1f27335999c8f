//! The fields of a schema, and what else each may be.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSON, JSONSchemaProps, JSONSchemaPropsOrArray,
};
use serde_json::{Value, json};

/// What a text is changed to where its schema lets it be anything.
const OTHER_WORDS: &str = "other words";

/// A leaf, a list or a map below `spec`.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// Its place below `spec`, such as `tls.pins` or `disks[].size`.
    pub(super) path: String,
    /// Its schema.
    pub(super) schema: JSONSchemaProps,
}

/// All fields of a kind.
pub(super) fn fields(crd: &CustomResourceDefinition) -> Vec<Field> {
    let mut found = Vec::new();
    for root in crd.spec.versions.iter().filter_map(|version| version.schema.as_ref()) {
        let properties = root.open_api_v3_schema.as_ref().and_then(|root| root.properties.as_ref());
        if let Some(spec) = properties.and_then(|properties| properties.get("spec")) {
            walk("", spec, &mut found);
        }
    }
    found
}

/// An object is told by its fields, a list of objects also by those of its items.
fn walk(path: &str, schema: &JSONSchemaProps, found: &mut Vec<Field>) {
    let field = || Field { path: path.to_owned(), schema: schema.clone() };
    match (&schema.properties, &schema.items) {
        (Some(properties), _) => {
            for (name, inner) in properties {
                let at = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                walk(&at, inner, found);
            }
        }
        (None, Some(JSONSchemaPropsOrArray::Schema(item))) => {
            found.push(field());
            if item.properties.is_some() {
                walk(&format!("{path}[]"), item, found);
            }
        }
        _ => found.push(field()),
    }
}

impl Field {
    /// The values of an enum.
    pub(super) fn values(&self) -> Vec<Value> {
        self.schema.enum_.iter().flatten().map(|JSON(value)| value.clone()).collect()
    }

    /// What it may be instead of `now`, as far as its schema tells: nothing where a rule or a pattern decides, which only
    /// a person can read.
    pub(super) fn others(&self, now: Option<&Value>) -> Vec<Value> {
        let default = self.schema.default.as_ref().map(|JSON(value)| value);
        let now = now.or(default);
        let schema = &self.schema;
        if schema.enum_.is_some() {
            return self.values().into_iter().filter(|value| Some(value) != now).collect();
        }
        let is_free = schema.pattern.is_none() && schema.x_kubernetes_validations.is_none();
        match schema.type_.as_deref() {
            Some("boolean") => vec![json!(now != Some(&json!(true)))],
            Some("integer") if is_free => {
                let now = now.and_then(Value::as_i64);
                let bounds =
                    (schema.minimum.map(|least| least as i64), schema.maximum.map(|most| most as i64));
                let other = match (now, bounds) {
                    (Some(now), (_, Some(most))) if now >= most => now - 1,
                    (Some(now), _) => now + 1,
                    (None, (least, _)) => least.unwrap_or(1),
                };
                vec![json!(other)]
            }
            Some("string") if is_free && !self.path.contains("[]") => vec![json!(OTHER_WORDS)],
            _ => Vec::new(),
        }
    }
}

/// What the API server says to changes that it refuses: the messages of all rules that compare with the object as it was.
pub(super) fn refusals(crd: &CustomResourceDefinition) -> Vec<String> {
    let roots = crd.spec.versions.iter().filter_map(|version| version.schema.as_ref());
    let schemas = roots.filter_map(|root| root.open_api_v3_schema.as_ref());
    let rules = schemas.flat_map(|schema| schema.x_kubernetes_validations.iter().flatten());
    rules.filter(|rule| rule.rule.contains("oldSelf")).filter_map(|rule| rule.message.clone()).collect()
}
