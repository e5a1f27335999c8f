//! Whatever becomes of the process that makes a cluster: nothing is left, or what is left can be removed.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::{eventually, place, prepare, processes_in};
use ganeti_lab::{Cluster, Config, ProcessId};

const SOON: Duration = Duration::from_secs(60);
/// Making a cluster takes 4 s on two idle cores.
const COMPLETE: Duration = Duration::from_secs(60);
const DIR: &str = "GANETI_LAB_TEST_DIR";
const DETACHED: &str = "GANETI_LAB_TEST_DETACHED";

/// Not a test of its own: the process that the tests below start and kill.
#[tokio::test]
#[ignore = "started by the tests of this file"]
async fn starter() {
    let dir = std::env::var(DIR).unwrap();
    let config = Config { detached: std::env::var(DETACHED).unwrap() == "true", ..Config::new("half", dir) };
    let _cluster = Cluster::up(config).await.unwrap();
    std::future::pending::<()>().await;
}

fn start(dir: &Path, detached: bool) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "half_made::starter", "--ignored"])
        .env(DIR, dir)
        .env(DETACHED, detached.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn state(dir: &Path) -> Option<serde_json::Value> {
    serde_json::from_slice(&std::fs::read(dir.join("state.json")).ok()?).ok()
}

/// The first process and the network namespace of a cluster, once it is wired and Ganeti is being initialised.
async fn half_made(dir: &Path) -> (ProcessId, String) {
    eventually("a half-made cluster", SOON, async || {
        let state = state(dir)?;
        assert_eq!(state["complete"], false, "too late to be killed half-made");
        state["subnet"].as_object()?;
        let init: ProcessId = serde_json::from_value(state["init"].clone()).ok()?;
        let namespace = std::fs::read_link(format!("/proc/{}/ns/net", init.pid())).ok()?;
        Some((init, namespace.to_str()?.to_owned()))
    })
    .await
}

#[tokio::test]
async fn a_half_made_cluster_goes_with_its_starter_even_if_that_is_killed() {
    prepare().await;
    for detached in [false, true] {
        let (_parent, dir) = place();
        let mut starter = start(&dir, detached);
        let (init, namespace) = half_made(&dir).await;
        assert!(init.is_running());
        starter.kill().unwrap();
        starter.wait().unwrap();
        eventually("the end of the cluster", SOON, async || {
            (!init.is_running() && !dir.exists()).then_some(())
        })
        .await;
        assert_eq!(processes_in(&namespace), Vec::<String>::new());
    }
}

#[tokio::test]
async fn an_attached_cluster_goes_with_its_starter_a_detached_one_stays() {
    prepare().await;
    let ((_p1, gone), (_p2, kept)) = (place(), place());
    let mut starters = [start(&gone, false), start(&kept, true)];
    for dir in [&gone, &kept] {
        eventually("a complete cluster", COMPLETE, async || (state(dir)?["complete"] == true).then_some(()))
            .await;
    }
    for starter in &mut starters {
        starter.kill().unwrap();
        starter.wait().unwrap();
    }
    eventually("the end of the attached one", SOON, async || (!gone.exists()).then_some(())).await;
    let cluster = Cluster::attach(&kept).unwrap();
    assert!(cluster.run(&["gnt-cluster", "getmaster"]).await.unwrap().contains(&cluster.node_name()));
    Cluster::down_dir(&kept).await.unwrap();
    assert!(!kept.exists());
}

#[tokio::test]
async fn a_half_made_cluster_is_removed_by_its_directory() {
    prepare().await;
    let (_parent, dir) = place();
    let mut starter = start(&dir, true);
    let (init, namespace) = half_made(&dir).await;
    assert!(Cluster::attach(&dir).is_err(), "it is not complete");
    Cluster::down_dir(&dir).await.unwrap();
    assert!(!init.is_running());
    assert!(!starter.wait().unwrap().success(), "it cannot go on");
    assert!(!dir.exists());
    assert_eq!(processes_in(&namespace), Vec::<String>::new());
}

#[tokio::test]
async fn giving_up_leaves_nothing() {
    prepare().await;
    let (_parent, dir) = place();
    let up = Cluster::up(Config::new("given-up", &dir));
    let (_, namespace) = tokio::select! {
        _ = up => panic!("it was to be given up"),
        found = half_made(&dir) => found,
    };
    assert!(!dir.exists());
    assert_eq!(processes_in(&namespace), Vec::<String>::new());
}

#[tokio::test]
async fn a_directory_that_is_not_ours_is_left_alone() {
    prepare().await;
    let (_parent, dir) = place();
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(dir.join("precious"), "").unwrap();
    assert!(Cluster::up(Config::new("a", &dir)).await.is_err());
    assert!(Cluster::down_dir(&dir).await.is_err());
    assert!(dir.join("precious").exists());
}

#[tokio::test]
async fn a_state_whose_processes_are_gone_ends_no_other_process() {
    prepare().await;
    let (_parent, dir) = place();
    std::fs::create_dir(&dir).unwrap();
    let mut bystander = Command::new("sleep").arg("60").spawn().unwrap();
    // The number is in use again, by a process that started at another time.
    let pid = bystander.id();
    let init = format!(r#"{{"pid": {pid}, "start_time": 1}}"#);
    let state = format!(
        r#"{{"name": "a", "hypervisors": ["fake"], "detached": true, "init": {init}, "keeper": {init},
            "subnet": null, "complete": true}}"#
    );
    std::fs::write(dir.join("state.json"), state).unwrap();
    Cluster::down_dir(&dir).await.unwrap();
    assert!(!dir.exists());
    assert!(bystander.try_wait().unwrap().is_none(), "the bystander lives");
    bystander.kill().unwrap();
    bystander.wait().unwrap();
}
