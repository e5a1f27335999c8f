//! The files of one bed, all in one folder.

use std::path::{Path, PathBuf};

use crate::{Error, files};

/// Names of the files in a bed's folder.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    dir: PathBuf,
}

impl Layout {
    /// Makes the folder, for its owner alone: it holds credentials.
    pub(crate) fn create(dir: &Path) -> Result<Self, Error> {
        files::make_private_folder(dir)?;
        Self::open(dir)
    }

    /// The folder must exist. Its path is made canonical: processes are found by it.
    pub(crate) fn open(dir: &Path) -> Result<Self, Error> {
        let dir = dir.canonicalize().map_err(Error::io("open", dir))?;
        Ok(Self { dir })
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn record(&self) -> PathBuf {
        self.dir.join("bed.json")
    }

    pub(crate) fn control_plane(&self) -> PathBuf {
        self.dir.join("control-plane")
    }

    /// Folder of cluster `number`, counted from 1.
    pub(crate) fn cluster(&self, number: usize) -> PathBuf {
        self.dir.join(format!("cluster-{number}"))
    }

    /// Log of one of the bed's own processes.
    pub(crate) fn log(&self, process: &str) -> PathBuf {
        self.dir.join(format!("{process}.log"))
    }

    /// Where helm keeps what it keeps.
    pub(crate) fn helm(&self) -> PathBuf {
        self.dir.join("helm")
    }
}
