//! What the caller's environment says about binaries and caches, read in one place.

use std::env;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::Error;

/// The environment variables that this crate listens to.
#[derive(Debug, Clone)]
pub struct Environment {
    /// `KUBEBUILDER_ASSETS`, the folder that `setup-envtest` names: etcd, kube-apiserver, kubectl.
    pub assets: Option<PathBuf>,
    /// `HELM`: the helm to use.
    pub helm: Option<PathBuf>,
    /// `PATH`.
    pub path: OsString,
    /// The root of our caches: `CYCLADES_CACHE`, else `cyclades` in `XDG_CACHE_HOME`, else in `~/.cache`.
    pub cache: PathBuf,
}

impl Environment {
    /// Reads this process's environment.
    ///
    /// # Errors
    /// [`Error::NoCacheFolder`] when no variable says where a cache may live.
    pub fn from_process() -> Result<Self, Error> {
        let cache = cache_root(folder("CYCLADES_CACHE"), folder("XDG_CACHE_HOME"), folder("HOME"))?;
        Ok(Self {
            assets: folder("KUBEBUILDER_ASSETS"),
            helm: folder("HELM"),
            path: env::var_os("PATH").unwrap_or_default(),
            cache,
        })
    }

    /// The first executable `program` on `PATH`.
    #[must_use]
    pub fn on_path(&self, program: &str) -> Option<PathBuf> {
        env::split_paths(&self.path).map(|folder| folder.join(program)).find(|file| is_executable(file))
    }
}

/// An empty variable counts as unset, as shells and the XDG base directory specification have it.
fn folder(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn cache_root(own: Option<PathBuf>, xdg: Option<PathBuf>, home: Option<PathBuf>) -> Result<PathBuf, Error> {
    // The XDG specification says that a relative XDG_CACHE_HOME is to be ignored.
    let xdg = xdg.filter(|path| path.is_absolute());
    own.or_else(|| xdg.map(|path| path.join("cyclades")))
        .or_else(|| home.map(|path| path.join(".cache/cyclades")))
        .ok_or(Error::NoCacheFolder)
        .and_then(|path| std::path::absolute(&path).map_err(Error::io("make absolute", &path)))
}

/// Whether the file is there and may be run by somebody.
pub(crate) fn is_executable(file: &Path) -> bool {
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(path: &str) -> Option<PathBuf> {
        Some(PathBuf::from(path))
    }

    #[test]
    fn the_most_specific_cache_variable_wins() {
        assert_eq!(cache_root(some("/c"), some("/x"), some("/h")).unwrap(), Path::new("/c"));
        assert_eq!(cache_root(None, some("/x"), some("/h")).unwrap(), Path::new("/x/cyclades"));
        assert_eq!(cache_root(None, some("relative"), some("/h")).unwrap(), Path::new("/h/.cache/cyclades"));
        assert!(matches!(cache_root(None, None, None), Err(Error::NoCacheFolder)));
    }
}
