//! What every bed must do, whichever Ganeti it has.

use std::path::Path;
use std::time::Duration;

use cyclades_bed::{Bed, CargoOutput, ClusterKind, Error, NAMESPACE, Options, Profile, Programs, down};
use cyclades_control_plane::progress::{Silent, Stderr};

const LIMIT: Duration = Duration::from_secs(120);

pub async fn programs() -> Programs {
    Programs::ensure(Profile::Debug, CargoOutput::Kept, &Stderr::new()).await.unwrap()
}

/// A machine under the chart's own role, an operator that is killed, and an end that leaves nothing.
pub async fn a_bed_runs_a_machine_and_leaves_nothing(kind: ClusterKind) {
    let options = Options::for_test(vec![kind]).with_audit();
    let mut bed = Bed::start(options, &programs().await, &Stderr::new()).await.unwrap();
    let dir = bed.dir().to_path_buf();
    assert!(matches!(bed.cluster(2), Err(Error::NoCluster { wanted: 2, have: 1 })));
    assert_eq!(bed.cluster(1).unwrap().instances().await.unwrap(), Vec::<String>::new());
    let namespace = bed.fresh_namespace("bed").await.unwrap();
    bed.apply_yaml(&machine(&namespace)).await.unwrap();
    bed.wait_for(&["-n", &namespace, "vm/web"], "condition=Ready", LIMIT).await.unwrap();
    let instances = bed.cluster(1).unwrap().instances().await.unwrap();
    assert_eq!(instances.len(), 1, "{instances:?}");
    restarts(&mut bed).await;
    roles(&bed).await;
    bed.kubectl(&["delete", "namespace", &namespace, "--wait=false"]).await.unwrap();
    bed.wait_for(&["namespace", &namespace], "delete", LIMIT).await.unwrap();
    assert_eq!(bed.cluster(1).unwrap().instances().await.unwrap(), Vec::<String>::new());
    bed.stop().await.unwrap();
    assert_nothing_left(&dir);
}

/// Killed, started, stopped: each time another process.
async fn restarts(bed: &mut Bed) {
    let first = bed.operator_pid().unwrap();
    let operator = bed.operator().unwrap();
    operator.kill().await.unwrap();
    operator.start().unwrap();
    operator.ready().await.unwrap();
    assert!(operator.restart().await.is_ok());
    assert_ne!(bed.operator_pid().unwrap(), first);
    bed.ready(LIMIT).await.unwrap();
    assert!(bed.metrics().await.unwrap().contains("# TYPE"));
    bed.check().unwrap();
}

/// Whatever the operator did, it did as the ServiceAccount of the chart.
async fn roles(bed: &Bed) {
    let events = bed.control_plane().audit_events().await.unwrap();
    let account = format!("system:serviceaccount:{NAMESPACE}:cyclades");
    let ours: Vec<_> = events.iter().filter(|event| event.user == account).collect();
    assert!(ours.iter().any(|event| event.verb == "patch" && event.resource == "virtualmachines"));
    assert_eq!(ours.iter().filter(|event| event.code == 403).count(), 0, "{ours:?}");
    let status = events.iter().filter(|event| event.subresource == "status" && event.group == "cyclades.io");
    assert!(status.clone().count() > 0);
    assert!(status.into_iter().all(|event| event.user == account));
}

/// Left running by the process that made it, found and ended by its folder.
pub async fn a_detached_bed_is_attached_to_and_taken_down(kind: ClusterKind) {
    let options = Options::for_test(vec![kind]).detached();
    let dir = options.dir.clone();
    drop(Bed::start(options, &programs().await, &Silent).await.unwrap());
    let again = Bed::attach(&dir).unwrap();
    assert_eq!(again.kinds(), [kind]);
    assert_eq!(again.cluster(1).unwrap().instances().await.unwrap(), Vec::<String>::new());
    drop(again);
    let gone = down(&dir).await.unwrap().join(", ");
    for part in ["operator", "cluster-1", "etcd", "kube-apiserver"] {
        assert!(gone.contains(part), "{part} is not in {gone}");
    }
    assert_nothing_left(&dir);
    assert_eq!(down(&dir).await.unwrap(), Vec::<String>::new());
}

fn machine(namespace: &str) -> String {
    format!(
        "apiVersion: cyclades.io/v1alpha1
kind: VolumeType
metadata: {{name: bed}}
spec: {{diskTemplate: File}}
---
apiVersion: cyclades.io/v1alpha1
kind: Flavor
metadata: {{name: bed}}
spec: {{vcpus: 1, memory: 128Mi, disk: 16Mi, volumeTypeRef: {{name: bed}}}}
---
apiVersion: cyclades.io/v1alpha1
kind: Image
metadata: {{name: bed, namespace: {namespace}}}
spec: {{source: {{ganetiOS: {{name: noop}}}}}}
---
apiVersion: cyclades.io/v1alpha1
kind: VirtualMachine
metadata: {{name: web, namespace: {namespace}}}
spec: {{flavorRef: {{name: bed}}, imageRef: {{name: bed}}}}
"
    )
}

/// Neither a process that names the folder nor the folder.
fn assert_nothing_left(dir: &Path) {
    let mark = dir.to_str().unwrap();
    let pids = std::fs::read_dir("/proc").unwrap().flatten();
    let read = |path| String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).replace('\0', " ");
    let lines = pids.map(|entry| read(entry.path().join("cmdline")) + &read(entry.path().join("environ")));
    assert_eq!(lines.filter(|line| line.contains(mark)).collect::<Vec<_>>(), Vec::<String>::new());
    assert!(!dir.exists());
}
