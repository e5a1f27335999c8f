//! The objects that machines refer to.

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::ganeti::Ganeti;
use crate::stage::SYSTEM;

/// The objects that machines refer to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Catalog {
    /// Seconds between readings of jobs, configuration, statuses and the cluster.
    pub polling: [u32; 4],
    /// Incarnation whose claims are to be taken over.
    pub take_over_from: Option<String>,
}

impl Catalog {
    /// All of them, in the order in which they are applied.
    pub fn objects(&self, ganetis: &[Ganeti]) -> Vec<Value> {
        let mut objects = vec![Self::namespace()];
        for ganeti in ganetis {
            objects.push(secret(ganeti, None));
        }
        objects.push(cyclades("VolumeType", "none", json!({"diskTemplate": "Diskless"})));
        objects.push(cyclades("VolumeType", "file", json!({"diskTemplate": "File"})));
        objects.push(flavor("tiny", json!({"vcpus": 1, "memory": "128Mi"})));
        objects.push(flavor("small", json!({"vcpus": 2, "memory": "256Mi"})));
        let disk = json!({"vcpus": 1, "memory": "128Mi", "disk": "1Gi", "volumeTypeRef": {"name": "file"}});
        objects.push(flavor("disk", disk));
        objects.push(cyclades("Image", "other", json!({"source": {"ganetiOS": {"name": "other"}}})));
        let image = json!({"osFamily": "linux", "source": {"ganetiOS": {"name": "noop"}}});
        objects.push(cyclades("Image", "noop", image));
        objects.extend(ganetis.iter().map(|ganeti| self.backend(ganeti)));
        objects
    }

    /// The operator's own.
    pub fn namespace() -> Value {
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}})
    }

    fn backend(&self, ganeti: &Ganeti) -> Value {
        let [jobs, configuration, status, cluster] = self.polling;
        let mut spec = json!({
            "endpoints": [ganeti.endpoint()], "credentialsSecretRef": {"name": ganeti.backend()},
            "tls": {"pins": [ganeti.pin()]}, "macFilteredBridge": "br0",
            "polling": {
                "jobsSeconds": jobs, "configurationSeconds": configuration,
                "statusSeconds": status, "clusterSeconds": cluster,
            },
        });
        if let Some(former) = &self.take_over_from {
            spec["takeOverFrom"] = former.as_str().into();
        }
        cyclades("GanetiBackend", &ganeti.backend(), spec)
    }
}

/// The Secret with a cluster's credentials; with another password, where one is given.
pub(crate) fn secret(ganeti: &Ganeti, password: Option<&str>) -> Value {
    let (username, right) = ganeti.credentials();
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/basic-auth",
        "metadata": {"name": ganeti.backend(), "namespace": SYSTEM},
        "stringData": {"username": username, "password": password.unwrap_or(right.expose_secret())},
    })
}

/// A flavor without disks, unless the fields say otherwise.
pub(crate) fn flavor(name: &str, mut spec: Value) -> Value {
    if spec["volumeTypeRef"].is_null() {
        spec["volumeTypeRef"] = json!({"name": "none"});
    }
    cyclades("Flavor", name, spec)
}

/// A network with its addresses, and what it gets the prefix of its MACs from.
pub(crate) fn network(name: &str, mut subnet: Value) -> [Value; 3] {
    subnet["networkRef"] = json!({ "name": name });
    let pool = json!({"macPrefixes": {"first": "aa:00:0", "count": 4}});
    [
        cyclades("LinkPool", "private", pool),
        cyclades("Network", name, json!({})),
        cyclades("Subnet", name, subnet),
    ]
}

/// An object of ours.
pub(crate) fn cyclades(kind: &str, name: &str, spec: Value) -> Value {
    let mut object = json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec,
    });
    if matches!(kind, "VirtualMachine" | "Image" | "Network" | "Subnet") {
        object["metadata"]["namespace"] = crate::kubernetes::NAMESPACE.into();
    }
    object
}
