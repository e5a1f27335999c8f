//! What several test programs here need.
#![allow(dead_code, reason = "each test program uses its part")]

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use cyclades_control_plane::{Binaries, ControlPlane, progress};
use tokio::io::AsyncWriteExt as _;

/// Generous: the machine may compile at the same time.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The binaries, or a failed test that says why they cannot be had.
pub async fn binaries() -> Binaries {
    match Binaries::ensure(&progress::Stderr::new()).await {
        Ok(binaries) => binaries,
        Err(error) => panic!("these tests need a real control plane and its programs cannot be had: {error}"),
    }
}

/// Waits until `condition` holds, at most [`PATIENCE`].
pub async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition().await {
        assert!(Instant::now() < deadline, "not within {} s: {what}", PATIENCE.as_secs());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What kubectl said.
pub struct Said {
    pub ok: bool,
    pub out: String,
    pub err: String,
}

impl Said {
    /// Its output, if it succeeded.
    #[track_caller]
    pub fn expect_ok(self) -> String {
        assert!(self.ok, "kubectl failed: {}", self.err);
        self.out
    }

    /// Its complaint, if it failed.
    #[track_caller]
    pub fn expect_refused(self) -> String {
        assert!(!self.ok, "kubectl should have been refused: {}", self.out);
        self.err
    }
}

/// Runs kubectl as administrator.
pub async fn kubectl(control_plane: &ControlPlane, args: &[&str], input: &str) -> Said {
    run(control_plane.kubectl().args(args), input).await
}

/// Runs kubectl as another user.
pub async fn kubectl_as(control_plane: &ControlPlane, kubeconfig: &Path, args: &[&str]) -> Said {
    run(control_plane.kubectl().arg("--kubeconfig").arg(kubeconfig).args(args), "").await
}

async fn run(command: &mut tokio::process::Command, input: &str) -> Said {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("kubectl starts");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    stdin.write_all(input.as_bytes()).await.expect("kubectl reads its input");
    drop(stdin);
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output());
    let output = output.await.expect("kubectl ends in time").expect("kubectl's output");
    Said {
        ok: output.status.success(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The pids of all processes that were started for the control plane in `dir`, found by their environment.
pub fn processes_of(dir: &Path) -> Vec<i32> {
    let mark = format!("CYCLADES_CONTROL_PLANE={}", dir.display());
    let mut pids = Vec::new();
    for entry in std::fs::read_dir("/proc").expect("/proc").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        if environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes()) {
            pids.push(pid);
        }
    }
    pids
}
