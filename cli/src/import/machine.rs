//! The manifest of a machine for an instance that is there.

use cyclades_domain::naming::user_word;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::inventory::Found;

/// What a machine is to be called, and what it refers to.
#[derive(Clone, Debug)]
pub(super) struct Place<'a> {
    /// Backend that the instance is on.
    pub(super) backend: &'a str,
    /// Namespace of the machine.
    pub(super) namespace: &'a str,
    /// Its name.
    pub(super) name: &'a str,
    /// Its flavor.
    pub(super) flavor: &'a str,
    /// Reference to its image.
    pub(super) image: Value,
}

/// A machine that looks at an instance which nobody declared: nothing is changed before its owner says so.
pub(super) fn looked_at(found: &Found, place: Place<'_>) -> Value {
    let mut more = Map::new();
    more.insert("adopt".to_owned(), json!(found.name));
    more.insert("managementPolicy".to_owned(), json!("Observe"));
    // Its id in Ganeti is as good as any, and the same in each import.
    if Uuid::try_parse(&found.uuid).is_ok() {
        more.insert("id".to_owned(), json!(found.uuid.to_ascii_lowercase()));
    }
    if place.name != found.name {
        more.insert("displayName".to_owned(), json!(found.name));
    }
    manifest(found, place, more)
}

/// A machine whose instance is ours already, by its tags: it goes on being that machine.
pub(super) fn orphan(found: &Found, id: Uuid, place: Place<'_>) -> Value {
    let mut more = Map::new();
    more.insert("id".to_owned(), json!(id.hyphenated().to_string()));
    let words: Vec<String> = found.user_tags.iter().filter_map(|tag| user_word(tag)).collect();
    if !words.is_empty() {
        more.insert("tags".to_owned(), json!(words));
    }
    manifest(found, place, more)
}

fn manifest(found: &Found, place: Place<'_>, more: Map<String, Value>) -> Value {
    let Place { backend, namespace, name, flavor, image } = place;
    let mut spec = more;
    spec.insert("backendName".to_owned(), json!(backend));
    spec.insert("flavorRef".to_owned(), json!({"name": flavor}));
    spec.insert("imageRef".to_owned(), image);
    // What it does now is what it is to do once it is managed.
    spec.insert("powerState".to_owned(), json!(if found.runs { "Running" } else { "Stopped" }));
    json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "VirtualMachine",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    })
}

/// What of an instance its manifest does not speak of.
pub(super) fn remarks(found: &Found) -> Vec<String> {
    let mut remarks = Vec::new();
    let name = &found.name;
    if found.disks_mib.len() > 1 {
        let disks = found.disks_mib.len();
        remarks.push(format!(
            "instance {name} has {disks} disks: the manifest speaks of the first, the others stay as they are"
        ));
    }
    if found.nics > 0 {
        let nics = found.nics;
        remarks.push(format!(
            "instance {name} has {nics} network interfaces: the manifest does not speak of them, and they stay as they are"
        ));
    }
    remarks
}
