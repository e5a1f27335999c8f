//! What the kernel says of a process: proc(5).

use std::time::Duration;

use anyhow::Context as _;

/// A process by its id.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process(pub(crate) i32);

impl Process {
    fn read(self, file: &str) -> anyhow::Result<String> {
        let path = format!("/proc/{}/{file}", self.0);
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}: has it ended?"))
    }

    /// Processor time used since its start, user and system, all threads.
    pub(crate) fn cpu(self) -> anyhow::Result<Duration> {
        cpu(&self.read("stat")?).context("/proc/PID/stat has another form than expected")
    }

    /// Memory that is resident, MiB.
    pub(crate) fn resident_mib(self) -> anyhow::Result<f64> {
        self.memory("VmRSS:")
    }

    /// Most memory that was ever resident, MiB.
    pub(crate) fn peak_mib(self) -> anyhow::Result<f64> {
        self.memory("VmHWM:")
    }

    fn memory(self, field: &str) -> anyhow::Result<f64> {
        memory_mib(&self.read("status")?, field).with_context(|| format!("/proc/PID/status has no {field}"))
    }
}

/// Clock ticks a second, which Linux has fixed for user space at 100 (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

fn cpu(stat: &str) -> Option<Duration> {
    // The name in parentheses may hold anything; utime and stime are fields 14 and 15 of all, 12 and 13 after it.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u32>().ok();
    Some(TICK * (ticks()? + ticks()?))
}

fn memory_mib(status: &str, field: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kib: u32 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(f64::from(kib) / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_forms_are_read() {
        let stat = "42 (a )b) S 1 2 3 0 -1 4 5 6 7 8 120 30 0 0 20 0 1 0 99";
        assert_eq!(cpu(stat), Some(Duration::from_millis(1500)));
        assert_eq!(memory_mib("VmPeak:\t 9 kB\nVmRSS:\t   2048 kB\n", "VmRSS:"), Some(2.0));
        assert_eq!(memory_mib("", "VmRSS:"), None);
    }

    #[test]
    fn this_process_has_memory_and_used_time() {
        let this = Process(i32::try_from(std::process::id()).unwrap());
        assert!(this.resident_mib().unwrap() > 0.5);
        assert!(this.peak_mib().unwrap() >= this.resident_mib().unwrap() * 0.5);
        this.cpu().unwrap();
    }
}
