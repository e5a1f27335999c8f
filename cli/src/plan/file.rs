//! Manifests, and what the API server would make of them.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use cyclades_crds::{Flavor, Image, VirtualMachine, VolumeType};
use kube::{
    Api, ResourceExt as _,
    api::{DynamicObject, Patch, PatchParams, PostParams},
    core::ApiResource,
};
use serde::Deserialize as _;
use serde_json::Value;

use super::merge::{differences, patch};
use super::text::Occasion;
use crate::cluster::Cluster;
use crate::look::{Look, look, said};
use crate::scene::Scene;
use crate::subject::Subject;

/// Longest file that is read, in bytes: an API server takes objects of 3 MiB at most, and a file holds many.
const BYTES_MAX: u64 = 64 << 20;
/// Annotation in which kubectl keeps what was applied last.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The manifests of a file.
#[derive(Debug, Default)]
pub(crate) struct Manifests {
    /// Its machines.
    pub(crate) machines: Vec<Value>,
    flavors: Vec<Flavor>,
    volume_types: Vec<VolumeType>,
    images: Vec<Image>,
    /// What is in it and was not looked at.
    pub(crate) notes: Vec<String>,
}

/// Reads a file, or standard input.
///
/// # Errors
/// Where it cannot be read, is no YAML, or holds no machine.
pub(crate) fn read(path: &Path) -> Result<Manifests> {
    let mut text = String::new();
    let what = path.display();
    // Nothing else is under way that a file, or a person who types, could hold up.
    if path == Path::new("-") {
        std::io::stdin().lock().take(BYTES_MAX).read_to_string(&mut text).context("read standard input")?;
    } else {
        let file = std::fs::File::open(path).with_context(|| format!("open {what}"))?;
        file.take(BYTES_MAX).read_to_string(&mut text).with_context(|| format!("read {what}"))?;
    }
    let manifests = parse(&text).with_context(|| format!("read {what}"))?;
    ensure!(!manifests.machines.is_empty(), "{what} holds no VirtualMachine to plan for");
    Ok(manifests)
}

fn parse(text: &str) -> Result<Manifests> {
    let mut found = Manifests::default();
    for document in serde_yaml::Deserializer::from_str(text) {
        let value = Value::deserialize(document).context("this is no YAML")?;
        match value["items"]
            .as_array()
            .filter(|_| value["kind"].as_str().is_some_and(|it| it.ends_with("List")))
        {
            Some(items) => items.iter().try_for_each(|item| found.add(item))?,
            None => found.add(&value)?,
        }
    }
    Ok(found)
}

impl Manifests {
    fn add(&mut self, value: &Value) -> Result<()> {
        let kind = value["kind"].as_str().unwrap_or_default();
        let name = value["metadata"]["name"].as_str().unwrap_or_default();
        match kind {
            _ if value.is_null() => {}
            "VirtualMachine" => self.machines.push(value.clone()),
            "Flavor" => self.flavors.push(read_as(value)?),
            "VolumeType" => self.volume_types.push(read_as(value)?),
            "Image" => self.images.push(read_as(value)?),
            "" => bail!("a document names no kind"),
            _ => self.notes.push(format!("{kind} {name} is not looked at")),
        }
        Ok(())
    }

    /// Puts the file's flavors, volume types and images into a scene, as if they had been applied.
    pub(crate) fn lay_over(&self, scene: &mut Scene) {
        for flavor in &self.flavors {
            scene.flavors.insert(flavor.name_any(), Look::Found(flavor.clone()));
        }
        for volume_type in &self.volume_types {
            scene.volume_types.insert(volume_type.name_any(), Look::Found(volume_type.clone()));
        }
        for image in &self.images {
            let namespace = image.namespace().unwrap_or_else(|| "default".to_owned());
            scene.images.insert((namespace, image.name_any()), Look::Found(image.clone()));
        }
    }
}

fn read_as<K: serde::de::DeserializeOwned>(value: &Value) -> Result<K> {
    let what = || format!("{} {}", value["kind"], value["metadata"]["name"]).replace('"', "");
    serde_json::from_value(value.clone()).with_context(what)
}

