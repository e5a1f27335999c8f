//! Whether this machine can run the lab at all.

use std::process::{Command, Stdio};

/// Checks what [`crate::install`] cannot provide: root, Debian on x86-64, and a kernel with namespaces.
///
/// # Errors
/// A sentence for each missing thing, with the cure.
pub fn requirements() -> Result<(), Vec<String>> {
    let mut missing = Vec::new();
    missing.extend(system());
    match root() {
        Some(not_root) => missing.push(not_root),
        None => missing.extend(kernel()),
    }
    if missing.is_empty() { Ok(()) } else { Err(missing) }
}

pub(crate) fn root() -> Option<String> {
    (!nix::unistd::geteuid().is_root()).then(|| {
        "The lab makes namespaces and network devices: run it as root, for example with sudo -E.".to_owned()
    })
}

fn system() -> Option<String> {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let debian = release.lines().any(|line| line == "ID=debian");
    (!debian || std::env::consts::ARCH != "x86_64").then(|| {
        "The lab takes Ganeti and its guests' kernel from Debian's packages for amd64: run it on Debian 12, \
         for example in a privileged container of debian:bookworm."
            .to_owned()
    })
}

/// Tries what a cluster begins with; `ip` may be one of the things that are still to be installed.
fn kernel() -> Option<String> {
    let attempt = "if command -v ip >/dev/null; then ip link add name a type veth peer name b \
                   && ip link add name c type bridge; fi && mount -t tmpfs none /mnt && mount -t sysfs none /sys";
    let tried = Command::new("unshare")
        .args(["--fork", "--pid", "--net", "--uts", "--ipc", "--mount", "--propagation", "private", "--"])
        .args(["sh", "-c", attempt])
        .stdin(Stdio::null())
        .output();
    let reason = match tried {
        Ok(output) if output.status.success() => return None,
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => error.to_string(),
    };
    Some(format!(
        "The kernel must allow new namespaces, mounts, veth and bridge devices, and does not ({reason}): in a container, \
         run it with --privileged; else load the modules veth and bridge."
    ))
}
