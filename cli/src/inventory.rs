//! All instances of a Ganeti cluster, as they are configured, and whose they are.

use cyclades_crds::{GanetiBackend, names};
use cyclades_domain::naming::{Owner, owner};
use ganeti_rapi::{AdminState, Cells, QueryRow, Resource, StrList, Text};
use serde::de::SeqAccess;
use uuid::Uuid;

use crate::cluster::Cluster;
use crate::ganeti::Ganeti;

/// An instance as it is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its name.
    pub(crate) name: String,
    /// Its identity in Ganeti.
    pub(crate) uuid: String,
    /// Whose it is, by its tags.
    pub(crate) owner: Owner,
    /// Namespace and name of its machine, by its tags.
    pub(crate) machine: Option<(String, String)>,
    /// Words of its owner, as Ganeti's tags.
    pub(crate) user_tags: Vec<String>,
    /// Whether it should run.
    pub(crate) runs: bool,
    /// OS definition, `name+variant`.
    pub(crate) os: String,
    /// Disk template.
    pub(crate) disk_template: String,
    /// Sizes of its disks in MiB.
    pub(crate) disks_mib: Vec<u64>,
    /// Number of its network interfaces.
    pub(crate) nics: u64,
    /// Virtual CPUs.
    pub(crate) vcpus: u64,
    /// Memory in MiB.
    pub(crate) memory_mib: u64,
}

/// What is asked of Ganeti: it answers from memory.
#[derive(Debug)]
struct Row<'a> {
    name: Text<'a>,
    uuid: Text<'a>,
    admin_state: AdminState,
    os: Text<'a>,
    disk_template: Text<'a>,
    disks_mib: Vec<Option<u64>>,
    nics: u64,
    vcpus: u64,
    memory_mib: u64,
    tags: StrList<'a>,
}

impl<'de> QueryRow<'de> for Row<'de> {
    const FIELDS: &'static [&'static str] = &[
        "name",
        "uuid",
        "admin_state",
        "os",
        "disk_template",
        "disk.sizes",
        "nic.count",
        "be/vcpus",
        "be/maxmem",
        "tags",
    ];

    fn from_cells<A: SeqAccess<'de>>(cells: &mut Cells<A>) -> Result<Self, A::Error> {
        Ok(Self {
            name: cells.required()?,
            uuid: cells.required()?,
            admin_state: cells.required()?,
            os: cells.optional()?.unwrap_or_default(),
            disk_template: cells.optional()?.unwrap_or_default(),
            disks_mib: cells.optional()?.unwrap_or_default(),
            nics: cells.optional()?.unwrap_or_default(),
            vcpus: cells.required()?,
            memory_mib: cells.required()?,
            tags: cells.optional()?.unwrap_or_default(),
        })
    }
}

/// Reads all instances of a backend's cluster, in the order of their names; else why that cannot be.
pub(crate) async fn read(cluster: &Cluster, backend: &GanetiBackend) -> Result<Vec<Found>, String> {
    let Ganeti { client, cluster_id } = Ganeti::of(cluster, backend).await?;
    let body = client.query_raw(Resource::Instance, Row::FIELDS, None).await;
    let body = body.map_err(|failure| failure.to_string())?;
    let mut all = Vec::new();
    let rows = body.for_each(|row: Row<'_>| all.push(found(&row, &cluster_id)));
    rows.map_err(|garbled| garbled.to_string())?;
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

fn found(row: &Row<'_>, cluster_id: &str) -> Found {
    let tag = |prefix: &str| row.tags.iter().find_map(|tag| Some(tag.strip_prefix(prefix)?.to_owned()));
    let user_tags = row.tags.iter().filter(|tag| tag.starts_with(names::TAG_USER));
    Found {
        name: row.name.0.to_string(),
        uuid: row.uuid.0.to_string(),
        owner: owner(cluster_id, row.tags.iter()),
        machine: tag(names::TAG_NAMESPACE).zip(tag(names::TAG_NAME)),
        user_tags: user_tags.map(|tag| tag.to_string()).collect(),
        runs: row.admin_state == AdminState::Up,
        os: row.os.0.to_string(),
        disk_template: row.disk_template.0.to_string(),
        disks_mib: row.disks_mib.iter().map(|size| size.unwrap_or(0)).collect(),
        nics: row.nics,
        vcpus: row.vcpus,
        memory_mib: row.memory_mib,
    }
}

impl Found {
    /// Id of the machine whose instance it is, where it is one of ours.
    pub(crate) fn id(&self) -> Option<Uuid> {
        match self.owner {
            Owner::Ours(id) => Some(id),
            Owner::Another | Owner::Nobody => None,
        }
    }
}
