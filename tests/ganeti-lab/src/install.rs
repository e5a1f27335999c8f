//! Fetching what the lab needs, once for the machine.

pub(crate) mod guest;
mod kernel;
mod packages;
mod quiet_services;
mod scratch;

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use crate::{Error, cache, requirements, wait};

/// Told in a line what is being done and why.
pub(crate) type Progress<'a> = &'a (dyn Fn(&str) + Sync);

/// Another installer may have to fetch and unpack everything on a slow line.
const OTHER_INSTALLER: Duration = Duration::from_secs(30 * 60);
const LOCK_POLL: Duration = Duration::from_millis(200);

/// Installs the missing Debian packages and builds what the guests boot from; at once if nothing is missing.
///
/// No daemon is started, and none is set up to start later. `progress` is told what is done and why, nothing if
/// there is nothing to do. Any number of processes may call it at the same time: one of them does the work.
///
/// # Errors
/// [`Error::Requirements`], or the failed command with the end of what it printed.
pub async fn install(progress: Progress<'_>) -> Result<(), Error> {
    if is_complete().await? {
        return Ok(());
    }
    requirements::requirements().map_err(Error::Requirements)?;
    let directory = cache::directory();
    std::fs::create_dir_all(&directory).map_err(Error::file("create", &directory))?;
    let _lock = lock(&directory.join("install.lock"), progress).await?;
    packages::install(progress).await?;
    guest::build(progress).await
}

async fn is_complete() -> Result<bool, Error> {
    Ok(guest::is_built(&guest::directory()) && packages::missing().await?.is_empty())
}

/// Held until the file is closed, also if this process is killed.
async fn lock(path: &Path, progress: Progress<'_>) -> Result<File, Error> {
    let file = File::create(path).map_err(Error::file("create", path))?;
    let mut told = false;
    let held =
        wait::until("another installer of the lab", OTHER_INSTALLER, LOCK_POLL, || match file.try_lock() {
            Ok(()) => Some(Ok(())),
            Err(TryLockError::Error(error)) => Some(Err(error)),
            Err(TryLockError::WouldBlock) => {
                if !told {
                    progress("waiting for another installer of the lab");
                    told = true;
                }
                None
            }
        });
    held.await?.map_err(Error::file("lock", path))?;
    Ok(file)
}
