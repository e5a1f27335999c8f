//! `state.json` in a cluster's directory: what must be ended when it goes, and how to find it again.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::subnet::Subnet;
use crate::{Error, Hypervisor, ProcessId};

/// What is written down before each thing comes into being, so that a half-made cluster can be removed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    pub name: String,
    pub hypervisors: Vec<Hypervisor>,
    pub detached: bool,
    /// The first process of the cluster's namespaces and the one that waits for it outside; none before they are there.
    pub init: Option<ProcessId>,
    pub keeper: Option<ProcessId>,
    /// None before the network is there. It vanishes with the namespaces.
    pub subnet: Option<Subnet>,
    /// True once the cluster answers.
    pub complete: bool,
}

impl State {
    fn file(dir: &Path) -> PathBuf {
        dir.join("state.json")
    }

    /// None if the directory has no state, that is, if no cluster was begun there.
    pub fn read(dir: &Path) -> Result<Option<Self>, Error> {
        let file = Self::file(dir);
        match std::fs::read(&file) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map(Some).map_err(|error| Error::content(&file, error))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::file("read", &file)(error)),
        }
    }

    /// Replaces the file as a whole: a reader sees the old or the new one.
    pub fn write(&self, dir: &Path) -> Result<(), Error> {
        let file = Self::file(dir);
        let next = dir.join("state.json.new");
        let bytes = serde_json::to_vec_pretty(self).map_err(|error| Error::content(&file, error))?;
        std::fs::write(&next, bytes).map_err(Error::file("write", &next))?;
        std::fs::rename(&next, &file).map_err(Error::file("replace", &file))
    }
}
