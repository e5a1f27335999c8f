//! `import`: manifests for instances that are there and that no machine declares.

mod catalog;
mod folder;
mod machine;
mod name;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use anyhow::{Result, anyhow, bail};
use cyclades_crds::{Flavor, GanetiBackend, Image, VirtualMachine, VolumeType};
use cyclades_domain::naming::Owner;
use kube::{Api, api::ListParams};
use serde_json::Value;

use catalog::Catalog;
use machine::Place;

use crate::answer::Answer;
use crate::cluster::Cluster;
use crate::declared::Declared;
use crate::inventory::{self, Found};
use crate::look::{Look, code, look, said};
use crate::options::ImportFlags;
use crate::yaml;

/// Reads a backend's cluster and writes down what nobody declared there.
///
/// # Errors
/// Where the backend, its cluster or what is declared cannot be read; where a file cannot be written.
pub(crate) async fn run(cluster: &Cluster, flags: &ImportFlags) -> Result<Answer> {
    let name = &flags.backend;
    let backend = match look(&Api::<GanetiBackend>::all(cluster.client.clone()), name).await? {
        Look::Found(backend) => backend,
        Look::Absent => bail!("there is no GanetiBackend {name}: kubectl get gbe shows which there are"),
        Look::Hidden => bail!("you may not get ganetibackends"),
    };
    let all = inventory::read(cluster, &backend).await;
    let all = all.map_err(|why| anyhow!("the cluster of GanetiBackend {name} cannot be read: {why}"))?;
    let machines = every_machine(cluster).await?;
    let wish = Wish {
        backend: name,
        namespace: &cluster.namespace,
        orphans: flags.orphans,
        named: &flags.instances,
    };
    let imported = import(&wish, &all, &machines, catalog(cluster).await?);
    let missing: Vec<&str> = imported.not_there.iter().map(String::as_str).collect();
    if !missing.is_empty() {
        bail!("on GanetiBackend {name} nothing is to be imported as {}", missing.join(", "));
    }
    let mut notes = imported.notes;
    let text = match &flags.dir {
        None => yaml::documents(&imported.manifests),
        Some(dir) => {
            let files = folder::write(dir, &imported.manifests)?;
            notes.push(format!("{files} files are written into {}", dir.display()));
            String::new()
        }
    };
    Ok(Answer { text, notes, well: true })
}

/// All machines: what they declare is not written down again.
///
/// # Errors
/// The API server's; also where only some may be listed, since a guess would declare an instance twice.
pub(crate) async fn every_machine(cluster: &Cluster) -> Result<Vec<VirtualMachine>> {
    let api: Api<VirtualMachine> = Api::all(cluster.client.clone());
    match api.list(&ListParams::default()).await {
        Ok(list) => Ok(list.items),
        Err(error) if code(&error) == Some(403) => bail!(
            "you may not list virtualmachines in all namespaces, so what is declared cannot be known: have an administrator do it"
        ),
        Err(error) => Err(said(error)),
    }
}

async fn catalog(cluster: &Cluster) -> Result<Catalog> {
    let client = || cluster.client.clone();
    let wanted = ListParams::default();
    let (flavors, volume_types, images) =
        (Api::<Flavor>::all(client()), Api::<VolumeType>::all(client()), Api::<Image>::all(client()));
    let all = futures::try_join!(flavors.list(&wanted), volume_types.list(&wanted), images.list(&wanted));
    let (flavors, volume_types, images) = all.map_err(said)?;
    Ok(Catalog::new(flavors.items, volume_types.items, images.items))
}

/// What is to be imported.
#[derive(Clone, Copy, Debug)]
struct Wish<'a> {
    backend: &'a str,
    namespace: &'a str,
    /// Instances of ours whose machines do not exist, in place of those that somebody else made.
    orphans: bool,
    /// These alone; all where empty.
    named: &'a [String],
}

/// What comes of it.
#[derive(Debug, Default)]
struct Imported {
    manifests: Vec<Value>,
    notes: Vec<String>,
    /// Names that were asked for, and of which there is nothing to import.
    not_there: BTreeSet<String>,
}

fn import(wish: &Wish<'_>, all: &[Found], machines: &[VirtualMachine], mut catalog: Catalog) -> Imported {
    let mut declared = Declared::by(machines);
    let mut imported = Imported { not_there: wish.named.iter().cloned().collect(), ..Imported::default() };
    let (mut machines, mut passed) = (Vec::new(), Passed::default());
    for found in all {
        if !passed.wants(found, wish, &declared) {
            continue;
        }
        if !wish.named.is_empty() && !imported.not_there.remove(&found.name) {
            continue;
        }
        match manifest(found, wish, &mut declared, &mut catalog) {
            Ok(manifest) => {
                machines.push(manifest);
                imported.notes.extend(machine::remarks(found));
            }
            Err(why) => imported.notes.push(format!("instance {} is left out: {why}", found.name)),
        }
    }
    imported.notes.extend(passed.notes(wish));
    if machines.is_empty() && imported.not_there.is_empty() {
        imported.notes.push(format!("there is nothing to import on GanetiBackend {}", wish.backend));
    }
    imported.manifests = catalog.into_made().manifests();
    imported.manifests.append(&mut machines);
    imported
}

/// What is passed over, to be told.
#[derive(Debug, Default)]
struct Passed {
    orphans: usize,
    others: usize,
}

impl Passed {
    /// Whether an instance is to be imported.
    fn wants(&mut self, found: &Found, wish: &Wish<'_>, declared: &Declared) -> bool {
        match found.owner {
            Owner::Ours(id) if declared.has(id) => false,
            Owner::Ours(_) => {
                self.orphans += usize::from(!wish.orphans);
                wish.orphans
            }
            Owner::Another => {
                self.others += usize::from(!wish.orphans);
                false
            }
            Owner::Nobody => !wish.orphans && !declared.adopts(wish.backend, &found.name),
        }
    }

    fn notes(&self, wish: &Wish<'_>) -> Vec<String> {
        let mut notes = Vec::new();
        if self.orphans > 0 {
            notes.push(format!(
                "{} instances are of machines that do not exist any more: kubectl cyclades import --backend {} --orphans writes them",
                self.orphans, wish.backend
            ));
        }
        if self.others > 0 {
            notes
                .push(format!("{} instances belong to another installation: they are left out", self.others));
        }
        notes
    }
}

fn manifest(
    found: &Found,
    wish: &Wish<'_>,
    declared: &mut Declared,
    catalog: &mut Catalog,
) -> Result<Value, String> {
    let known = found.id().and(found.machine.clone());
    let (namespace, wanted) = known.unwrap_or_else(|| (wish.namespace.to_owned(), name::of(&found.name)));
    let flavor = catalog.flavor(found)?;
    let image = catalog.image(found, &namespace)?;
    let name = name::free(wanted, declared.names(&namespace));
    let place = Place { backend: wish.backend, namespace: &namespace, name: &name, flavor: &flavor, image };
    Ok(match found.id() {
        Some(id) => machine::orphan(found, id, place),
        None => machine::looked_at(found, place),
    })
}
