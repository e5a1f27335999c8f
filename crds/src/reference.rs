//! References from one object to another.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// Names a cluster-scoped object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterRef {
    /// Name of the object.
    #[schemars(schema_with = "crate::text::name")]
    pub name: String,
}

/// Names an object in the same namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct LocalRef {
    /// Name of the object.
    #[schemars(schema_with = "crate::text::name")]
    pub name: String,
}

/// Names an Image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImageRef {
    /// Name of the Image.
    #[schemars(schema_with = "crate::text::name")]
    pub name: String,
    /// Namespace of the Image; the machine's own where absent. Another namespace works only where the
    /// Image there says `visibility: Public`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::text::namespace")]
    pub namespace: Option<String>,
}

/// Names a Secret in the namespace the operator runs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretRef {
    /// Name of the Secret, which must be of type `kubernetes.io/basic-auth` (keys `username`, `password`).
    #[schemars(schema_with = "crate::text::long_name")]
    pub name: String,
}
