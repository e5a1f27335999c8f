//! An object, as it is named to people.

use std::fmt;

use serde::Serialize;

/// An object, as it is named to people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Subject {
    /// Its kind.
    pub(crate) kind: &'static str,
    /// Its namespace, where it is named: not for cluster-scoped kinds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) namespace: Option<String>,
    /// Its name.
    pub(crate) name: String,
}

impl Subject {
    /// An object of a cluster-scoped kind.
    pub(crate) fn global(kind: &'static str, name: &str) -> Self {
        Self { kind, namespace: None, name: name.to_owned() }
    }

    /// An object of a namespace.
    pub(crate) fn local(kind: &'static str, namespace: &str, name: &str) -> Self {
        Self { kind, namespace: Some(namespace.to_owned()), name: name.to_owned() }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)?;
        match &self.namespace {
            Some(namespace) => write!(f, " in namespace {namespace}"),
            None => Ok(()),
        }
    }
}
