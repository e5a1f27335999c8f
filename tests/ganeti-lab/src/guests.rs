//! What a test can learn about instances past Ganeti.

use std::collections::BTreeMap;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::layout::{CONSOLES, OS_ENVIRONMENT};
use crate::{Cluster, Error};

/// A guest that has started powers off in less than a second.
const POWER_OFF: Duration = Duration::from_secs(30);

impl Cluster {
    /// Where everything that a kvm guest printed on its serial line is kept, over all its starts.
    /// The file comes with the first start.
    pub fn console_log(&self, instance: &str) -> PathBuf {
        self.on_machine(CONSOLES).join(format!("{instance}.log"))
    }

    /// One file for each instance whose OS definition's `create` has run: its environment, entries ended by NUL.
    ///
    /// # Errors
    /// [`Error::File`] if the directory cannot be read.
    pub fn os_environment_files(&self) -> Result<Vec<PathBuf>, Error> {
        let directory = self.on_machine(OS_ENVIRONMENT);
        let entries = std::fs::read_dir(&directory).map_err(Error::file("read", &directory))?;
        let mut files: Vec<PathBuf> = entries
            .flatten()
            .filter(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."))
            .map(|entry| entry.path())
            .collect();
        files.sort();
        Ok(files)
    }

    /// What Ganeti handed to the last `create` of this instance; OS parameters are `OSP_NAME`.
    ///
    /// # Errors
    /// [`Error::File`] if `create` has not run for it.
    pub fn os_environment(&self, instance: &str) -> Result<BTreeMap<String, String>, Error> {
        let file = self.on_machine(OS_ENVIRONMENT).join(instance);
        let bytes = std::fs::read(&file).map_err(Error::file("read", &file))?;
        let text = String::from_utf8_lossy(&bytes);
        let entries = text.split('\0').filter_map(|entry| entry.split_once('='));
        Ok(entries.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// The command line of the QEMU that runs this kvm instance.
    ///
    /// # Errors
    /// [`Error::File`] if it does not run.
    pub fn qemu_command_line(&self, instance: &str) -> Result<Vec<String>, Error> {
        let pid = self.qemu_pid(instance)?;
        let file = self.view(&format!("/proc/{pid}/cmdline"))?;
        let bytes = std::fs::read(&file).map_err(Error::file("read", &file))?;
        let text = String::from_utf8_lossy(&bytes);
        Ok(text.trim_end_matches('\0').split('\0').map(str::to_owned).collect())
    }

    /// Number of the instance's QEMU, as the cluster counts processes.
    ///
    /// # Errors
    /// [`Error::File`] if it does not run.
    pub fn qemu_pid(&self, instance: &str) -> Result<u32, Error> {
        let file = self.view(&format!("/run/ganeti/kvm-hypervisor/pid/{instance}"))?;
        let pid = std::fs::read_to_string(&file).map_err(Error::file("read", &file))?;
        pid.trim().parse().map_err(|error| Error::content(&file, error))
    }

    /// Makes a kvm guest power itself off, as its user would, and waits until its QEMU has ended.
    ///
    /// Ganeti shows `USER_down` afterwards; it shows `ERROR_down` if its daemon that watches guests (kvmd) missed this
    /// one's start, which happens.
    ///
    /// # Errors
    /// [`Error::File`] if it does not run, [`Error::Timeout`] if it does not obey.
    pub async fn power_off_from_inside(&self, instance: &str) -> Result<(), Error> {
        let directory = self.view("/run/ganeti/kvm-hypervisor/ctrl")?;
        let handle = std::fs::File::open(&directory).map_err(Error::file("open", &directory))?;
        // Not by its full path: a socket's has at most 107 characters, and instances may have long names.
        let socket = format!("/proc/self/fd/{}/{instance}.serial", handle.as_raw_fd());
        let mut line = UnixStream::connect(&socket).await.map_err(Error::file("connect to", &socket))?;
        line.write_all(b"\npoweroff\n").await.map_err(Error::file("write", &socket))?;
        // QEMU drops what it has not handed on when the connection ends before it.
        let mut printed = Vec::new();
        let ended = tokio::time::timeout(POWER_OFF, line.read_to_end(&mut printed)).await;
        match ended {
            Ok(_) => Ok(()),
            Err(_) => {
                Err(Error::Timeout { what: format!("guest {instance} does not power off"), after: POWER_OFF })
            }
        }
    }
}
