//! Where a running bed keeps its files.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// The folder of state.
#[derive(Debug, Clone)]
pub struct State {
    root: PathBuf,
}

impl State {
    /// `--state` or `CYCLADES_STATE`, else `cyclades` in `XDG_STATE_HOME`, else in `~/.local/state`.
    pub fn find(chosen: Option<PathBuf>) -> anyhow::Result<Self> {
        let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let root = root(chosen, folder("XDG_STATE_HOME"), folder("HOME"))
            .context("no place for state: set CYCLADES_STATE, XDG_STATE_HOME or HOME")?;
        Ok(Self { root: std::path::absolute(root)? })
    }

    /// The folder of the one bed.
    pub fn bed(&self) -> PathBuf {
        self.root.join("bed")
    }

    /// The file that says who is at work on it.
    pub fn lock(&self) -> PathBuf {
        self.root.join("bed.lock")
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }
}

/// The XDG base directory specification says that a relative `XDG_STATE_HOME` is to be ignored.
fn root(chosen: Option<PathBuf>, xdg: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    let xdg = xdg.filter(|path| path.is_absolute()).map(|path| path.join("cyclades"));
    chosen.or(xdg).or_else(|| home.map(|path| path.join(".local/state/cyclades")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_variable_wins() {
        let some = |path: &str| Some(PathBuf::from(path));
        assert_eq!(root(some("c"), some("/x"), some("/h")), some("c"));
        assert_eq!(root(None, some("/x"), some("/h")), some("/x/cyclades"));
        assert_eq!(root(None, some("x"), some("/h")), some("/h/.local/state/cyclades"));
        assert_eq!(root(None, None, None), None);
    }
}
