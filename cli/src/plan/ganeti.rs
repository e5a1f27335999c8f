//! What Ganeti shows of a machine: read over RAPI with the backend's own credentials, where the user may read them.

use std::sync::Arc;

use anyhow::Result;
use cyclades_crds::{GanetiBackend, VirtualMachine, names};
use cyclades_domain::{
    naming::{Owner, owner},
    power::Power,
    reason::{JobReason, JobStep},
    vm::{Boot, Disk, Extras, Instance, can_plug},
};
use futures::{StreamExt as _, stream};
use ganeti_rapi::{Client, ConfigRow, Filter, JobId, JobRow, QueryRow as _, Resource};
use kube::{Api, api::ListParams};
use uuid::Uuid;

use super::identity::{id_of, wanted_name};
use crate::cluster::Cluster;
use crate::ganeti::Ganeti;
use crate::look::{Look, code, said};
use crate::scene::Scene;

/// Ganeti clusters that are asked at a time.
const PARALLEL: usize = 4;

/// States of jobs that have not ended.
const UNFINISHED: [&str; 4] = ["queued", "waiting", "canceling", "running"];

/// What a look at a Ganeti cluster gave.
#[derive(Clone, Debug)]
pub(crate) struct Sight {
    /// Name of the backend.
    pub(crate) backend: String,
    /// What was seen, or why nothing was.
    pub(crate) outcome: Result<Sighting, String>,
}

/// What a Ganeti cluster shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sighting {
    /// The machine's instance.
    pub(crate) instance: Option<Instance>,
    /// The words of its owner as Ganeti's tags, sorted, where the instance was read whole.
    pub(crate) user_tags: Option<Vec<Box<str>>>,
    /// An instance that has the name and is not the machine's.
    pub(crate) name_taken: Option<String>,
    /// The same, where it is nobody's.
    pub(crate) nobodys: Option<Instance>,
    /// A job of the operator on the instance that has not ended.
    pub(crate) job: Option<(JobStep, Option<u64>)>,
    /// All other instances, where all were read.
    pub(crate) others: Vec<Other>,
}

/// An instance that is not the machine's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Other {
    /// Id of its machine, where it is one of ours.
    pub(crate) id: Option<Uuid>,
    /// Its name.
    pub(crate) name: String,
    /// Its memory in MiB.
    pub(crate) memory_mib: u64,
    /// Its vcpus.
    pub(crate) vcpus: u64,
}

impl Sight {
    /// What was seen.
    pub(crate) fn seen(&self) -> Option<&Sighting> {
        self.outcome.as_ref().ok()
    }

    /// Where what is told comes from.
    pub(crate) fn source(&self) -> String {
        match &self.outcome {
            Ok(_) => {
                format!("GanetiBackend {}: its instances and jobs, read over RAPI just now", self.backend)
            }
            Err(why) => {
                format!("GanetiBackend {}: what is said in Kubernetes alone, since {why}", self.backend)
            }
        }
    }
}

/// Looks at the machine's cluster; for one that is not placed yet at all of them, for an instance that already has its
/// id and for what others use.
///
/// # Errors
/// Where the backends cannot be listed, but for want of the right to.
pub(crate) async fn look(cluster: &Cluster, machine: &VirtualMachine, scene: &Scene) -> Result<Vec<Sight>> {
    let Some(name) = &machine.spec.backend_name else {
        let api: Api<GanetiBackend> = Api::all(cluster.client.clone());
        let all = match api.list(&ListParams::default()).await {
            Ok(list) => list.items,
            Err(error) if code(&error) == Some(403) => Vec::new(),
            Err(error) => return Err(said(error)),
        };
        let sights =
            all.into_iter().map(|backend| async move { one(cluster, machine, &backend, None).await });
        let mut sights: Vec<Sight> = stream::iter(sights).buffer_unordered(PARALLEL).collect().await;
        sights.sort_by(|a, b| a.backend.cmp(&b.backend));
        return Ok(sights);
    };
    let hidden = |why: &str| Sight { backend: name.clone(), outcome: Err(why.to_owned()) };
    Ok(vec![match scene.backend(name) {
        Look::Found(backend) => one(cluster, machine, backend, wanted_name(machine, scene)).await,
        Look::Absent => hidden("there is no such object"),
        Look::Hidden => hidden("you may not read the backend"),
    }])
}

/// Looks at one cluster: for one machine if `wanted` is the name of its instance, else at all instances.
async fn one(
    cluster: &Cluster,
    machine: &VirtualMachine,
    backend: &GanetiBackend,
    wanted: Option<String>,
) -> Sight {
    let outcome = sighting(cluster, machine, backend, wanted).await;
    Sight { backend: backend.metadata.name.clone().unwrap_or_default(), outcome }
}

