//! Which process was meant: a pid alone may by now be somebody else's.

use std::fs;
use std::io;
use std::path::Path;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// A process, told apart from any other that ever had its pid on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// Process id.
    pub(crate) pid: i32,
    /// Start time in clock ticks since boot: field 22 of `/proc/PID/stat` (proc_pid_stat(5)).
    start_ticks: u64,
    /// `/proc/sys/kernel/random/boot_id`: ticks of another boot say nothing.
    boot_id: String,
}

/// What `/proc/PID/stat` says that matters here.
struct Stat {
    state: char,
    start_ticks: u64,
}

impl Identity {
    /// Reads the identity of a process that exists now (a zombie counts).
    pub(crate) fn of(pid: i32) -> io::Result<Self> {
        let stat = Stat::of(pid)?;
        let boot_id = fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned();
        Ok(Self { pid, start_ticks: stat.start_ticks, boot_id })
    }

    /// Whether this very process still runs. A zombie does not: it holds nothing but its exit status.
    pub(crate) fn runs(&self) -> bool {
        let running = Stat::of(self.pid).is_ok_and(|stat| !matches!(stat.state, 'Z' | 'X'));
        running && Self::of(self.pid).is_ok_and(|now| now == *self)
    }

    /// Sends a signal if this very process still runs.
    pub(crate) fn signal(&self, signal: Signal) -> io::Result<()> {
        if !self.runs() {
            return Ok(());
        }
        match kill(Pid::from_raw(self.pid), signal) {
            Ok(()) | Err(Errno::ESRCH) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }
}

impl Stat {
    fn of(pid: i32) -> io::Result<Self> {
        let text = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"))?;
        Self::parse(&text).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, text))
    }

    /// The command name (field 2) may hold blanks and parentheses, so the fields count from the last `)`.
    fn parse(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(')')?;
        let mut fields = rest.split_ascii_whitespace();
        let state = fields.next()?.chars().next()?;
        let start_ticks = fields.nth(18)?.parse().ok()?;
        Some(Self { state, start_ticks })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_name_with_parentheses_does_not_shift_the_fields() {
        let line =
            "42 (a) b) S 1 42 42 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 9 0 777 1000 5 18446744073709551615";
        let stat = Stat::parse(line).unwrap();
        assert_eq!((stat.state, stat.start_ticks), ('S', 777));
    }

    #[test]
    fn a_recycled_pid_is_another_process() {
        let me = Identity::of(i32::try_from(std::process::id()).unwrap()).unwrap();
        assert!(me.runs());
        let earlier = Identity { start_ticks: me.start_ticks.wrapping_sub(1), ..me.clone() };
        assert!(!earlier.runs());
        let other_boot = Identity { boot_id: "0".to_owned(), ..me };
        assert!(!other_boot.runs());
    }
}
