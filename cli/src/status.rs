//! `status`: the one thing that blocks a machine, or all machines by what blocks them.

mod blocker;
mod cure;
mod group;
mod json;
mod rights;
mod text;

use std::collections::BTreeMap;

use anyhow::Result;
use cyclades_crds::VirtualMachine;
use jiff::Timestamp;
use kube::{Api, api::ListParams};

use blocker::{Blocker, blocker};
pub(crate) use blocker::{is_paused, subject, trouble};
use cure::Right;
use group::by_cause;

use crate::answer::Answer;
use crate::cluster::Cluster;
use crate::look::said;
use crate::options::{Format, StatusFlags};
use crate::scene::Scene;

/// Whether the user has a right, for those that were asked about.
type Rights = BTreeMap<Right, bool>;

/// Gathers, judges, tells.
///
/// # Errors
/// Where the machines cannot be read.
pub(crate) async fn run(cluster: &Cluster, flags: &StatusFlags) -> Result<Answer> {
    match &flags.machine {
        Some(name) => one(cluster, name, flags.output).await,
        None => all(cluster, flags).await,
    }
}

async fn one(cluster: &Cluster, name: &str, format: Format) -> Result<Answer> {
    let machine = cluster.machine(name).await?;
    let scene = Scene::gather(cluster, std::slice::from_ref(&machine)).await?;
    let blocker = blocker(&machine, &scene);
    let rights = rights::ask(cluster, blocker.iter()).await;
    let text = match format {
        Format::Text => text::one(&machine, blocker.as_ref(), &rights, Timestamp::now()),
        Format::Json => json::one(&machine, blocker.as_ref(), &rights)?,
    };
    Ok(Answer { text, notes: Vec::new(), well: blocker.is_none() })
}

async fn all(cluster: &Cluster, flags: &StatusFlags) -> Result<Answer> {
    let machines = machines(cluster, flags.all_namespaces, None).await?;
    let scene = Scene::gather(cluster, &machines).await?;
    let blocked: Vec<Blocker> = machines.iter().filter_map(|machine| blocker(machine, &scene)).collect();
    let well = blocked.is_empty();
    let causes = by_cause(blocked);
    let rights = rights::ask(cluster, causes.iter().map(|cause| &cause.blocker)).await;
    let place = match flags.all_namespaces {
        true => "all namespaces".to_owned(),
        false => format!("namespace {}", cluster.namespace),
    };
    let text = match flags.output {
        Format::Text => text::all(machines.len(), &causes, &rights, &place, Timestamp::now()),
        Format::Json => json::all(machines.len(), &causes, &rights)?,
    };
    Ok(Answer { text, notes: Vec::new(), well })
}

/// Machines of a namespace or of all.
pub(crate) async fn machines(
    cluster: &Cluster,
    everywhere: bool,
    selector: Option<&str>,
) -> Result<Vec<VirtualMachine>> {
    let api: Api<VirtualMachine> = match everywhere {
        true => Api::all(cluster.client.clone()),
        false => Api::namespaced(cluster.client.clone(), &cluster.namespace),
    };
    let wanted = selector.map_or_else(ListParams::default, |labels| ListParams::default().labels(labels));
    Ok(api.list(&wanted).await.map_err(said)?.items)
}
