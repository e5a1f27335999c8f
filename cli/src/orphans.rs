//! `orphans`: instances of ours whose machines do not exist, and how many there are that somebody else made.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use cyclades_crds::GanetiBackend;
use cyclades_domain::naming::Owner;
use kube::{Api, ResourceExt as _, api::ListParams};
use serde::Serialize;

use crate::answer::Answer;
use crate::cluster::Cluster;
use crate::declared::Declared;
use crate::import::every_machine;
use crate::inventory::{self, Found};
use crate::look::said;
use crate::options::{Format, OrphansFlags};

/// What no machine declares on a backend.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Sight {
    backend: String,
    /// Instances of ours without a machine.
    orphans: Vec<Orphan>,
    /// Number of those; more than are listed where the status alone was read.
    orphan_count: usize,
    /// Number of instances that somebody else made.
    undeclared: usize,
    /// Why the cluster itself was not read, where it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    from_status_since: Option<String>,
}

/// An instance of ours without a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Orphan {
    instance: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Namespace and name that its machine had.
    #[serde(skip_serializing_if = "Option::is_none")]
    machine: Option<String>,
}

/// Reads one backend, or all.
///
/// # Errors
/// Where backends or machines cannot be read.
pub(crate) async fn run(cluster: &Cluster, flags: &OrphansFlags) -> Result<Answer> {
    let api: Api<GanetiBackend> = Api::all(cluster.client.clone());
    let mut backends = api.list(&ListParams::default()).await.map_err(said)?.items;
    if let Some(name) = &flags.backend {
        backends.retain(|backend| backend.name_any() == *name);
        if backends.is_empty() {
            bail!("there is no GanetiBackend {name}: kubectl get gbe shows which there are");
        }
    }
    let mut sights = Vec::with_capacity(backends.len());
    for backend in &backends {
        let read = inventory::read(cluster, backend).await;
        // Machines are listed after the instances: one that is made meanwhile has its object before its instance.
        sights.push(match read {
            Ok(all) => seen(backend, &all, &Declared::by(&every_machine(cluster).await?)),
            Err(why) => told(backend, why),
        });
    }
    let well = sights.iter().all(|sight| sight.orphan_count == 0);
    let text = match flags.output {
        Format::Text => text(&sights),
        Format::Json => format!("{}\n", serde_json::to_string_pretty(&sights)?),
    };
    Ok(Answer { text, notes: notes(&sights), well })
}

fn seen(backend: &GanetiBackend, all: &[Found], declared: &Declared) -> Sight {
    let name = backend.name_any();
    let orphans: Vec<Orphan> = all
        .iter()
        .filter_map(|found| {
            let id = found.id().filter(|id| !declared.has(*id))?;
            let machine = found.machine.as_ref().map(|(namespace, name)| format!("{namespace}/{name}"));
            Some(Orphan { instance: found.name.clone(), id: Some(id.to_string()), machine })
        })
        .collect();
    let others = all.iter().filter(|found| !matches!(found.owner, Owner::Ours(_)));
    let undeclared = others.filter(|found| !declared.adopts(&name, &found.name)).count();
    Sight { orphan_count: orphans.len(), orphans, undeclared, backend: name, from_status_since: None }
}

/// What the backend's status says.
fn told(backend: &GanetiBackend, why: String) -> Sight {
    let status = backend.status.as_ref().and_then(|status| status.undeclared.clone()).unwrap_or_default();
    let orphan = |instance| Orphan { instance, id: None, machine: None };
    Sight {
        backend: backend.name_any(),
        orphans: status.orphan_names.into_iter().map(orphan).collect(),
        orphan_count: status.orphans as usize,
        undeclared: status.instances as usize,
        from_status_since: Some(why),
    }
}

fn text(sights: &[Sight]) -> String {
    let mut text = String::new();
    let backends = sights.iter().map(|sight| sight.backend.len()).chain([7]).max().unwrap_or(7);
    let instances = sights.iter().flat_map(|sight| &sight.orphans).map(|orphan| orphan.instance.len());
    let instances = instances.chain([8]).max().unwrap_or(8);
    // Writing to a string cannot fail.
    if sights.iter().any(|sight| !sight.orphans.is_empty()) {
        let _ = writeln!(text, "{:backends$}   {:instances$}   MACHINE", "BACKEND", "INSTANCE");
    }
    for sight in sights {
        for orphan in &sight.orphans {
            let machine = orphan.machine.as_deref().unwrap_or("-");
            let _ =
                writeln!(text, "{:backends$}   {:instances$}   {machine}", sight.backend, orphan.instance);
        }
    }
    for sight in sights {
        let gap = if text.is_empty() || text.ends_with(".\n") { "" } else { "\n" };
        let _ = writeln!(text, "{gap}GanetiBackend {}: {}.", sight.backend, sentence(sight));
    }
    text
}

fn sentence(sight: &Sight) -> String {
    let orphans = match sight.orphan_count {
        0 => "every instance of ours has its VirtualMachine".to_owned(),
        1 => "1 instance of ours has no VirtualMachine".to_owned(),
        many => format!("{many} instances of ours have no VirtualMachine"),
    };
    let cure = match sight.orphan_count {
        0 => String::new(),
        _ => format!(" (kubectl cyclades import --backend {} --orphans)", sight.backend),
    };
    let others = match sight.undeclared {
        0 => "somebody else made none".to_owned(),
        1 => "somebody else made 1, which is left alone".to_owned(),
        many => format!("somebody else made {many}, which are left alone"),
    };
    format!("{orphans}{cure}; {others}")
}

fn notes(sights: &[Sight]) -> Vec<String> {
    let told = sights.iter().filter_map(|sight| {
        let why = sight.from_status_since.as_ref()?;
        Some(format!("GanetiBackend {}: what its status says, since {why}", sight.backend))
    });
    told.collect()
}
