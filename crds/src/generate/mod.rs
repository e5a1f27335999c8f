//! Files that are made from the types: the chart's CustomResourceDefinitions and the reference in `docs/`.
//!
//! Nothing is written here: `cargo xtask gen` writes the files, and a test compares them with those in the tree.

mod chart;
mod conditions;
mod fields;
mod kind;

use std::path::PathBuf;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;

/// Why a file could not be made: a definition that YAML cannot express. The types of this crate never cause it.
#[derive(Debug)]
pub struct NotYaml(serde_yaml::Error);

impl std::fmt::Display for NotYaml {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a CustomResourceDefinition cannot be written as YAML: {}", self.0)
    }
}

impl std::error::Error for NotYaml {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl From<serde_json::Error> for NotYaml {
    fn from(error: serde_json::Error) -> Self {
        Self(serde::ser::Error::custom(error))
    }
}

/// Every generated file: its path from the root of the repository, and its whole text.
///
/// # Errors
/// [`NotYaml`], which the types of this crate never cause.
pub fn files() -> Result<Vec<(PathBuf, String)>, NotYaml> {
    let crds = crate::all();
    let mut files = Vec::new();
    for crd in &crds {
        let template = format!("charts/cyclades/templates/crds/{}.yaml", crd.spec.names.plural);
        files.push((template.into(), chart::template(crd)?));
        files.push((page(crd), kind::page(crd)));
    }
    files.push(("docs/reference/conditions.md".into(), conditions::page()));
    files.push(("docs/reference/README.md".into(), index(&crds)));
    Ok(files)
}

/// A CustomResourceDefinition as a YAML document, as `kubectl apply` takes it.
///
/// # Errors
/// [`NotYaml`], which the types of this crate never cause.
pub fn yaml(crd: &CustomResourceDefinition) -> Result<String, NotYaml> {
    let mut value = serde_json::to_value(crd)?;
    chart::whole_numbers(&mut value);
    serde_yaml::to_string(&value).map_err(NotYaml)
}

fn page(crd: &CustomResourceDefinition) -> PathBuf {
    format!("docs/reference/{}.md", crd.spec.names.kind.to_lowercase()).into()
}

fn index(crds: &[CustomResourceDefinition]) -> String {
    let mut out = String::from(GENERATED);
    out.push_str(
        "# Reference\n\nMade from the types in `crds/`. `kubectl explain` prints the same texts.\n\n",
    );
    out.push_str("| kind | scope | short names | what it declares |\n|---|---|---|---|\n");
    for crd in crds {
        let names = &crd.spec.names;
        out.push_str(&format!(
            "| [{kind}]({file}.md) | {scope} | {short} | {doc} |\n",
            kind = names.kind,
            file = names.kind.to_lowercase(),
            scope = crd.spec.scope,
            short = code_list(names.short_names.iter().flatten()),
            doc = cell(kind::description(crd)),
        ));
    }
    out.push_str("\n[Conditions and their reasons](conditions.md) are the same for all kinds.\n");
    out
}

/// First line of every generated page.
const GENERATED: &str = "<!-- Made by `cargo xtask gen` from crds/: change it there. -->\n\n";

/// A text as a cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace("\n\n", "<br>").replace('\n', " ")
}

fn code_list<'a>(words: impl Iterator<Item = &'a String>) -> String {
    words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
