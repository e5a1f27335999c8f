//! The Debian packages that the lab runs.

use std::collections::BTreeSet;
use std::pin::pin;
use std::time::{Duration, Instant};

use super::Progress;
use super::quiet_services::QuietServices;
use crate::Error;
use crate::command::{self, Limit};

/// What is installed, with what it depends on. Never `arping`: it pushes out `iputils-arping`, and with it ganeti.
const WANTED: [&str; 6] = ["ganeti", "qemu-system-x86", "qemu-utils", "bridge-utils", "iproute2", "cpio"];

/// Comes with ganeti, which needs its host keys and nothing else of it.
const SSH_SERVER: &str = "openssh-server";

const QUERY: Limit = Limit(Duration::from_secs(30));
/// 43 MB to fetch, and another package manager to wait for.
pub(super) const APT: Limit = Limit(Duration::from_secs(20 * 60));
/// Nobody takes for hung what speaks this often.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);
/// What apt waits for another package manager, seconds.
const DPKG_LOCK: &str = "DPkg::Lock::Timeout=300";

/// Wanted packages that are not there.
pub(super) async fn missing() -> Result<Vec<&'static str>, Error> {
    let there = installed(&WANTED).await?;
    Ok(WANTED.into_iter().filter(|name| !there.contains(*name)).collect())
}

async fn installed(names: &[&str]) -> Result<BTreeSet<String>, Error> {
    // dpkg-query fails if it knows nothing of one of them, after it told of the others.
    let script =
        "dpkg-query --show --showformat='${Package} ${db:Status-Status}\\n' \"$@\" 2>/dev/null; true";
    let argv = [&["sh", "-c", script, "dpkg-query"], names].concat();
    let table = command::run(&argv, None, QUERY).await?;
    Ok(table.lines().filter_map(|line| line.strip_suffix(" installed")).map(str::to_owned).collect())
}

/// Installs what is missing, without starting any daemon.
pub(super) async fn install(progress: Progress<'_>) -> Result<(), Error> {
    let missing = missing().await?;
    if missing.is_empty() {
        return Ok(());
    }
    progress(&format!(
        "installing Debian packages {} (a real Ganeti and its hypervisor)",
        missing.join(", ")
    ));
    let had_ssh_server = installed(&[SSH_SERVER]).await?.contains(SSH_SERVER);
    let quiet = QuietServices::begin()?;
    let options =
        ["install", "--yes", "--quiet=2", "--no-install-recommends", "--no-remove", "-o", DPKG_LOCK];
    let done = with_lists(progress, &[&["apt-get"], options.as_slice(), &missing].concat()).await;
    quiet.end()?;
    done?;
    if !had_ssh_server {
        progress("keeping the ssh server that came with ganeti from being started with the machine");
        // Without systemctl there is no systemd that would start it.
        let script = "if command -v systemctl >/dev/null; then systemctl disable ssh.service; fi";
        command::run(&["sh", "-c", script], None, QUERY).await?;
    }
    Ok(())
}

/// Runs an apt command; if it fails, once more after the lists of packages are brought up to date.
pub(super) async fn with_lists(progress: Progress<'_>, argv: &[&str]) -> Result<String, Error> {
    match run(progress, argv).await {
        Err(Error::Command { .. }) => {
            progress("bringing the lists of Debian packages up to date");
            run(progress, &["apt-get", "update", "--quiet=2", "-o", DPKG_LOCK]).await?;
            run(progress, argv).await
        }
        other => other,
    }
}

/// Runs a command that asks no questions, with a sign of life now and then.
async fn run(progress: Progress<'_>, argv: &[&str]) -> Result<String, Error> {
    const ENVIRONMENT: [(&str, &str); 2] = [("DEBIAN_FRONTEND", "noninteractive"), ("LC_ALL", "C.UTF-8")];
    let mut work = pin!(command::run_with(argv, &ENVIRONMENT, None, APT));
    let start = Instant::now();
    loop {
        match tokio::time::timeout(SIGN_OF_LIFE, &mut work).await {
            Ok(done) => return done,
            Err(_) => {
                progress(&format!("still at it: `{}` ({} s)", argv.join(" "), start.elapsed().as_secs()))
            }
        }
    }
}
