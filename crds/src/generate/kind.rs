//! The reference page of a kind.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, CustomResourceDefinitionVersion, JSONSchemaProps,
};

use super::{GENERATED, cell, code_list, fields};

/// The page, in Markdown.
pub fn page(crd: &CustomResourceDefinition) -> String {
    let mut out = format!("{GENERATED}# {}\n\n{}\n\n", crd.spec.names.kind, description(crd));
    out.push_str(&names(crd));
    for version in &crd.spec.versions {
        let Some(root) = root(version) else { continue };
        for (part, schema) in root.properties.iter().flatten() {
            out.push_str(&table(part, schema));
        }
        out.push_str(&rules(root));
        out.push_str(&columns(version));
        out.push_str(&selectors(version));
    }
    out
}

/// The documentation of the kind itself.
pub fn description(crd: &CustomResourceDefinition) -> &str {
    let root = crd.spec.versions.first().and_then(root);
    root.and_then(|schema| schema.description.as_deref()).unwrap_or_default()
}

fn root(version: &CustomResourceDefinitionVersion) -> Option<&JSONSchemaProps> {
    version.schema.as_ref()?.open_api_v3_schema.as_ref()
}

fn names(crd: &CustomResourceDefinition) -> String {
    let names = &crd.spec.names;
    let versions: Vec<_> =
        crd.spec.versions.iter().map(|version| format!("{}/{}", crd.spec.group, version.name)).collect();
    format!(
        "| apiVersion | kind | scope | plural | short names | categories |\n|---|---|---|---|---|---|\n\
         | {} | `{}` | {} | `{}` | {} | {} |\n\n",
        code_list(versions.iter()),
        names.kind,
        crd.spec.scope,
        names.plural,
        code_list(names.short_names.iter().flatten()),
        code_list(names.categories.iter().flatten()),
    )
}

fn table(part: &str, schema: &JSONSchemaProps) -> String {
    let mut out = format!("## {part}\n\n{}\n\n", schema.description.as_deref().unwrap_or_default());
    out.push_str("| field | type | default | values | meaning |\n|---|---|---|---|---|\n");
    for field in fields::below(part, schema) {
        let default = match (&field.default, field.required) {
            (Some(default), _) => format!("`{default}`"),
            (None, true) => "**required**".into(),
            (None, false) => String::new(),
        };
        out.push_str(&format!(
            "| `{}` | {} | {} | {} | {} |\n",
            field.path,
            field.kind,
            cell(&default),
            cell(&field.bounds),
            cell(&field.description)
        ));
    }
    out.push('\n');
    out
}

fn rules(root: &JSONSchemaProps) -> String {
    let rules = fields::rules("", root);
    if rules.is_empty() {
        return String::new();
    }
    let mut out = String::from("## Rules\n\nThe API server refuses an object that breaks one of these.\n\n");
    out.push_str("| on | what it says when it is broken | rule (CEL) |\n|---|---|---|\n");
    for placed in rules {
        let place = if placed.path.is_empty() { "the object".into() } else { format!("`{}`", placed.path) };
        let message = placed.rule.message.unwrap_or_default();
        out.push_str(&format!("| {place} | {} | `{}` |\n", cell(&message), cell(&placed.rule.rule)));
    }
    out.push('\n');
    out
}

fn columns(version: &CustomResourceDefinitionVersion) -> String {
    let mut out =
        String::from("## Columns of `kubectl get`\n\n| column | shown | what it says |\n|---|---|---|\n");
    for column in version.additional_printer_columns.iter().flatten() {
        let shown = if column.priority.unwrap_or(0) == 0 { "always" } else { "`-o wide`" };
        let meaning = column.description.as_deref().unwrap_or_default();
        out.push_str(&format!("| {} | {shown} | {} |\n", column.name, cell(meaning)));
    }
    out.push('\n');
    out
}

fn selectors(version: &CustomResourceDefinitionVersion) -> String {
    let paths: Vec<_> = version.selectable_fields.iter().flatten().map(|field| &field.json_path).collect();
    if paths.is_empty() {
        return String::new();
    }
    let paths: Vec<_> = paths.into_iter().map(|path| path.trim_start_matches('.').to_owned()).collect();
    format!("## Field selectors\n\n`kubectl get --field-selector` takes {}.\n", code_list(paths.iter()))
}
