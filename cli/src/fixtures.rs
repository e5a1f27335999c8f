//! Objects that tests speak of.

use cyclades_crds::{Flavor, GanetiBackend, Image, VirtualMachine, VolumeType};
use serde_json::{Value, json};

use crate::look::Look;
use crate::scene::Scene;

/// When everything last changed.
pub(crate) const TIME: &str = "2026-01-01T00:00:00Z";

/// A condition of generation 2.
pub(crate) fn condition(kind: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({
        "type": kind, "status": status, "reason": reason, "message": message,
        "lastTransitionTime": TIME, "observedGeneration": 2,
    })
}

/// A machine whose `Ready` is this; `more` is laid over its spec.
pub(crate) fn machine(name: &str, ready: Option<(&str, &str)>, more: Value) -> VirtualMachine {
    let mut spec = json!({"flavorRef": {"name": "small"}, "imageRef": {"name": "guest"}});
    if let (Value::Object(spec), Value::Object(more)) = (&mut spec, more) {
        spec.extend(more);
    }
    let conditions: Vec<Value> = ready
        .into_iter()
        .map(|(status, reason)| condition("Ready", status, reason, &format!("{reason}, it says.")))
        .collect();
    serde_json::from_value(json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "VirtualMachine",
        "metadata": {"name": name, "namespace": "shop", "generation": 2, "uid": "u"},
        "spec": spec,
        "status": {"conditions": conditions, "instanceUUID": ready.filter(|it| it.0 == "True").map(|_| "i")},
    }))
    .unwrap()
}

/// A backend whose `Ready` is this; `more` is laid over its spec.
pub(crate) fn backend(name: &str, status: &str, reason: &str, more: Value) -> GanetiBackend {
    let mut object = json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "GanetiBackend", "metadata": {"name": name},
        "spec": {
            "endpoints": ["https://127.0.0.1:5080"], "credentialsSecretRef": {"name": "secret-of-a"},
            "tls": {"pins": ["00"]},
        },
        "status": {"conditions": [
            condition("Ready", status, reason, "The backend's words."),
            condition("Reachable", "True", "RapiAnswers", "It answers."),
        ]},
    });
    if let Value::Object(more) = more {
        for (key, value) in more {
            object["spec"][key] = value;
        }
    }
    serde_json::from_value(object).unwrap()
}

/// A scene in which nothing is missing.
pub(crate) fn scene() -> Scene {
    let flavor: Flavor = serde_json::from_value(json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "Flavor", "metadata": {"name": "small"},
        "spec": {"vcpus": 1, "memory": "1Gi", "volumeTypeRef": {"name": "file"}},
    }))
    .unwrap();
    let volume_type: VolumeType = serde_json::from_value(json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "VolumeType", "metadata": {"name": "file"},
        "spec": {"diskTemplate": "File"},
    }))
    .unwrap();
    let image: Image = serde_json::from_value(json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "Image", "metadata": {"name": "guest", "namespace": "shop"},
        "spec": {"source": {"ganetiOS": {"name": "noop"}}},
    }))
    .unwrap();
    Scene {
        flavors: [("small".to_owned(), Look::Found(flavor))].into(),
        volume_types: [("file".to_owned(), Look::Found(volume_type))].into(),
        images: [(("shop".to_owned(), "guest".to_owned()), Look::Found(image))].into(),
        backends: [("a".to_owned(), Look::Found(backend("a", "True", "Ready", json!({}))))].into(),
        paused_namespaces: std::collections::BTreeSet::new(),
        operator_namespace: "cyclades-system".to_owned(),
    }
}
