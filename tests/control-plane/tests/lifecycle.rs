//! Start and end: side by side, killed owners, detached ones, half-started ones. Nothing may stay behind.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, in its helpers too")]

mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cyclades_control_plane::{Binaries, ControlPlane, Error, Options};
use support::{binaries, eventually, kubectl, processes_of};

/// Set for a copy of this program that plays the owner of a control plane and is then killed.
const ROLE: &str = "CONTROL_PLANE_TEST_OWNS";

/// A folder that is named by its canonical path, as processes carry it.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().canonicalize().unwrap().join("plane");
    (temp, dir)
}

/// Runs one test of this program in a process of its own, as owner of `dir`.
fn owner(test: &str, dir: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(ROLE, dir)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn kill(mut owner: Child) {
    owner.kill().unwrap();
    owner.wait().unwrap();
}

#[tokio::test]
async fn two_run_side_by_side_and_stop_leaves_no_process() {
    let binaries = binaries().await;
    let ((_a, dir_a), (_b, dir_b)) = (folder(), folder());
    let (a, b) = tokio::join!(
        ControlPlane::start(&binaries, Options::in_dir(&dir_a)),
        ControlPlane::start(&binaries, Options { fsync: true, ..Options::in_dir(&dir_b) }),
    );
    let (mut a, b) = (a.unwrap(), b.unwrap());
    assert_ne!(a.server(), b.server());
    kubectl(&a, &["create", "namespace", "only-a"], "").await.expect_ok();
    let elsewhere = kubectl(&b, &["get", "namespace", "only-a"], "").await.expect_refused();
    assert!(elsewhere.contains("NotFound"), "{elsewhere}");
    a.check().unwrap();
    assert_eq!(processes_of(&dir_a).len(), 3);
    assert_eq!(a.processes().len(), 3);

    let started = std::time::Instant::now();
    a.stop().await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(20), "a stop took {:?}", started.elapsed());
    assert!(processes_of(&dir_a).is_empty());
    assert_eq!(processes_of(&dir_b).len(), 3);
    drop(b);
    assert!(processes_of(&dir_b).is_empty());
}

#[tokio::test]
async fn a_second_start_in_a_folder_goes_on_with_its_objects() {
    let binaries = binaries().await;
    let (_temp, dir) = folder();
    let first = ControlPlane::start(&binaries, Options::in_dir(&dir)).await.unwrap();
    kubectl(&first, &["create", "namespace", "kept"], "").await.expect_ok();
    let error = ControlPlane::start(&binaries, Options::in_dir(&dir)).await.unwrap_err();
    assert!(matches!(error, Error::AlreadyRunning { .. }), "{error}");
    first.stop().await.unwrap();
    let second = ControlPlane::start(&binaries, Options::in_dir(&dir)).await.unwrap();
    kubectl(&second, &["get", "namespace", "kept"], "").await.expect_ok();
}

#[tokio::test]
async fn a_killed_owner_leaves_no_process() {
    if let Some(dir) = std::env::var_os(ROLE) {
        let _owned = ControlPlane::start(&binaries().await, Options::in_dir(dir)).await.unwrap();
        return std::future::pending().await;
    }
    let (_temp, dir) = folder();
    let owner = owner("a_killed_owner_leaves_no_process", &dir);
    eventually("the copy has started a control plane", async || processes_of(&dir).len() == 3).await;
    kill(owner);
    eventually("its processes die with it", async || processes_of(&dir).is_empty()).await;
}

#[tokio::test]
async fn a_detached_one_outlives_its_owner_until_it_is_taken_down() {
    if let Some(dir) = std::env::var_os(ROLE) {
        let options = Options { detached: true, ..Options::in_dir(dir) };
        ControlPlane::start(&binaries().await, options).await.unwrap();
        return;
    }
    let (_temp, dir) = folder();
    let mut owner = owner("a_detached_one_outlives_its_owner_until_it_is_taken_down", &dir);
    assert!(owner.wait().unwrap().success());

    let attached = ControlPlane::attach(&dir).unwrap();
    assert_eq!(attached.processes().len(), 3);
    kubectl(&attached, &["get", "namespace", "default"], "").await.expect_ok();
    drop(attached);
    assert_eq!(processes_of(&dir).len(), 3);

    let mut ended = ControlPlane::down(&dir).await.unwrap();
    ended.sort();
    assert_eq!(ended, ["etcd", "kube-apiserver", "kube-controller-manager"]);
    assert!(processes_of(&dir).is_empty());
    assert!(!dir.exists());
    assert!(ControlPlane::down(&dir).await.unwrap().is_empty());
    assert!(matches!(ControlPlane::attach(&dir).unwrap_err(), Error::NotRunning { .. }));
}

/// Binaries whose API server runs and is never ready.
fn with_deaf_apiserver(binaries: Binaries, dir: &Path) -> Binaries {
    Binaries { kube_apiserver: script(&dir.with_extension("deaf"), "exec sleep 1000"), ..binaries }
}

