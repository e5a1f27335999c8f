//! Which kinds of objects there are.

use std::sync::Arc;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::Value;

/// The kinds that a server knows: those that every cluster has, and those of definitions. Cloning shares them, which are a
/// while in the making.
#[derive(Debug, Clone)]
pub struct Kinds(pub(crate) Arc<Vec<Kind>>);

impl Kinds {
    /// Those that every cluster has, and those of the definitions.
    #[must_use]
    pub fn with(definitions: &[CustomResourceDefinition]) -> Self {
        let mut kinds = Kind::built_in();
        kinds.extend(definitions.iter().filter_map(Kind::defined));
        Self(Arc::new(kinds))
    }
}

impl Default for Kinds {
    fn default() -> Self {
        Self::with(&[])
    }
}

/// A kind of objects.
#[derive(Debug, Clone)]
pub(crate) struct Kind {
    /// API group; empty for the core one.
    pub group: String,
    pub version: String,
    pub plural: String,
    /// Name of the kind.
    pub name: String,
    pub namespaced: bool,
    /// Whether the status has an endpoint of its own, and the spec a generation.
    pub has_status: bool,
    /// Schema of a custom resource; its defaults are filled in.
    pub schema: Option<Value>,
}

impl Kind {
    fn core(group: &str, version: &str, plural: &str, name: &str, namespaced: bool) -> Self {
        let [group, version, plural, name] = [group, version, plural, name].map(str::to_owned);
        Self { group, version, plural, name, namespaced, has_status: false, schema: None }
    }

    /// Kinds that every cluster has and that an operator uses.
    pub fn built_in() -> Vec<Self> {
        vec![
            Self::core("", "v1", "namespaces", "Namespace", false),
            Self::core("", "v1", "secrets", "Secret", true),
            Self::core("coordination.k8s.io", "v1", "leases", "Lease", true),
            Self::core("events.k8s.io", "v1", "events", "Event", true),
        ]
    }

    /// The kind that a definition defines, in its stored version.
    pub fn defined(crd: &CustomResourceDefinition) -> Option<Self> {
        let version = crd.spec.versions.iter().find(|version| version.storage)?;
        let schema = version.schema.as_ref().and_then(|schema| schema.open_api_v3_schema.as_ref());
        Some(Self {
            group: crd.spec.group.clone(),
            version: version.name.clone(),
            plural: crd.spec.names.plural.clone(),
            name: crd.spec.names.kind.clone(),
            namespaced: crd.spec.scope == "Namespaced",
            has_status: version.subresources.as_ref().is_some_and(|it| it.status.is_some()),
            schema: schema.and_then(|schema| serde_json::to_value(schema).ok()),
        })
    }

    /// `v1`, or `group/v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }
}
