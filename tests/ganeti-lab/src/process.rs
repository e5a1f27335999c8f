//! One process, told apart from a later one with the same number.

use std::path::PathBuf;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// A process of this machine: its number and when it started, as numbers are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessId {
    pid: i32,
    /// Clock ticks since the machine started (field 22 of `/proc/PID/stat`, proc(5)).
    start_time: u64,
}

/// The fields of `/proc/PID/stat` that are of use here.
struct Stat {
    state: char,
    parent: i32,
    start_time: u64,
}

impl Stat {
    fn read(pid: i32) -> Option<Self> {
        let line = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The second field is the name in parentheses and may hold anything, parentheses included.
        let (_, fields) = line.rsplit_once(") ")?;
        let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
        Some(Self {
            state: fields.first()?.chars().next()?,
            parent: fields.get(1)?.parse().ok()?,
            start_time: fields.get(19)?.parse().ok()?,
        })
    }

    fn is_dead(&self) -> bool {
        matches!(self.state, 'Z' | 'X' | 'x')
    }
}

impl ProcessId {
    /// The process that has this number now; none if there is no such process or it is a zombie.
    pub fn of(pid: u32) -> Option<Self> {
        let pid = i32::try_from(pid).ok()?;
        let stat = Stat::read(pid).filter(|stat| !stat.is_dead())?;
        Some(Self { pid, start_time: stat.start_time })
    }

    /// Its number in the namespace of the caller.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Whether this very process still runs.
    pub fn is_running(&self) -> bool {
        Stat::read(self.pid).is_some_and(|stat| stat.start_time == self.start_time && !stat.is_dead())
    }

    /// Ends the process at once. It is no error if it is gone already.
    pub(crate) fn end(&self) {
        if self.is_running() {
            // The one possible failure is that it ended in between.
            let _ = kill(Pid::from_raw(self.pid), Signal::SIGKILL);
        }
    }

    /// Its first child.
    pub(crate) fn child(&self) -> Option<Self> {
        std::fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = Stat::read(i32::try_from(pid).ok()?)?;
            (stat.parent == self.pid).then(|| Self::of(pid)).flatten()
        })
    }

    /// `path` (absolute) as this process sees it, for a reader outside its mount namespace.
    pub(crate) fn view(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{path}", self.pid))
    }
}

#[cfg(test)]
mod tests {
    use super::ProcessId;

    #[test]
    fn knows_itself_and_not_a_namesake() {
        let own = ProcessId::of(std::process::id()).unwrap();
        assert!(own.is_running());
        let namesake = ProcessId { start_time: own.start_time + 1, ..own };
        assert!(!namesake.is_running());
    }

    #[test]
    fn finds_its_child_and_ends_it() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let id = ProcessId::of(child.id()).unwrap();
        assert!(id.is_running());
        id.end();
        assert!(!child.wait().unwrap().success());
        assert!(!id.is_running());
    }
}
