//! One process at a time works on the bed; who, stands in the lock file.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use ganeti_lab::ProcessId;
use serde_json::json;

use crate::state::State;

/// Held until it is dropped, or until this process ends in whatever way.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
    root: PathBuf,
}

/// Who works on the bed.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The verb it runs.
    pub verb: String,
    /// The process, if it has told by now.
    pub process: Option<ProcessId>,
}

impl Lock {
    /// The lock, or who has it.
    pub fn take(state: &State, verb: &str) -> anyhow::Result<Result<Self, Holder>> {
        let path = state.lock();
        let describe = || format!("cannot lock {}", path.display());
        fs::create_dir_all(state.root()).with_context(describe)?;
        loop {
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
            let file = file.with_context(describe)?;
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => return Ok(Err(holder(&path))),
                Err(TryLockError::Error(error)) => return Err(error).with_context(describe),
                // The one before removed the file after we opened it: what we hold is a file without a name.
                Ok(()) if !is_same(&file, &path) => {}
                Ok(()) => {
                    let mut lock = Self { file, path: path.clone(), root: state.root().to_path_buf() };
                    lock.write(verb).with_context(describe)?;
                    return Ok(Ok(lock));
                }
            }
        }
    }

    fn write(&mut self, verb: &str) -> std::io::Result<()> {
        let text = json!({"verb": verb, "process": ProcessId::of(std::process::id())}).to_string();
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(text.as_bytes())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Removed while it is held, so that nobody's lock is removed. The folder goes only if nothing else is in it.
        let _ = fs::remove_file(&self.path);
        let _ = fs::remove_dir(&self.root);
    }
}

fn is_same(file: &File, path: &Path) -> bool {
    let number = |meta: &fs::Metadata| (meta.dev(), meta.ino());
    match (file.metadata(), path.metadata()) {
        (Ok(held), Ok(named)) => number(&held) == number(&named),
        _ => false,
    }
}

fn holder(path: &Path) -> Holder {
    let value = fs::read(path).ok().and_then(|text| serde_json::from_slice::<serde_json::Value>(&text).ok());
    let value = value.unwrap_or_default();
    let process = serde_json::from_value(value["process"].clone()).ok();
    Holder { verb: value["verb"].as_str().unwrap_or("command").to_owned(), process }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cargo xtask {}", self.verb)?;
        self.process.map_or(Ok(()), |process| write!(f, " (pid {})", process.pid()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_learns_who_is_first_and_nothing_stays() {
        let dir = tempfile::tempdir().unwrap();
        let state = State::find(Some(dir.path().join("state"))).unwrap();
        let first = Lock::take(&state, "demo").unwrap().unwrap();
        let holder = Lock::take(&state, "up").unwrap().unwrap_err();
        assert_eq!(holder.verb, "demo");
        assert_eq!(holder.process, ProcessId::of(std::process::id()));
        drop(first);
        drop(Lock::take(&state, "up").unwrap().unwrap());
        assert!(!state.root().exists());
    }
}
