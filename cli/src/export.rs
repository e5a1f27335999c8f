//! `export`: manifests that can be put in Git.

mod clean;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, anyhow, bail};
use cyclades_crds::{Flavor, Image, VirtualMachine, VolumeType};
use kube::{
    Api, Resource,
    api::{DynamicObject, ListParams},
    core::ApiResource,
};
use serde_json::Value;

use clean::{Placement, can_go_without_placement, machine, plain};

use crate::answer::Answer;
use crate::cluster::Cluster;
use crate::look::{Look, look, said};
use crate::options::ExportFlags;
use crate::yaml;

/// Reads machines, and what they refer to, and writes them down.
///
/// # Errors
/// Where one of them cannot be read.
pub(crate) async fn run(cluster: &Cluster, flags: &ExportFlags) -> Result<Answer> {
    let objects = machines(cluster, flags).await?;
    let mut notes: Vec<String> =
        objects.iter().flat_map(|object| remarks(object, flags.no_placement)).collect();
    let mut documents = match flags.with_references {
        true => references(cluster, &objects, &mut notes).await?,
        false => Vec::new(),
    };
    let placement = if flags.no_placement { Placement::LeftOut } else { Placement::Kept };
    documents.extend(in_order(&objects).into_iter().map(|object| machine(object, placement)));
    if objects.is_empty() {
        notes.push("there is no machine to export".to_owned());
    }
    Ok(Answer { text: yaml::documents(&documents), notes, well: true })
}

/// The machines as they are stored, with fields that this version does not know.
async fn machines(cluster: &Cluster, flags: &ExportFlags) -> Result<Vec<Value>> {
    let kind = ApiResource::erase::<VirtualMachine>(&());
    let api: Api<DynamicObject> = match flags.all_namespaces {
        true => Api::all_with(cluster.client.clone(), &kind),
        false => Api::namespaced_with(cluster.client.clone(), &cluster.namespace, &kind),
    };
    if flags.machines.is_empty() {
        let wanted = flags.selector.as_deref();
        let wanted = wanted.map_or_else(ListParams::default, |labels| ListParams::default().labels(labels));
        let list = api.list(&wanted).await.map_err(said)?;
        return list.items.iter().map(|object| typed(object, &kind)).collect();
    }
    let mut found = Vec::with_capacity(flags.machines.len());
    for name in &flags.machines {
        match look(&api, name).await? {
            Look::Found(object) => found.push(typed(&object, &kind)?),
            Look::Absent => bail!("there is no VirtualMachine {name} in namespace {}", cluster.namespace),
            Look::Hidden => bail!("you may not get virtualmachines in namespace {}", cluster.namespace),
        }
    }
    Ok(found)
}

/// An object with its kind, which objects of a list do not carry.
fn typed(object: &DynamicObject, kind: &ApiResource) -> Result<Value> {
    let mut value = serde_json::to_value(object)?;
    value["apiVersion"] = Value::from(kind.api_version.as_str());
    value["kind"] = Value::from(kind.kind.as_str());
    Ok(value)
}

/// What a reader of the manifests should know and the manifests do not say.
fn remarks(object: &Value, no_placement: bool) -> Vec<String> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let mut remarks = Vec::new();
    if !object["metadata"]["deletionTimestamp"].is_null() {
        remarks.push(format!("VirtualMachine {name} is being deleted"));
    }
    if no_placement && !can_go_without_placement(object) {
        let why = "is only looked at, or still to be taken over: its spec.backendName is kept";
        remarks.push(format!("VirtualMachine {name} {why}"));
    }
    remarks
}

/// By namespace and name, so that two exports of the same objects are the same text; each once.
fn in_order(objects: &[Value]) -> Vec<&Value> {
    let key = |object: &&Value| {
        let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
        (text("namespace"), text("name"))
    };
    let by_name: BTreeMap<_, _> = objects.iter().map(|object| (key(&object), object)).collect();
    by_name.into_values().collect()
}

/// Everything that the machines refer to, in an order in which nothing waits for what comes later.
async fn references(cluster: &Cluster, machines: &[Value], notes: &mut Vec<String>) -> Result<Vec<Value>> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let flavors = machines.iter().map(|machine| (None, text(&machine["spec"]["flavorRef"]["name"])));
    let flavors = read::<Flavor>(cluster, flavors, notes).await?;
    let volume_types = flavors.iter().map(|flavor| (None, text(&flavor["spec"]["volumeTypeRef"]["name"])));
    let volume_types = read::<VolumeType>(cluster, volume_types, notes).await?;
    let named = |machine: &'_ Value| {
        [machine["spec"]["imageRef"].clone(), machine["spec"]["rescue"]["imageRef"].clone()]
            .into_iter()
            .filter(|reference| reference.is_object())
    };
    let images = machines.iter().flat_map(|machine| {
        named(machine).map(move |reference| {
            let namespace = reference["namespace"].as_str().or(machine["metadata"]["namespace"].as_str());
            (namespace.map(str::to_owned), text(&reference["name"]))
        })
    });
    let images = read::<Image>(cluster, images, notes).await?;
    Ok([volume_types, flavors, images].concat())
}

/// Reads objects by namespace and name, each once; one that is not there, or may not be read, is noted.
async fn read<K>(
    cluster: &Cluster,
    names: impl Iterator<Item = (Option<String>, String)>,
    notes: &mut Vec<String>,
) -> Result<Vec<Value>>
where
    K: Resource<DynamicType = ()>,
{
    let kind = ApiResource::erase::<K>(&());
    let names: std::collections::BTreeSet<_> = names.collect();
    let mut found = Vec::with_capacity(names.len());
    for (namespace, name) in names {
        let api: Api<DynamicObject> = match &namespace {
            Some(namespace) => Api::namespaced_with(cluster.client.clone(), namespace, &kind),
            None => Api::all_with(cluster.client.clone(), &kind),
        };
        let place = namespace.map_or(String::new(), |namespace| format!(" in namespace {namespace}"));
        let what = format!("{} {name}{place}", kind.kind);
        match look(&api, &name).await.with_context(|| what.clone())? {
            Look::Found(object) => found.push(plain(&typed(&object, &kind)?)),
            Look::Absent => notes.push(format!("{what} does not exist: it is left out")),
            Look::Hidden => return Err(anyhow!("you may not read {what}: leave out --with-references")),
        }
    }
    Ok(found)
}
