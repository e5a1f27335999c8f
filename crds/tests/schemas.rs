//! What holds for every schema: all is bounded and documented, and nothing in it makes an API server warn.

use cyclades_crds::condition::{ConditionType, Reason};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};

/// All schemas of all kinds, each with the path it stands at.
fn schemas() -> Vec<(String, JSONSchemaProps)> {
    let mut found = Vec::new();
    for crd in cyclades_crds::all() {
        for version in &crd.spec.versions {
            let root = version.schema.as_ref().and_then(|schema| schema.open_api_v3_schema.as_ref());
            let root = root.unwrap_or_else(|| panic!("{} has no schema", crd.spec.names.kind));
            collect(&crd.spec.names.kind, root, &mut found);
        }
    }
    assert!(found.len() > 100, "the walk finds the fields");
    found
}

fn collect(path: &str, schema: &JSONSchemaProps, found: &mut Vec<(String, JSONSchemaProps)>) {
    found.push((path.to_owned(), schema.clone()));
    for (name, inner) in schema.properties.iter().flatten() {
        collect(&format!("{path}.{name}"), inner, found);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(item)) = &schema.items {
        collect(&format!("{path}[]"), item, found);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(value)) = &schema.additional_properties {
        collect(&format!("{path}{{}}"), value, found);
    }
}

/// The paths at which something is wrong, as one text that a failing test prints.
fn where_wrong(wrong: impl Fn(&JSONSchemaProps) -> bool) -> Vec<String> {
    schemas().into_iter().filter(|(_, schema)| wrong(schema)).map(|(path, _)| path).collect()
}

#[test]
fn every_string_list_and_map_is_bounded() {
    let unbounded = where_wrong(|schema| match schema.type_.as_deref() {
        Some("string") => {
            schema.max_length.is_none()
                && schema.enum_.is_none()
                && schema.format.as_deref() != Some("date-time")
        }
        Some("array") => schema.max_items.is_none(),
        Some("object") => schema.additional_properties.is_some() && schema.max_properties.is_none(),
        Some("integer" | "boolean") => false,
        _ => true,
    });
    assert_eq!(unbounded, Vec::<String>::new(), "these have no bound, or a type no bound is known for");
}

#[test]
fn integers_of_a_spec_have_a_range() {
    let open = schemas().into_iter().filter(|(path, schema)| {
        path.contains(".spec.")
            && schema.type_.as_deref() == Some("integer")
            && (schema.minimum.is_none() || schema.maximum.is_none())
    });
    assert_eq!(open.map(|(path, _)| path).collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn lists_and_maps_hold_what_is_described_and_nothing_else() {
    let open = where_wrong(|schema| {
        schema.x_kubernetes_preserve_unknown_fields.is_some()
            || (schema.type_.as_deref() == Some("array") && schema.items.is_none())
            || matches!(schema.additional_properties, Some(JSONSchemaPropsOrBool::Bool(_)))
    });
    assert_eq!(open, Vec::<String>::new());
}

#[test]
fn every_field_is_documented_in_whole_paragraphs() {
    let silent = schemas().into_iter().filter(|(path, schema)| {
        let item = path.ends_with("[]") || path.ends_with("{}");
        let text = schema.description.as_deref().unwrap_or_default();
        (text.is_empty() && !item) || text.replace("\n\n", "").contains('\n')
    });
    assert_eq!(silent.map(|(path, _)| path).collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn nothing_is_left_that_an_api_server_warns_about() {
    let known = [None, Some("int32"), Some("int64"), Some("date-time")];
    let wrong = where_wrong(|schema| {
        !known.contains(&schema.format.as_deref()) || schema.nullable.is_some() || schema.title.is_some()
    });
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn fields_are_in_camel_case() {
    let camel = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(|c| c.is_ascii_alphanumeric())
    };
    for (path, schema) in schemas() {
        for name in schema.properties.iter().flatten().map(|(name, _)| name) {
            assert!(camel(name), "{path}.{name}");
        }
        for word in schema.enum_.iter().flatten().filter_map(|word| word.0.as_str()) {
            assert!(word.starts_with(|c: char| c.is_ascii_uppercase()), "{path}: {word} is not PascalCase");
        }
    }
}

#[test]
fn every_rule_says_what_to_do() {
    for (path, schema) in schemas() {
        for rule in schema.x_kubernetes_validations.iter().flatten() {
            let message = rule.message.as_deref().unwrap_or_default();
            assert!(message.len() > 20, "{path}: {:?} has no message worth reading", rule.rule);
            assert!(!message.contains('\n'), "{path}: an API server refuses a message of several lines");
        }
    }
}

#[test]
fn every_kind_shows_readiness_and_age() {
    for crd in cyclades_crds::all() {
        let columns =
            crd.spec.versions.iter().flat_map(|version| version.additional_printer_columns.iter().flatten());
        let names: Vec<_> = columns.map(|column| column.name.as_str()).collect();
        // An IPBlock is a record and asks for nothing.
        let is_ready_or_not = crd.spec.names.kind != "IPBlock";
        assert_eq!(names.contains(&"Ready"), is_ready_or_not, "{}: {names:?}", crd.spec.names.kind);
        assert_eq!(names.last(), Some(&"Age"), "{}", crd.spec.names.kind);
    }
}

#[test]
fn reasons_and_types_are_read_back_as_written() {
    for reason in Reason::ALL {
        assert_eq!(Reason::parse(reason.as_str()), Some(*reason));
        assert!(reason.doc().ends_with('.'), "{}: {:?} is no sentence", reason.as_str(), reason.doc());
    }
    for kind in ConditionType::ALL {
        assert_eq!(ConditionType::parse(kind.as_str()), Some(*kind));
    }
    assert_eq!(Reason::parse("NoSuchReason"), None);
}
