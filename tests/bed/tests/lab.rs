//! A bed on a real Ganeti. Needs root on Debian.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::path::Path;

use cyclades_bed::{Bed, CargoOutput, ClusterKind, Error, Options, Profile, Programs, down};
use cyclades_control_plane::progress::{Silent, Stderr};

async fn programs() -> Programs {
    Programs::ensure(Profile::Debug, CargoOutput::Kept, &Stderr::new()).await.unwrap()
}

async fn lab() {
    ganeti_lab::install(&|_| ()).await.unwrap();
}

#[tokio::test]
async fn a_bed_declares_its_clusters_and_leaves_nothing() {
    lab().await;
    let options = Options::for_test(vec![ClusterKind::LabFake]).without_operator();
    let bed = Bed::start(options, &programs().await, &Stderr::new()).await.unwrap();
    let backends = bed.kubectl(&["get", "ganetibackends", "-o", "name"]).await.unwrap();
    assert_eq!(backends.trim(), "ganetibackend.cyclades.io/ganeti-1");
    assert_eq!(bed.cluster(1).unwrap().instances().await.unwrap(), Vec::<String>::new());
    assert!(matches!(bed.cluster(2), Err(Error::NoCluster { wanted: 2, have: 1 })));
    let dir = bed.dir().to_path_buf();
    bed.stop().await.unwrap();
    assert!(!dir.exists());
    assert_eq!(processes_of(&dir), Vec::<String>::new());
}

#[tokio::test]
async fn a_detached_bed_is_attached_to_and_taken_down_by_its_folder() {
    lab().await;
    let options = Options::for_test(vec![ClusterKind::LabFake]).without_operator().detached();
    let dir = options.dir.clone();
    drop(Bed::start(options, &programs().await, &Silent).await.unwrap());
    let again = Bed::attach(&dir).unwrap();
    assert_eq!(again.cluster(1).unwrap().name(), "ganeti-1.cyclades.test");
    drop(again);
    let gone = down(&dir).await.unwrap();
    for part in ["cluster-1", "etcd", "kube-apiserver"] {
        assert!(gone.iter().any(|name| name == part), "{part} is not in {gone:?}");
    }
    assert!(!dir.exists());
    assert_eq!(processes_of(&dir), Vec::<String>::new());
    assert_eq!(down(&dir).await.unwrap(), Vec::<String>::new());
}

/// Command lines of processes that name the folder.
fn processes_of(dir: &Path) -> Vec<String> {
    let dir = dir.to_str().unwrap();
    let pids = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = pids.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(dir))
        .collect()
}
