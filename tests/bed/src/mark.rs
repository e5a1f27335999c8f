//! Finding the bed's processes without any record of them.
//!
//! Each process that a bed starts carries the bed's folder and its own name in its environment. A record could be lost
//! between a fork and a write, or name a number that now belongs to somebody else; the mark cannot.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use ganeti_lab::ProcessId;

/// Environment variable with the bed's folder.
pub(crate) const BED: &str = "CYCLADES_BED";
/// Environment variable with the process's name in that bed.
pub(crate) const PART: &str = "CYCLADES_BED_PART";

/// A process that was started for a bed.
#[derive(Debug, Clone)]
pub(crate) struct Marked {
    pub(crate) name: String,
    pub(crate) id: ProcessId,
}

/// Every running process of the bed in `dir` (an absolute path). Only processes of this user, or all for root.
pub(crate) fn find(dir: &Path) -> Vec<Marked> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| of(pid, dir)).collect()
}

/// The identity is read before and after the mark: the same process has both.
fn of(pid: u32, dir: &Path) -> Option<Marked> {
    let id = ProcessId::of(pid)?;
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let value = |name: &str| {
        let prefix = [name.as_bytes(), b"="].concat();
        environment.split(|byte| *byte == 0).find_map(|entry| entry.strip_prefix(prefix.as_slice()))
    };
    let ours = value(BED)? == dir.as_os_str().as_bytes();
    let name = String::from_utf8_lossy(value(PART)?).into_owned();
    (ours && id.is_running()).then_some(Marked { name, id })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    #[test]
    fn a_process_is_found_by_the_folder_in_its_environment_and_by_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new("sleep")
            .arg("60")
            .env(super::BED, dir.path())
            .env(super::PART, "part")
            .spawn()
            .unwrap();
        let found = loop {
            // Between fork and exec it still has this test's environment.
            let found = super::find(dir.path());
            if !found.is_empty() {
                break found;
            }
            std::thread::yield_now();
        };
        assert_eq!((found[0].name.as_str(), found[0].id.pid().cast_unsigned()), ("part", child.id()));
        assert!(super::find(&dir.path().join("other")).is_empty());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(super::find(dir.path()).is_empty());
    }
}
