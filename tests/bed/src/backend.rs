//! A Ganeti cluster as the operator gets to know it: a GanetiBackend and the Secret with its credentials.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::Options;
use crate::options::NAMESPACE;

/// What one needs to know of a cluster to declare it.
#[derive(Debug, Clone)]
pub struct Access {
    /// RAPI's URL.
    pub endpoint: String,
    /// SHA-256 of RAPI's certificate, hexadecimal.
    pub pin: String,
    /// RAPI user who may write.
    pub username: String,
    /// Its password.
    pub password: SecretString,
    /// Hypervisor of new instances.
    pub hypervisor: String,
}

/// Name of the GanetiBackend of cluster `number` and of its Secret, counted from 1.
#[must_use]
pub fn backend_name(number: usize) -> String {
    format!("ganeti-{number}")
}

/// Secret and GanetiBackend as one List in JSON. It holds a password: hand it over by standard input.
pub(crate) fn manifest(number: usize, access: &Access, options: &Options) -> SecretString {
    let name = backend_name(number);
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "type": "kubernetes.io/basic-auth",
        "stringData": {"username": access.username, "password": access.password.expose_secret()},
    });
    let backend = json!({
        "apiVersion": "cyclades.io/v1alpha1",
        "kind": "GanetiBackend",
        "metadata": {"name": name},
        "spec": spec(&name, access, options),
    });
    json!({"apiVersion": "v1", "kind": "List", "items": [secret, backend]}).to_string().into()
}

fn spec(secret: &str, access: &Access, options: &Options) -> Value {
    let mut spec = json!({
        "endpoints": [access.endpoint],
        "credentialsSecretRef": {"name": secret},
        "macFilteredBridge": "br0",
        "tls": {"pins": [access.pin]},
        "hypervisor": access.hypervisor,
        "limits": {"vcpusPerCpu": options.vcpus_per_cpu},
    });
    if let Some(polling) = options.polling {
        spec["polling"] = json!({
            "jobsSeconds": polling.jobs,
            "configurationSeconds": polling.configuration,
            "statusSeconds": polling.status,
            "clusterSeconds": polling.cluster,
        });
    }
    spec
}
