//! What a control plane's folder records about its processes, written as each of them starts.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::layout::Layout;
use crate::process::{Daemon, Identity};
use crate::{Error, files};

/// The content of `state.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    /// `https://127.0.0.1:PORT`; none until the API server was started.
    pub(crate) server: Option<String>,
    /// kubectl of the release that runs.
    pub(crate) kubectl: PathBuf,
    /// Whether requests are logged.
    pub(crate) audit: bool,
    /// Whether the control plane answered; what died before that is only to be taken down.
    pub(crate) complete: bool,
    /// Every process, in order of start.
    pub(crate) processes: Vec<Recorded>,
}

/// One process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Recorded {
    /// Its program.
    pub(crate) name: String,
    /// Which process it is.
    #[serde(flatten)]
    pub(crate) identity: Identity,
}

impl State {
    /// The folder's record, or none if nothing was ever started there.
    pub(crate) fn read(layout: &Layout) -> Result<Option<Self>, Error> {
        let path = layout.state();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("read", &path)(error)),
        };
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| Error::Malformed { what: path.display().to_string(), reason: error.to_string() })
    }

    /// Replaces the folder's record.
    pub(crate) fn write(&self, layout: &Layout) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(self).map_err(|error| Error::Malformed {
            what: "the record of a control plane".to_owned(),
            reason: error.to_string(),
        })?;
        files::write_private(&layout.state(), text.as_bytes())
    }

    /// Notes a started process.
    pub(crate) fn add(&mut self, daemon: &Daemon) {
        self.processes.push(Recorded { name: daemon.name.clone(), identity: daemon.identity.clone() });
    }

    /// Those of the recorded processes that still run.
    pub(crate) fn running(&self, layout: &Layout) -> Vec<Daemon> {
        self.processes
            .iter()
            .filter(|recorded| recorded.identity.runs())
            .map(|recorded| {
                let log = layout.log(&recorded.name);
                Daemon::adopt(recorded.name.clone(), recorded.identity.clone(), log)
            })
            .collect()
    }
}
