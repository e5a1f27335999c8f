//! What is applied: the catalog, machines, and what an operator writes into them.

use std::fmt::Write as _;

use cyclades_crds::names::{GROUP, VERSION};
use serde_json::{Value, json};

use crate::sizes::USER_DATA_BYTES;

/// Name of the GanetiBackend.
pub(crate) const BACKEND: &str = "ganeti-1";
/// First part of the names of instances.
pub(crate) const PREFIX: &str = "cyclades-";
/// OS definition of the image, with a parameter for user data.
pub(crate) const OS: &str = "noop";
pub(crate) const USER_DATA_PARAMETER: &str = "user_data";
/// Shape of the flavor.
pub(crate) const MEMORY_MIB: u64 = 128;
pub(crate) const VCPUS: u32 = 1;

fn object(kind: &str, metadata: Value, spec: Value) -> Value {
    let mut object = json!({ "apiVersion": format!("{GROUP}/{VERSION}"), "kind": kind });
    object["metadata"] = metadata;
    object["spec"] = spec;
    object
}

/// VolumeType, Flavor and Image that all machines refer to, with their plurals.
pub(crate) fn catalog() -> [(&'static str, Value); 3] {
    [
        ("volumetypes", object("VolumeType", json!({"name": "none"}), json!({"diskTemplate": "Diskless"}))),
        (
            "flavors",
            object(
                "Flavor",
                json!({"name": "tiny"}),
                json!({"vcpus": VCPUS, "memory": format!("{MEMORY_MIB}Mi"), "volumeTypeRef": {"name": "none"}}),
            ),
        ),
        (
            "images",
            object(
                "Image",
                json!({"name": "noop"}),
                json!({"osFamily": "linux", "source": {"ganetiOS": {"name": OS, "userDataParameter": USER_DATA_PARAMETER}}}),
            ),
        ),
    ]
}

/// A machine as a user applies it.
pub(crate) fn machine(name: &str) -> Value {
    object(
        "VirtualMachine",
        json!({"name": name}),
        json!({"flavorRef": {"name": "tiny"}, "imageRef": {"name": "noop"}}),
    )
}

/// The same with user data, different in each.
pub(crate) fn machine_with_user_data(name: &str) -> Value {
    let mut data = format!("#cloud-config\nhostname: {name}\n");
    let mut line = 0;
    while data.len() < USER_DATA_BYTES {
        // Writing to a String cannot fail.
        let _ = writeln!(data, "# line {line} of what a guest is told at its first boot");
        line += 1;
    }
    data.truncate(USER_DATA_BYTES);
    let mut machine = machine(name);
    machine["spec"]["userData"] = data.into();
    machine
}

/// What an operator writes before its first job: as many bytes as finalizer and backend, without holding the deletion.
pub(crate) fn placement() -> Value {
    json!({ "metadata": {"annotations": {"cyclades.io/instance": ""}}, "spec": {"backendName": BACKEND} })
}

/// What an operator writes when all is done.
pub(crate) fn status(uid: &str) -> Value {
    let condition = |kind: &str, status: &str, reason: &str, message: &str| {
        json!({
            "type": kind, "status": status, "reason": reason, "message": message,
            "observedGeneration": 2, "lastTransitionTime": "2026-01-01T00:00:00Z",
        })
    };
    json!({ "status": {
        "observedGeneration": 2,
        "id": uid,
        "instanceName": format!("{PREFIX}{uid}"),
        "instanceUUID": uid,
        "node": "node1.sim.example.com",
        "powerState": "Running",
        "appliedPowerState": "Running",
        "shape": {"vcpus": VCPUS, "memoryMiB": MEMORY_MIB, "diskMiB": 0, "diskTemplate": "diskless"},
        "conditions": [
            condition("Ready", "True", "Ready", "The machine runs as declared."),
            condition("Reconciling", "False", "Ready", "The machine runs as declared."),
            condition("Stalled", "False", "Ready", "The machine runs as declared."),
            condition("Placed", "True", "BackendChosen", "On ganeti-1."),
            condition("InSync", "True", "InSync", "Ganeti has what the spec says."),
        ],
    }})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_data_has_its_size() {
        let machine = machine_with_user_data("vm-1");
        assert_eq!(machine["spec"]["userData"].as_str().map(str::len), Some(USER_DATA_BYTES));
    }
}
