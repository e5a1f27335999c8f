//! What the lab's tests have in common.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ganeti_lab::{Cluster, Credentials};
use secrecy::ExposeSecret;

/// Fails with the reason if the lab cannot run here; fetches what is missing.
pub async fn prepare() {
    if let Err(missing) = ganeti_lab::requirements() {
        panic!("{}", missing.join("\n"));
    }
    ganeti_lab::install(&|line| println!("{line}")).await.unwrap();
}

/// A directory for a cluster, below one that goes with the value.
pub fn place() -> (tempfile::TempDir, PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("cluster");
    (parent, dir)
}

/// Looks every 50 ms until the condition gives a value.
pub async fn eventually<T>(what: &str, limit: Duration, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = condition().await {
            return value;
        }
        assert!(start.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A client that takes any certificate, as the tests look at the certificate themselves.
pub fn client() -> reqwest::Client {
    // Another test of this process may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .tls_danger_accept_invalid_certs(true)
        .tls_info(true)
        .no_proxy()
        .timeout(Duration::from_secs(30))
        .build()
        .unwrap()
}

/// `GET PATH` of the cluster's RAPI.
pub async fn get(cluster: &Cluster, path: &str, who: &Credentials) -> reqwest::Result<reqwest::Response> {
    let url = format!("{}{path}", cluster.rapi_url());
    client().get(url).basic_auth(&who.username, Some(who.password.expose_secret())).send().await
}

/// What identifies a cluster's processes from outside: the network namespace that they share.
pub async fn network_namespace(cluster: &Cluster) -> String {
    cluster.run(&["readlink", "/proc/self/ns/net"]).await.unwrap().trim().to_owned()
}

/// Processes of this machine in that namespace.
pub fn processes_in(namespace: &str) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter(|process| {
            std::fs::read_link(process.path().join("ns/net")).is_ok_and(|it| it == Path::new(namespace))
        })
        .map(|process| {
            std::fs::read_to_string(process.path().join("cmdline")).unwrap_or_default().replace('\0', " ")
        })
        .collect()
}

/// The interface that this machine reaches the cluster by.
pub async fn interface(cluster: &Cluster) -> String {
    let route = std::process::Command::new("ip")
        .args(["-oneline", "route", "get", &cluster.node_address().to_string()])
        .output()
        .unwrap();
    let route = String::from_utf8(route.stdout).unwrap();
    let words: Vec<&str> = route.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "dev").unwrap();
    words[at + 1].to_owned()
}

/// Asserts that this machine has nothing of a cluster that it does not have without it.
pub fn assert_no_trace(dir: &Path, namespace: &str, interface: &str) {
    assert!(!dir.exists(), "{} is still there", dir.display());
    assert_eq!(processes_in(namespace), Vec::<String>::new());
    let interfaces = std::fs::read_to_string("/proc/self/net/dev").unwrap();
    assert!(!interfaces.contains(&format!("{interface}:")), "{interfaces}");
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
    assert!(!mounts.contains(dir.to_str().unwrap()) && !mounts.contains("lab-run"), "{mounts}");
    assert!(!Path::new("/run/netns").join(interface).exists());
}