/// What the API server would make of a manifest.
#[derive(Debug)]
pub(crate) enum Tried {
    /// It would take it.
    Taken {
        /// The object as it would be.
        machine: Box<VirtualMachine>,
        /// Whether it is new, or what changes.
        occasion: Occasion,
    },
    /// It would refuse it.
    Refused {
        /// The object.
        subject: Subject,
        /// Its words.
        words: String,
    },
}

/// Asks the API server what it would make of a manifest, as `kubectl apply --dry-run=server` does; nothing is stored.
///
/// # Errors
/// Where the API server does not answer.
pub(crate) async fn tried(cluster: &Cluster, manifest: &Value) -> Result<Tried> {
    let name = manifest["metadata"]["name"].as_str().context("a VirtualMachine has no metadata.name")?;
    let namespace = manifest["metadata"]["namespace"].as_str().unwrap_or(&cluster.namespace);
    let kind = ApiResource::erase::<VirtualMachine>(&());
    let api: Api<DynamicObject> = Api::namespaced_with(cluster.client.clone(), namespace, &kind);
    let (live, answer) = match look(&api, name).await? {
        Look::Hidden => bail!("you may not get virtualmachines in namespace {namespace}"),
        Look::Absent => {
            let object: DynamicObject = serde_json::from_value(manifest.clone())?;
            let dry = PostParams { dry_run: true, ..PostParams::default() };
            (None, api.create(&dry, &object).await)
        }
        Look::Found(live) => {
            let last = live.annotations().get(LAST_APPLIED);
            let last = last.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
            let dry = PatchParams { dry_run: true, ..PatchParams::default() };
            let patch = Patch::Merge(changed(&last, manifest));
            let answer = api.patch(name, &dry, &patch).await;
            (Some(live), answer)
        }
    };
    let object = match answer {
        Ok(object) => object,
        Err(kube::Error::Api(status)) => {
            let subject = Subject::local("VirtualMachine", namespace, name);
            return Ok(Tried::Refused { subject, words: status.message });
        }
        Err(error) => return Err(said(error)),
    };
    let occasion = match live {
        None => Occasion::New { has_id: manifest["spec"]["id"].is_string() },
        Some(live) => Occasion::Changed(differences("spec", &live.data["spec"], &object.data["spec"])),
    };
    let machine = serde_json::from_value(serde_json::to_value(object)?)?;
    Ok(Tried::Taken { machine: Box::new(machine), occasion })
}

/// The patch, without what only the API server and the operator write: a manifest may be what `kubectl get` printed.
fn changed(last_applied: &Value, manifest: &Value) -> Value {
    let mut patch = patch(last_applied, manifest);
    if let Some(fields) = patch.as_object_mut() {
        fields.remove("status");
    }
    if let Some(metadata) = patch["metadata"].as_object_mut() {
        metadata.retain(|name, value| ["labels", "annotations"].contains(&name.as_str()) && !value.is_null());
    }
    patch
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_file_is_read_by_kinds() {
        let text = "apiVersion: cyclades.io/v1alpha1\nkind: VirtualMachine\nmetadata: {name: web}\nspec: {}\n---\n---\n\
                    apiVersion: v1\nkind: List\nitems:\n- {apiVersion: cyclades.io/v1alpha1, kind: VolumeType, \
                    metadata: {name: file}, spec: {diskTemplate: File}}\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}\n";
        let found = parse(text).unwrap();
        assert_eq!((found.machines.len(), found.volume_types.len()), (1, 1));
        assert_eq!(found.notes, ["ConfigMap c is not looked at"]);
        assert!(parse("a: [").is_err());
        assert!(parse("a: 1").unwrap_err().to_string().contains("no kind"));
    }

    #[test]
    fn what_kubectl_get_printed_can_be_planned_for() {
        let manifest = json!({
            "metadata": {"name": "web", "uid": "u", "resourceVersion": "1", "labels": {"a": "b"}},
            "spec": {"powerState": "Stopped"}, "status": {"id": "x"},
        });
        let wanted = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"powerState": "Stopped"}});
        assert_eq!(changed(&Value::Null, &manifest), wanted);
    }
}
