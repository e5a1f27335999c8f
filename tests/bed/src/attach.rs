//! A bed that another process started.

use std::path::Path;

use cyclades_control_plane::ControlPlane;
use ganeti_lab::ProcessId;

use crate::bed::Remains;
use crate::layout::Layout;
use crate::record::Record;
use crate::{Bed, Cluster, ClusterKind, Error, mark, operator};

/// Cluster `number`, counted from 1, of the bed in `dir`, whatever the other parts of the bed are like.
///
/// # Errors
/// [`Error::NotRunning`] if there is no such bed, [`Error::NoCluster`], or what is wrong with the cluster.
pub fn attach_cluster(dir: &Path, number: usize) -> Result<Cluster, Error> {
    let (layout, record) = open(dir)?;
    let missing = || Error::NoCluster { wanted: number, have: record.clusters.len() };
    let kind = number.checked_sub(1).and_then(|index| record.clusters.get(index)).ok_or_else(missing)?;
    Cluster::attach(*kind, number, &record.sim_program, &layout)
}

fn open(dir: &Path) -> Result<(Layout, Record), Error> {
    let missing = |reason: &str| Error::NotRunning { dir: dir.to_path_buf(), reason: reason.to_owned() };
    if !dir.exists() {
        return Err(missing("there is no such folder"));
    }
    let layout = Layout::open(dir)?;
    let record = Record::read(&layout)?.ok_or_else(|| missing("it has no bed.json"))?;
    Ok((layout, record))
}

impl Bed {
    /// The bed in `dir`, without the means to restart its operator. Dropping the value leaves it running.
    ///
    /// # Errors
    /// [`Error::NotRunning`] if none runs or a part of it is missing.
    pub fn attach(dir: &Path) -> Result<Self, Error> {
        let missing = |reason: &str| Error::NotRunning { dir: dir.to_path_buf(), reason: reason.to_owned() };
        let (layout, record) = open(dir)?;
        if !record.complete {
            return Err(missing("its start was not finished"));
        }
        if record.operator && !mark::find(layout.dir()).iter().any(|part| part.name == operator::NAME) {
            return Err(missing(&format!(
                "the operator has ended, see {}",
                layout.log(operator::NAME).display()
            )));
        }
        let control_plane = ControlPlane::attach(&layout.control_plane())?;
        let kinds = record.clusters.iter().zip(1..);
        let clusters =
            kinds.map(|(kind, number)| Cluster::attach(*kind, number, &record.sim_program, &layout));
        let clusters = clusters.collect::<Result<_, _>>()?;
        let remains = Remains { dir: layout.dir().to_path_buf(), keep: true };
        Ok(Self { operator: None, clusters, control_plane, layout, record, _remains: remains })
    }

    /// Whether it outlives the process that started it.
    #[must_use]
    pub fn is_detached(&self) -> bool {
        self.record.detached
    }

    /// The process that started it, if it still runs.
    #[must_use]
    pub fn starter(&self) -> Option<ProcessId> {
        self.record.starter.filter(ProcessId::is_running)
    }

    /// Kinds of its clusters, in order.
    #[must_use]
    pub fn kinds(&self) -> &[ClusterKind] {
        &self.record.clusters
    }

    /// Names and process ids of its own processes: the operator, simulators.
    #[must_use]
    pub fn own_processes(&self) -> Vec<(String, i32)> {
        mark::find(self.dir()).into_iter().map(|part| (part.name, part.id.pid())).collect()
    }
}
