//! The verbs as a user types them, on the simulator: whatever happens in between, `down` leaves nothing.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A machine that also compiles takes many times the seconds of an idle one.
const LIMIT: Duration = Duration::from_secs(240);

/// A folder of state, and what is done with it.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    fn bed(&self) -> PathBuf {
        self.state().join("bed")
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(line.split(' ')).env("CYCLADES_STATE", self.state()).stdin(Stdio::null());
        command
    }

    fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    /// Runs a line that must end well; its standard output.
    fn good(&self, line: &str) -> String {
        let output = self.run(line);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {}\n{errors}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a line that must fail; what it says on standard error.
    fn bad(&self, line: &str) -> String {
        let output = self.run(line);
        assert!(!output.status.success(), "{line}: {}", output.status);
        String::from_utf8(output.stderr).unwrap()
    }

    /// Begins a line; its standard output goes to a file.
    fn begin(&self, line: &str) -> Begun {
        let log = self.dir.path().join("output");
        let file = File::create(&log).unwrap();
        let child = self.command(line).stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        Begun { child, log }
    }

    fn assert_nothing_left(&self) {
        let mark = self.dir.path().to_str().unwrap();
        let pids = std::fs::read_dir("/proc").unwrap().flatten();
        let read =
            |path: PathBuf| String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned();
        let lines =
            pids.map(|entry| read(entry.path().join("cmdline")) + &read(entry.path().join("environ")));
        let left: Vec<_> = lines.filter(|line| line.contains(mark)).collect();
        assert_eq!(left, Vec::<String>::new());
        assert!(!self.state().exists(), "{:?}", std::fs::read_dir(self.state()).unwrap().collect::<Vec<_>>());
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // After a test that failed half-way.
        let _ = self.command("down").stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// A line that runs.
struct Begun {
    child: Child,
    log: PathBuf,
}

impl Begun {
    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    fn until(&mut self, what: &str, condition: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !condition(self) {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "ended ({ended:?}) before {what}:\n{}", self.said());
            assert!(begun.elapsed() < LIMIT, "{what} did not come:\n{}", self.said());
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    fn end(&mut self) -> Option<i32> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(begun.elapsed() < LIMIT, "it does not end:\n{}", self.said());
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn kubeconfig(exports: &str) -> &Path {
    let line = exports.lines().find_map(|line| line.strip_prefix("export KUBECONFIG="));
    Path::new(line.unwrap_or_else(|| panic!("no kubeconfig in {exports:?}")))
}

#[test]
fn a_bed_is_up_until_it_is_taken_down() {
    let place = Place::new();
    assert!(!place.run("status").status.success());
    let exports = place.good("up --sim --clusters 2");
    assert!(kubeconfig(&exports).is_file());
    assert!(exports.lines().all(|line| line.starts_with("export ")), "a shell evaluates {exports}");
    assert_eq!(place.good("up --sim --clusters 2"), exports);
    assert!(place.bad("up --sim").contains("another bed is up"));
    assert!(place.bad("demo --sim").contains("a bed is up already"));
    let status = place.good("status");
    for word in ["operator (pid", "kube-apiserver (pid", "cluster 2:", "ganeti-2", &exports] {
        assert!(status.contains(word), "{word} is not in\n{status}");
    }
    assert_eq!(place.good("lab exec 2 -- gnt-instance list --no-headers -o name"), "");
    assert!(place.bad("lab exec 3 -- gnt-instance list").contains("no cluster 3"));
    assert!(!place.run("lab exec 1 -- gnt-instance info nobody").status.success());
    place.good("down");
    place.assert_nothing_left();
    assert!(!place.run("status").status.success());
    place.good("down");
    place.assert_nothing_left();
}

#[test]
fn up_that_is_killed_half_way_is_cleaned_up_or_begun_anew() {
    let place = Place::new();
    for stage in
        ["bed.json", "control-plane/etcd.log", "control-plane/kube-controller-manager.log", "operator.log"]
    {
        let mut up = place.begin("up --sim");
        up.until(stage, |_| place.bed().join(stage).exists());
        up.signal(Signal::SIGKILL);
        assert_eq!(up.end(), None, "{}", up.said());
        assert!(!place.run("status").status.success(), "killed at {stage}");
        place.good("down");
        place.assert_nothing_left();
    }
    let mut up = place.begin("up --sim");
    up.until("the operator", |_| place.bed().join("operator.log").exists());
    up.signal(Signal::SIGKILL);
    up.end();
    assert!(kubeconfig(&place.good("up --sim")).is_file());
    place.good("down");
    place.assert_nothing_left();
}

#[test]
fn up_that_is_interrupted_cleans_up_by_itself() {
    let place = Place::new();
    let mut up = place.begin("up --sim");
    up.until("etcd", |_| place.bed().join("control-plane/etcd.log").exists());
    up.signal(Signal::SIGINT);
    assert_eq!(up.end(), Some(130), "{}", up.said());
    place.assert_nothing_left();
}

#[test]
fn one_dead_part_is_told_and_mended_by_another_up() {
    let place = Place::new();
    place.good("up --sim");
    let status = place.good("status");
    let pid = status.split("operator (pid ").nth(1).unwrap().split(')').next().unwrap();
    kill(Pid::from_raw(pid.parse().unwrap()), Signal::SIGKILL).unwrap();
    let told = String::from_utf8(place.run("status").stdout).unwrap();
    assert!(told.contains("the operator has ended"), "{told}");
    place.good("up --sim");
    place.good("status");
    place.good("down");
    place.assert_nothing_left();
}

#[test]
fn demo_once_shows_a_machine_and_leaves_nothing() {
    let place = Place::new();
    let shown = place.good("demo --sim --once");
    for word in [
        "virtualmachine.cyclades.io/web",
        "ganetibackend.cyclades.io/ganeti-1",
        "Running",
        "vm/web is deleted",
    ] {
        assert!(shown.contains(word), "{word} is not in\n{shown}");
    }
    place.assert_nothing_left();
}

#[test]
fn demo_stays_until_it_is_told_to_end_or_somebody_takes_it_down() {
    let place = Place::new();
    for end_by_signal in [true, false] {
        let mut demo = place.begin("demo --sim");
        demo.until("the invitation", |demo| demo.said().contains("It stays until Ctrl-C"));
        assert!(demo.said().contains("kubectl explain vm.spec"));
        assert!(place.bad("up --sim").contains("cargo xtask demo (pid"));
        assert!(place.good("lab exec 1 -- gnt-instance list --no-headers -o status").contains("running"));
        if end_by_signal {
            demo.signal(Signal::SIGTERM);
        } else {
            place.good("down");
        }
        assert_eq!(demo.end(), Some(0), "{}", demo.said());
        place.assert_nothing_left();
    }
}

#[test]
fn demo_that_is_killed_takes_everything_with_it() {
    let place = Place::new();
    let mut demo = place.begin("demo --sim");
    demo.until("the invitation", |demo| demo.said().contains("It stays until Ctrl-C"));
    demo.signal(Signal::SIGKILL);
    demo.end();
    place.good("down");
    place.assert_nothing_left();
}
