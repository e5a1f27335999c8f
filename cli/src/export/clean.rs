//! What of an object belongs into Git.

use cyclades_crds::names;
use serde_json::{Map, Value, json};

/// What becomes of `spec.backendName`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placement {
    /// It is written.
    Kept,
    /// It is left out.
    LeftOut,
}

/// Fields of the metadata that a person writes. The API server's own (uid, resourceVersion, managedFields …) are left
/// out, and owners too: they are named by their uids, which nothing that is made anew has, and an object whose owner is
/// not there is collected as garbage.
const KEPT: [&str; 4] = ["annotations", "labels", "name", "namespace"];

/// Annotations that tools keep their own books in.
const BOOKKEEPING: [&str; 1] = ["kubectl.kubernetes.io/last-applied-configuration"];

/// A machine: its id is filled in, so that it is the same machine when it is made anew.
pub(super) fn machine(object: &Value, placement: Placement) -> Value {
    let mut clean = plain(object);
    let id = [&object["spec"]["id"], &object["status"]["id"], &object["metadata"]["uid"]];
    if let Some(id) = id.into_iter().find(|id| id.is_string()) {
        clean["spec"]["id"] = id.clone();
    }
    let Some(spec) = clean["spec"].as_object_mut() else { return clean };
    if is_taken_over(object) {
        spec.remove("adopt");
    }
    if placement == Placement::LeftOut && can_go_without_placement(object) {
        spec.remove("backendName");
    }
    clean
}

/// Whether `spec.adopt` has done its work: the instance carries the machine's id, by which it is found. To name it again
/// would ask for a right, and would keep a machine that is made anew waiting for that very instance.
fn is_taken_over(object: &Value) -> bool {
    let status = &object["status"];
    !is_observed(object) && status["instanceUUID"].is_string() && status["appliedPowerState"].is_string()
}

fn is_observed(object: &Value) -> bool {
    object["spec"]["managementPolicy"] == "Observe"
}

/// Whether a manifest without `spec.backendName` would be taken: what is looked at, or to be taken over, is somewhere.
pub(super) fn can_go_without_placement(object: &Value) -> bool {
    !is_observed(object) && (object["spec"]["adopt"].is_null() || is_taken_over(object))
}

/// Any object: what a person wrote.
pub(super) fn plain(object: &Value) -> Value {
    json!({
        "apiVersion": object["apiVersion"],
        "kind": object["kind"],
        "metadata": metadata(&object["metadata"]),
        "spec": object["spec"],
    })
}

fn metadata(all: &Value) -> Value {
    let mut kept = Map::new();
    for field in KEPT {
        let Some(value) = all.get(field).filter(|value| !value.is_null()) else { continue };
        let mut value = value.clone();
        if field == "annotations"
            && let Some(annotations) = value.as_object_mut()
        {
            annotations.retain(|key, _| !BOOKKEEPING.contains(&key.as_str()));
        }
        if value.as_object().is_none_or(|map| !map.is_empty()) {
            kept.insert(field.to_owned(), value);
        }
    }
    if let Some(finalizers) = finalizers(&all["finalizers"]) {
        kept.insert("finalizers".to_owned(), finalizers);
    }
    Value::Object(kept)
}

/// Finalizers of others. Ours is put there by the operator, and would hold an object that it does not work on.
fn finalizers(all: &Value) -> Option<Value> {
    let ours =
        |value: &&Value| value.as_str().is_none_or(|text| !text.starts_with(&format!("{}/", names::GROUP)));
    let kept: Vec<Value> = all.as_array()?.iter().filter(ours).cloned().collect();
    (!kept.is_empty()).then_some(Value::Array(kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> Value {
        json!({
            "apiVersion": "cyclades.io/v1alpha1",
            "kind": "VirtualMachine",
            "metadata": {
                "name": "web", "namespace": "shop", "uid": "u-1", "resourceVersion": "7", "generation": 3,
                "creationTimestamp": "2026-01-01T00:00:00Z", "generateName": "we",
                "labels": {"tier": "web"},
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "note": "keep"},
                "finalizers": ["cyclades.io/instance", "example.com/mine"],
                "ownerReferences": [{"uid": "o"}],
                "managedFields": [{"manager": "kubectl"}],
            },
            "spec": {"flavorRef": {"name": "small"}, "imageRef": {"name": "guest"}, "backendName": "a", "later": [1]},
            "status": {"id": "s-1", "instanceUUID": "i"},
        })
    }

    #[test]
    fn what_a_person_wrote_is_kept_with_id_and_placement() {
        let wanted = json!({
            "apiVersion": "cyclades.io/v1alpha1",
            "kind": "VirtualMachine",
            "metadata": {
                "name": "web", "namespace": "shop", "labels": {"tier": "web"}, "annotations": {"note": "keep"},
                "finalizers": ["example.com/mine"],
            },
            "spec": {
                "flavorRef": {"name": "small"}, "imageRef": {"name": "guest"}, "backendName": "a", "later": [1],
                "id": "s-1",
            },
        });
        assert_eq!(machine(&stored(), Placement::Kept), wanted);
    }

    #[test]
    fn the_id_is_the_specs_then_the_statuss_then_the_uid() {
        let mut object = stored();
        object["spec"]["id"] = json!("own");
        assert_eq!(machine(&object, Placement::Kept)["spec"]["id"], "own");
        let mut object = stored();
        object["status"] = Value::Null;
        assert_eq!(machine(&object, Placement::Kept)["spec"]["id"], "u-1");
    }

    #[test]
    fn placement_can_be_left_out() {
        let clean = machine(&stored(), Placement::LeftOut);
        assert!(clean["spec"].get("backendName").is_none(), "{clean}");
        assert_eq!(clean["spec"]["later"], json!([1]));
    }

    #[test]
    fn what_is_taken_over_is_found_by_its_id_from_then_on() {
        let mut object = stored();
        object["spec"]["adopt"] = json!("old.example.com");
        assert_eq!(
            machine(&object, Placement::LeftOut)["spec"]["adopt"],
            "old.example.com",
            "it is still to be done"
        );
        assert_eq!(machine(&object, Placement::LeftOut)["spec"]["backendName"], "a");
        object["status"]["appliedPowerState"] = json!("Running");
        let clean = machine(&object, Placement::LeftOut)["spec"].clone();
        assert!(clean.get("adopt").is_none() && clean.get("backendName").is_none(), "{clean}");
        object["spec"]["managementPolicy"] = json!("Observe");
        let clean = machine(&object, Placement::LeftOut)["spec"].clone();
        assert!(clean.get("adopt").is_some() && clean.get("backendName").is_some(), "{clean}");
    }

    #[test]
    fn metadata_that_is_empty_in_the_end_is_left_out() {
        let mut object = stored();
        object["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/last-applied-configuration": "{}"});
        object["metadata"]["finalizers"] = json!(["cyclades.io/instance"]);
        let metadata = machine(&object, Placement::Kept)["metadata"].clone();
        assert_eq!(metadata, json!({"name": "web", "namespace": "shop", "labels": {"tier": "web"}}));
    }

    #[test]
    fn other_kinds_get_no_id_since_theirs_cannot_be_added() {
        let flavor = json!({
            "apiVersion": "cyclades.io/v1alpha1", "kind": "Flavor", "metadata": {"name": "small", "uid": "u"},
            "spec": {"vcpus": 1}, "status": {"conditions": []},
        });
        let wanted = json!({
            "apiVersion": "cyclades.io/v1alpha1", "kind": "Flavor", "metadata": {"name": "small"}, "spec": {"vcpus": 1},
        });
        assert_eq!(plain(&flavor), wanted);
    }
}
