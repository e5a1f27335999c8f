//! A directory that goes with its value.

use std::path::{Path, PathBuf};

use crate::Error;

/// A working directory at a fixed place, so that what a crash left behind goes with the next one.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// Starts empty; the caller holds a lock, so what is there is left over.
    pub fn new(path: PathBuf) -> Result<Self, Error> {
        if path.exists() {
            std::fs::remove_dir_all(&path).map_err(Error::file("remove", &path))?;
        }
        std::fs::create_dir_all(&path).map_err(Error::file("create", &path))?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // The next one starts with this.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
