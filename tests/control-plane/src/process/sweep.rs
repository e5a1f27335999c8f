//! Processes that carry our mark, found without any record of them.
//!
//! A starter that dies between a fork and the write of the state file leaves a process that no file names.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::{Identity, MARKER};

/// Every running process that was started for the control plane in `dir` (an absolute path).
///
/// Only processes whose environment this user may read are seen; ours are among them.
pub(crate) fn marked(dir: &Path) -> Vec<Identity> {
    let mark = [MARKER.as_bytes(), b"=", dir.as_os_str().as_bytes()].concat();
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| carries(*pid, &mark))
        .filter_map(|pid| Identity::of(pid).ok())
        .collect()
}

fn carries(pid: i32, mark: &[u8]) -> bool {
    fs::read(format!("/proc/{pid}/environ"))
        .is_ok_and(|environment| environment.split(|byte| *byte == 0).any(|variable| variable == mark))
}
