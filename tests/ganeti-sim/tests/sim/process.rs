//! The simulator as a process, and Ganeti's commands for it.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_ganeti-sim");

struct Process {
    child: Child,
    ready: Value,
}

impl Process {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
        Self { child, ready }
    }

    fn gnt(&self, line: &str) -> Output {
        let control = self.ready["control"].as_str().unwrap();
        Command::new(PROGRAM).args(["gnt", "--control", control]).args(line.split(' ')).output().unwrap()
    }

    fn out(&self, line: &str) -> String {
        let output = self.gnt(line);
        assert!(output.status.success(), "{line}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already gone is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_tells_where_it_is_and_leaves_nothing() {
    let mut process = Process::start(&["--preload", "2", "--seed", "5"]);
    let file = process.ready["credentials_file"].as_str().unwrap().to_owned();
    let file = Path::new(&file);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let credentials: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let password = credentials["write"]["password"].as_str().unwrap();
    let arguments = std::fs::read_to_string(format!("/proc/{}/cmdline", process.child.id())).unwrap();
    assert!(!arguments.contains(password));
    assert_eq!(process.ready["certificate_sha256"].as_str().unwrap().len(), 64);

    let id = process.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert!(process.child.wait().unwrap().success());
    assert!(!file.exists());
}

#[test]
fn ganetis_commands_work_on_it() {
    let process = Process::start(&["--preload", "2"]);
    let list = process.out("gnt-instance list -o name,status,tags");
    let lines: Vec<_> = list.lines().map(str::trim_end).collect();
    let wanted = [
        "Instance              Status  Tags",
        "instance0.example.com running",
        "instance1.example.com running",
    ];
    assert_eq!(lines, wanted);
    process.out("gnt-instance shutdown instance1.example.com");
    process.out("gnt-instance add-tags instance1.example.com a:b c");
    assert_eq!(
        process
            .out("instance list --no-headers --separator=: --output=name,status,tags instance1.example.com"),
        "instance1.example.com:ADMIN_down:a:b,c\n"
    );
    assert_eq!(process.out("gnt-instance list-tags instance1.example.com"), "a:b\nc\n");
    assert!(process.out("gnt-job list").contains(" 1 success INSTANCE_SHUTDOWN(instance1.example.com)"));
    assert!(process.out("gnt-cluster info").starts_with("Cluster name: cluster.sim.example.com\n"));
    process.out("gnt-cluster queue drain");
    assert_eq!(process.out("gnt-cluster queue info"), "The drain flag is set\n");
    process.out("gnt-instance remove --force instance0.example.com");
    assert_eq!(process.out("gnt-instance list --no-headers -o name"), "instance1.example.com\n");
    process.out("gnt-node modify -O yes node1.sim.example.com");
    assert_eq!(process.out("gnt-instance list --no-headers -o status"), "ERROR_nodeoffline\n");

    let unknown = process.gnt("gnt-instance shutdown nobody");
    assert!(!unknown.status.success());
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("no instance \"nobody\""), "{unknown:?}");
    let unknown = process.gnt("gnt-instance move a b");
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("not simulated"), "{unknown:?}");
}

#[test]
fn the_control_endpoint_is_for_this_machine_alone() {
    let output = Command::new(PROGRAM).args(["--control", "0.0.0.0:0"]).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("only loopback"), "{output:?}");
}