fn script(file: &Path, text: &str) -> PathBuf {
    std::fs::write(file, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
    file.to_path_buf()
}

#[tokio::test]
async fn a_half_started_detached_one_is_taken_down() {
    if let Some(dir) = std::env::var_os(ROLE).map(PathBuf::from) {
        let options = Options { detached: true, ..Options::in_dir(&dir) };
        let binaries = with_deaf_apiserver(binaries().await, &dir);
        panic!("a deaf API server got ready: {:?}", ControlPlane::start(&binaries, options).await);
    }
    let (_temp, dir) = folder();
    let owner = owner("a_half_started_detached_one_is_taken_down", &dir);
    eventually("etcd and the deaf API server run", async || {
        let state = std::fs::read_to_string(dir.join("state.json")).unwrap_or_default();
        state.contains("kube-apiserver") && processes_of(&dir).len() == 2
    })
    .await;
    kill(owner);
    assert_eq!(processes_of(&dir).len(), 2, "detached programs outlive their starter");
    let error = ControlPlane::attach(&dir).unwrap_err().to_string();
    assert!(error.contains("its start was not finished"), "{error}");

    let mut ended = ControlPlane::down(&dir).await.unwrap();
    ended.sort();
    assert_eq!(ended, ["etcd", "kube-apiserver"]);
    assert!(processes_of(&dir).is_empty());
    assert!(!dir.exists());
}

#[tokio::test]
async fn a_process_that_no_record_names_is_taken_down_too() {
    let (_temp, dir) = folder();
    let options = Options { detached: true, ..Options::in_dir(&dir) };
    let plane = ControlPlane::start(&binaries().await, options).await.unwrap();
    drop(plane);
    std::fs::write(dir.join("state.json"), "{\"half").unwrap();
    assert_eq!(ControlPlane::down(&dir).await.unwrap(), ["unrecorded"; 3]);
    assert!(processes_of(&dir).is_empty());
}

#[tokio::test]
async fn a_recorded_pid_that_is_now_somebody_elses_is_left_alone() {
    let (_temp, dir) = folder();
    let options = Options { detached: true, ..Options::in_dir(&dir) };
    let plane = ControlPlane::start(&binaries().await, options).await.unwrap();
    plane.stop().await.unwrap();
    let mut bystander = Command::new("sleep").arg("1000").spawn().unwrap();
    let state = format!(
        "{{\"server\":null,\"kubectl\":\"k\",\"audit\":false,\"complete\":true,\"processes\":\
         [{{\"name\":\"etcd\",\"pid\":{},\"start_ticks\":1,\"boot_id\":\"0\"}}]}}",
        bystander.id()
    );
    std::fs::write(dir.join("state.json"), state).unwrap();
    let ended = ControlPlane::down(&dir).await.unwrap();
    let untouched = bystander.try_wait().unwrap().is_none();
    bystander.kill().unwrap();
    bystander.wait().unwrap();
    assert!(ended.is_empty() && untouched, "{ended:?}");
}

#[tokio::test]
async fn a_program_that_ends_says_why_and_takes_the_others_with_it() {
    let (_temp, dir) = folder();
    let mut binaries = binaries().await;
    binaries.kube_apiserver = script(&dir.with_extension("broken"), "echo 'no such flag: --x' >&2; exit 7");
    let error = ControlPlane::start(&binaries, Options::in_dir(&dir)).await.unwrap_err().to_string();
    assert!(error.contains("kube-apiserver ended (exit status: 7)"), "{error}");
    assert!(error.contains("no such flag: --x"), "{error}");
    assert!(processes_of(&dir).is_empty());
}

#[tokio::test]
async fn a_folder_of_somebody_else_loses_no_file() {
    let (temp, _) = folder();
    let file = temp.path().join("kubeconfig");
    std::fs::write(&file, "mine").unwrap();
    assert!(ControlPlane::down(temp.path()).await.unwrap().is_empty());
    assert!(file.exists());
}

/// As etcd is restored to an earlier time: what was there is there, with its uid; what came later is not.
#[tokio::test]
async fn another_start_goes_on_from_what_was_saved() {
    let binaries = binaries().await;
    let ((_a, dir_a), (_b, dir_b)) = (folder(), folder());
    let a = ControlPlane::start(&binaries, Options::in_dir(&dir_a)).await.unwrap();
    kubectl(&a, &["create", "namespace", "before"], "").await.expect_ok();
    let uid = ["get", "namespace", "kube-system", "before", "-o", "jsonpath={.items[*].metadata.uid}"];
    let uids = kubectl(&a, &uid, "").await.expect_ok();
    let saved = dir_a.with_file_name("saved");
    a.save(&saved).unwrap();
    kubectl(&a, &["create", "namespace", "after"], "").await.expect_ok();

    let options = Options { saved: Some(saved), ..Options::in_dir(&dir_b) };
    let b = ControlPlane::start(&binaries, options).await.unwrap();
    assert_eq!(kubectl(&b, &uid, "").await.expect_ok(), uids);
    let gone = kubectl(&b, &["get", "namespace", "after"], "").await.expect_refused();
    assert!(gone.contains("NotFound"), "{gone}");
    kubectl(&a, &["get", "namespace", "after"], "").await.expect_ok();
    a.stop().await.unwrap();
    b.stop().await.unwrap();
}
