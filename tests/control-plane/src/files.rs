//! Files that are whole or not there, and a lock between processes.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use crate::Error;
use crate::progress::{self, Progress};

/// How often a held lock is tried again: builds take minutes, a second more is not felt.
const LOCK_POLL: Duration = Duration::from_secs(1);

/// Enough of a log to see why a program ended, little enough to fit a terminal.
const TAIL_BYTES: u64 = 4096;

/// Makes a folder, and those above it, that only its owner may enter.
pub(crate) fn make_private_folder(path: &Path) -> Result<(), Error> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(Error::io("make folder", path))
}

/// Writes a file with mode 0600. A reader sees the old content or the new, never a part.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> Result<(), Error> {
    let fresh = path.with_added_extension("new");
    let write = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(content)?;
        fs::rename(&fresh, path)
    };
    write().map_err(Error::io("write", path))
}

/// Removes a file or a folder with all in it; one that is not there is fine.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    let removed = match path.symlink_metadata() {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Copies a folder with all in it. Files that are no plain files are left out.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    make_private_folder(to)?;
    for entry in fs::read_dir(from).map_err(Error::io("read", from))? {
        let path = entry.map_err(Error::io("read", from))?.path();
        let Some(name) = path.file_name() else { continue };
        if path.is_dir() {
            copy(&path, &to.join(name))?;
        } else if path.is_file() {
            fs::copy(&path, to.join(name)).map_err(Error::io("copy", &path))?;
        }
    }
    Ok(())
}

/// The end of a log, for a message about the program that wrote it.
pub(crate) fn tail(path: &Path) -> String {
    let read = || {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&bytes).into_owned())
    };
    read().unwrap_or_else(|error| format!("(cannot be read: {error})"))
}

/// Takes the lock on `path` for as long as the returned file lives; waits `limit` for another process.
///
/// The system frees the lock when its holder dies, so a stale lock file never blocks anybody.
pub(crate) async fn lock(path: &Path, limit: Duration, progress: &dyn Progress) -> Result<File, Error> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(Error::io("open lock", path))?;
    let waiting = || "another process builds the same; waiting for it".to_owned();
    let taken = progress::pulse(progress, waiting, async {
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_POLL).await,
                Err(TryLockError::Error(error)) => return Err(Error::io("lock", path)(error)),
            }
        }
    });
    tokio::time::timeout(limit, taken).await.map_err(|_| Error::Timeout {
        what: format!("the lock {}, held by another process,", path.display()),
        after: limit,
        last: String::new(),
    })??;
    Ok(file)
}
