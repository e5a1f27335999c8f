//! What a bed's folder says about the bed, written before anything of it is started.

use std::path::PathBuf;

use ganeti_lab::ProcessId;
use serde::{Deserialize, Serialize};

use crate::layout::Layout;
use crate::{ClusterKind, Error, Options, Programs, files};

/// The content of `bed.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The process that starts the bed; one that is not detached ends with it.
    pub(crate) starter: Option<ProcessId>,
    /// Whether the bed outlives its starter.
    pub(crate) detached: bool,
    /// Its clusters, in order.
    pub(crate) clusters: Vec<ClusterKind>,
    /// Whether it has an operator.
    pub(crate) operator: bool,
    /// The simulator's program, which also has Ganeti's commands.
    pub(crate) sim_program: PathBuf,
    /// Whether everything was Ready once.
    pub(crate) complete: bool,
}

impl Record {
    pub(crate) fn of(options: &Options, programs: &Programs) -> Self {
        Self {
            starter: ProcessId::of(std::process::id()),
            detached: options.detached,
            clusters: options.clusters.clone(),
            operator: options.operator.is_some(),
            sim_program: programs.own.sim.clone(),
            complete: false,
        }
    }

    /// None if no bed was begun in the folder.
    pub(crate) fn read(layout: &Layout) -> Result<Option<Self>, Error> {
        let path = layout.record();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("read", &path)(error)),
        };
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| Error::Malformed { what: path.display().to_string(), reason: error.to_string() })
    }

    pub(crate) fn write(&self, layout: &Layout) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(self).map_err(|error| Error::Malformed {
            what: "the record of a bed".to_owned(),
            reason: error.to_string(),
        })?;
        files::write_private(&layout.record(), text.as_bytes())
    }
}
