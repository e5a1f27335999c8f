//! What the derive macros leave rough in a schema, made smooth: bounds of conditions, formats, nulls, descriptions.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSON, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
    ValidationRule,
};

/// Longest `metadata.name` of any of our kinds, in characters: other objects refer to it, and labels and Ganeti's
/// tags take no more (a label's value: 63).
pub const NAME_LENGTH_MAX: usize = 63;

/// Bounds of a condition's fields, from the markers on `metav1.Condition` in Kubernetes' own source; the generated
/// Rust type does not carry them.
mod condition {
    pub const TYPE_LENGTH_MAX: i64 = 316;
    pub const TYPE_PATTERN: &str = r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$";
    pub const REASON_LENGTH_MAX: i64 = 1_024;
    pub const REASON_PATTERN: &str = r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$";
    pub const MESSAGE_LENGTH_MAX: i64 = 32_768;
}

/// Makes the schemas of a CustomResourceDefinition ready for an API server.
pub fn polish(crd: &mut CustomResourceDefinition) {
    for version in &mut crd.spec.versions {
        let Some(root) = version.schema.as_mut().and_then(|schema| schema.open_api_v3_schema.as_mut()) else {
            continue;
        };
        root.title = None;
        bound_name(root);
        visit(root, &mut smooth);
        let properties = root.properties.iter_mut().flatten();
        for (_, status) in properties.filter(|(name, _)| *name == "status") {
            visit(status, &mut observed_only);
        }
    }
}

/// Calls `change` on a schema and on all schemas inside it.
fn visit(schema: &mut JSONSchemaProps, change: &mut impl FnMut(&mut JSONSchemaProps)) {
    change(schema);
    for inner in schema.properties.iter_mut().flat_map(|map| map.values_mut()) {
        visit(inner, change);
    }
    match &mut schema.items {
        Some(JSONSchemaPropsOrArray::Schema(inner)) => visit(inner, change),
        Some(JSONSchemaPropsOrArray::Schemas(inner)) => {
            inner.iter_mut().for_each(|schema| visit(schema, change))
        }
        None => {}
    }
    if let Some(JSONSchemaPropsOrBool::Schema(inner)) = &mut schema.additional_properties {
        visit(inner, change);
    }
}

/// A rule on the name, which every kind shares.
fn bound_name(root: &mut JSONSchemaProps) {
    root.x_kubernetes_validations.get_or_insert_default().push(ValidationRule {
        rule: format!("size(self.metadata.name) <= {NAME_LENGTH_MAX}"),
        message: Some(format!(
            "metadata.name must be at most {NAME_LENGTH_MAX} characters: choose a shorter one, and write the long one into spec.displayName"
        )),
        ..ValidationRule::default()
    });
}

/// What holds for every schema.
fn smooth(schema: &mut JSONSchemaProps) {
    // An explicit null then means "not set": the API server prunes it, and no rule has to think of it.
    schema.nullable = None;
    schema.description = schema.description.take().map(|text| unwrap_lines(&text));
    if schema.type_.as_deref() == Some("integer") {
        schema.format = Some(integer_format(schema.maximum).into());
    }
    if is_condition(schema) {
        bound_condition(schema);
    }
}

/// What holds inside a status: the operator writes all of it, so nothing is filled in by the API server.
fn observed_only(schema: &mut JSONSchemaProps) {
    if schema
        .default
        .as_ref()
        .is_some_and(|JSON(value)| value.is_array() && value.as_array().is_some_and(Vec::is_empty))
    {
        schema.default = None;
    }
}

/// Kubernetes knows `int32` and `int64` alone; schemars writes `uint32`, which the API server warns about.
fn integer_format(maximum: Option<f64>) -> &'static str {
    match maximum {
        Some(most) if most <= f64::from(i32::MAX) => "int32",
        _ => "int64",
    }
}

/// Joins the lines that rustdoc's width broke; an empty line still ends a paragraph.
fn unwrap_lines(text: &str) -> String {
    let paragraphs =
        text.split("\n\n").map(|paragraph| paragraph.lines().map(str::trim).collect::<Vec<_>>().join(" "));
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

fn is_condition(schema: &JSONSchemaProps) -> bool {
    let has = |name: &str| schema.properties.as_ref().is_some_and(|map| map.contains_key(name));
    has("lastTransitionTime") && has("reason") && has("status") && has("type")
}

fn bound_condition(schema: &mut JSONSchemaProps) {
    for (name, field) in schema.properties.iter_mut().flatten() {
        match name.as_str() {
            "type" => {
                field.description = Some("What the condition speaks of.".into());
                field.max_length = Some(condition::TYPE_LENGTH_MAX);
                field.pattern = Some(condition::TYPE_PATTERN.into());
            }
            "status" => {
                field.description = Some("Whether it holds.".into());
                field.enum_ = Some(["True", "False", "Unknown"].map(|word| JSON(word.into())).to_vec());
            }
            "reason" => {
                field.description = Some("Why, in one word of a closed list.".into());
                field.min_length = Some(1);
                field.max_length = Some(condition::REASON_LENGTH_MAX);
                field.pattern = Some(condition::REASON_PATTERN.into());
            }
            "message" => {
                field.description =
                    Some("Why, for people; where something must be changed, it says what.".into());
                field.max_length = Some(condition::MESSAGE_LENGTH_MAX);
            }
            "observedGeneration" => {
                field.description = Some("Generation of the spec that the condition speaks of.".into());
                field.minimum = Some(0.0);
            }
            "lastTransitionTime" => field.description = Some("When `status` last changed.".into()),
            _ => {}
        }
    }
    schema.description = Some("One aspect of the object's state.".into());
}