async fn sighting(
    cluster: &Cluster,
    machine: &VirtualMachine,
    backend: &GanetiBackend,
    wanted: Option<String>,
) -> Result<Sighting, String> {
    let id = id_of(machine).ok_or("the machine has no id")?;
    let Ganeti { client, cluster_id } = Ganeti::of(cluster, backend).await?;
    let failed = |failure: ganeti_rapi::Failure| failure.to_string();
    let mut sighting = instances(&client, id, wanted.as_deref(), &cluster_id).await.map_err(failed)?;
    let name = match &sighting.instance {
        Some(instance) => Some(instance.name.to_string()),
        None => wanted,
    };
    if let Some(name) = name {
        sighting.job = job(&client, id, &name).await.map_err(failed)?;
        read_live(&client, &mut sighting).await.map_err(failed)?;
    }
    Ok(sighting)
}

/// Reads instances as they are configured, which asks no node.
async fn instances(
    client: &Client,
    id: Uuid,
    wanted: Option<&str>,
    cluster_id: &str,
) -> ganeti_rapi::Answer<Sighting> {
    let tag = format!("{}{}", names::TAG_ID, id.hyphenated());
    let filter = wanted
        .map(|name| Filter::Or(vec![Filter::contains("tags", tag.clone()), Filter::equal("name", name)]));
    let body = client.query_raw(Resource::Instance, ConfigRow::FIELDS, filter).await?;
    let mut found = Sighting::default();
    body.for_each(|row: ConfigRow<'_>| {
        let tags = row.tags.to_vec();
        let id = match owner(cluster_id, tags.iter()) {
            Owner::Ours(it) if it == id => {
                found.instance = Some(configured(&row));
                return;
            }
            Owner::Ours(other) => Some(other),
            other @ (Owner::Another | Owner::Nobody) => {
                if wanted == Some(&*row.name.0) {
                    found.name_taken = Some(row.name.0.to_string());
                    found.nobodys = (other == Owner::Nobody).then(|| configured(&row));
                }
                None
            }
        };
        let (name, memory_mib, vcpus) = (row.name.0.to_string(), row.max_mem_mib, row.vcpus);
        found.others.push(Other { id, name, memory_mib, vcpus });
    })?;
    Ok(found)
}

fn configured(row: &ConfigRow<'_>) -> Instance {
    Instance {
        name: Arc::from(&*row.name.0),
        uuid: Arc::from(&*row.uuid.0),
        node: Arc::from(&*row.pnode.0),
        // Not known before its node was asked.
        power: Power::Unknown,
        vcpus: u32::try_from(row.vcpus).unwrap_or(u32::MAX),
        memory_mib: row.max_mem_mib,
        disk_mib: 0,
        boot: Boot::Fixed,
        extras: None,
        can_plug: can_plug(&row.hypervisor.0),
        half_made: false,
    }
}

/// What the instance has beside its shape.
fn extras(live: &ganeti_rapi::Instance) -> Option<Extras> {
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.as_str().into(),
        other => other.to_string().into(),
    };
    let parameters = live.custom_hvparams.iter().map(|(name, value)| (name.as_str().into(), text(value)));
    let disks = live.disk_sizes.iter().enumerate().skip(1).map(|(at, size)| {
        let name = live.disk_names.get(at).cloned().flatten().unwrap_or_else(|| format!("disk/{at}"));
        Disk { name: name.into(), size_mib: size.unwrap_or(0) }
    });
    let extras = Extras { parameters: parameters.collect(), disks: disks.collect() };
    (!extras.is_empty()).then_some(extras)
}

/// Asks the node how the instance is.
async fn read_live(client: &Client, sighting: &mut Sighting) -> ganeti_rapi::Answer<()> {
    let Some(instance) = sighting.instance.as_mut().or(sighting.nobodys.as_mut()) else { return Ok(()) };
    if let Some(live) = client.instance(&instance.name).await? {
        instance.power = Power::from_ganeti(live.status.as_str());
        instance.disk_mib = live.disk_sizes.first().copied().flatten().unwrap_or(0);
        let text = |name: &str| live.hvparams.get(name).and_then(serde_json::Value::as_str);
        instance.boot = Boot::read(text("boot_order"), text("cdrom_image_path"), text("kernel_path"));
        instance.extras = extras(&live).map(Arc::new);
        let words = live.tags.iter().filter(|tag| tag.starts_with(names::TAG_USER));
        let mut words: Vec<Box<str>> = words.map(|tag| tag.as_str().into()).collect();
        words.sort();
        sighting.user_tags = Some(words);
    }
    Ok(())
}

/// The operator's job on the instance that has not ended, told by the reason that it carries.
async fn job(
    client: &Client,
    id: Uuid,
    instance: &str,
) -> ganeti_rapi::Answer<Option<(JobStep, Option<u64>)>> {
    let filter = Filter::any_of("status", UNFINISHED);
    let body = client.query_raw(Resource::Job, JobRow::FIELDS, Some(filter)).await?;
    let about = format!("({instance})");
    let mut ids: Vec<JobId> = Vec::new();
    body.for_each(|row: JobRow<'_>| {
        if row.summary.iter().any(|text| text.ends_with(&about)) {
            ids.push(row.id);
        }
    })?;
    let jobs = client.job_details(&ids).await?;
    Ok(jobs.iter().find_map(|job| {
        let ours = job.reasons.iter().filter_map(|text| JobReason::parse(text)).find(|it| it.id == id)?;
        Some((ours.step, Some(job.id.0)))
    }))
}
