//! What a test can learn about instances past Ganeti.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::layout::{CONSOLES, OS_ENVIRONMENT};
use crate::{Cluster, Error};

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
        let pid_file = self.view(&format!("/run/ganeti/kvm-hypervisor/pid/{instance}"))?;
        let pid = std::fs::read_to_string(&pid_file).map_err(Error::file("read", &pid_file))?;
        let pid: u32 = pid.trim().parse().map_err(|error| Error::content(&pid_file, error))?;
        let file = self.view(&format!("/proc/{pid}/cmdline"))?;
        let bytes = std::fs::read(&file).map_err(Error::file("read", &file))?;
        let text = String::from_utf8_lossy(&bytes);
        Ok(text.trim_end_matches('\0').split('\0').map(str::to_owned).collect())
    }
}
