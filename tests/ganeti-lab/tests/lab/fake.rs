//! A cluster with the fake hypervisor: what it offers, and that nothing of it is left.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::{
    assert_no_trace, client, eventually, get, interface, network_namespace, place, prepare,
};
use ganeti_lab::{Access, Cluster, Config, Credentials, RapiUser};
use secrecy::ExposeSecret;

const SOON: Duration = Duration::from_secs(60);

fn add<'a>(name: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let basics = ["gnt-instance", "add", "--no-nics", "--no-name-check", "--no-ip-check", "-B", "memory=4"];
    [&basics[..], more, &[name]].concat()
}

#[tokio::test]
async fn serves_rapi_runs_instances_and_leaves_nothing() {
    prepare().await;
    let (_parent, dir) = place();
    let cluster = Cluster::up(Config::new("fake", &dir)).await.unwrap();
    let (namespace, interface) = (network_namespace(&cluster).await, interface(&cluster).await);

    serves_rapi(&cluster).await;
    runs_instances(&cluster).await;
    shows_os_parameters(&cluster).await;
    reports_failures(&cluster).await;

    assert!(crate::support::processes_in(&namespace).len() > 5);
    cluster.down().await.unwrap();
    assert_no_trace(&dir, &namespace, &interface);
}

async fn serves_rapi(cluster: &Cluster) {
    let writer = cluster.write_credentials();
    let answer = get(cluster, "/2/info", writer).await.unwrap();
    let certificate = answer.extensions().get::<reqwest::tls::TlsInfo>().unwrap().peer_certificate().unwrap();
    assert_eq!(sha256(certificate), cluster.certificate_sha256().unwrap());
    let info = answer.text().await.unwrap();
    assert!(info.contains(&cluster.uuid().unwrap()), "{info}");
    assert!(info.contains(&cluster.cluster_name()) && info.contains(&cluster.node_name()), "{info}");
    assert!(!cluster.certificate_pem().unwrap().contains("KEY"));

    let stranger = Credentials::random(writer.username.clone());
    assert_eq!(get(cluster, "/2/info", &stranger).await.unwrap().status(), 401);
    assert_eq!(post_tags(cluster, cluster.read_credentials()).await, 403);
    assert_eq!(post_tags(cluster, writer).await, 200);

    // The cluster's own address answers, too.
    TcpStream::connect_timeout(&(cluster.cluster_address(), 5080).into(), SOON).unwrap();
}

async fn post_tags(cluster: &Cluster, who: &Credentials) -> u16 {
    let url = format!("{}/2/tags?tag=lab", cluster.rapi_url());
    let request = client().put(url).basic_auth(&who.username, Some(who.password.expose_secret()));
    request.send().await.unwrap().status().as_u16()
}

fn sha256(der: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(der).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn status(cluster: &Cluster, instance: &str) -> String {
    let argv = ["gnt-instance", "list", "--no-headers", "-o", "status", instance];
    cluster.run(&argv).await.unwrap().trim().to_owned()
}

async fn runs_instances(cluster: &Cluster) {
    cluster.run(&add("a.lab", &["-t", "diskless", "-o", "noop"])).await.unwrap();
    assert_eq!(status(cluster, "a.lab").await, "running");
    cluster.crash_fake_instance("a.lab").unwrap();
    assert_eq!(status(cluster, "a.lab").await, "ERROR_down");
}

async fn shows_os_parameters(cluster: &Cluster) {
    let parameters =
        ["-t", "file", "--disk", "0:size=4", "-o", "guest", "-O", "greeting=hello,user_data=a=b"];
    cluster.run(&add("b.lab", &parameters)).await.unwrap();
    let environment = cluster.os_environment("b.lab").unwrap();
    assert_eq!(environment["OSP_GREETING"], "hello");
    assert_eq!(environment["OSP_USER_DATA"], "a=b");
    assert_eq!(environment["INSTANCE_NAME"], "b.lab");
    assert_eq!(cluster.os_environment_files().unwrap().len(), 1);

    let variant = add("c.lab", &["-t", "file", "--disk", "0:size=4", "-o", "variants-os+beta"]);
    cluster.run(&variant).await.unwrap();
    assert_eq!(cluster.os_environment("c.lab").unwrap()["OS_VARIANT"], "beta");
}

async fn reports_failures(cluster: &Cluster) {
    let start = Instant::now();
    let slow = add("s.lab", &["-t", "file", "--disk", "0:size=4", "-o", "slow-create", "-O", "delay=2"]);
    cluster.run(&slow).await.unwrap();
    assert!(start.elapsed() > Duration::from_secs(2));

    let failing = add("d.lab", &["-t", "file", "--disk", "0:size=4", "-o", "fail-create"]);
    let error = cluster.run(&failing).await.unwrap_err().to_string();
    assert!(error.contains("d.lab"), "{error}");

    let output = cluster.exec(&["sh", "-c", "pwd; exit 7"]).await.unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(7), &b"/\n"[..]));
    let slow = cluster.exec_within(&["sleep", "60"], Duration::from_millis(200)).await.unwrap_err();
    assert!(matches!(slow, ganeti_lab::Error::Timeout { .. }), "{slow}");
}

#[tokio::test]
async fn can_be_disturbed_and_taken_up_by_another() {
    prepare().await;
    let (_parent, dir) = place();
    let first = Cluster::up(Config::new("disturbed", &dir).detached()).await.unwrap();
    let (namespace, interface) = (network_namespace(&first).await, interface(&first).await);
    let uuid = first.uuid().unwrap();
    drop(first);
    let cluster = Cluster::attach(&dir).unwrap();
    assert_eq!(cluster.uuid().unwrap(), uuid);
    let writer = cluster.write_credentials().clone();
    assert_eq!(get(&cluster, "/2/info", &writer).await.unwrap().status(), 200);

    cluster.stop_rapi().await.unwrap();
    assert!(get(&cluster, "/2/info", &writer).await.unwrap_err().is_connect());
    cluster.start_rapi().await.unwrap();
    assert_eq!(get(&cluster, "/2/info", &writer).await.unwrap().status(), 200);

    cluster.drain_queue().await.unwrap();
    assert_eq!(post_tags(&cluster, &writer).await, 500);
    cluster.undrain_queue().await.unwrap();
    assert_eq!(post_tags(&cluster, &writer).await, 200);

    let old = cluster.certificate_sha256().unwrap();
    cluster.renew_certificate().await.unwrap();
    assert_ne!(cluster.certificate_sha256().unwrap(), old);
    assert_eq!(get(&cluster, "/2/info", &writer).await.unwrap().status(), 200);

    let other = Credentials::random("other");
    cluster.set_users(&[RapiUser { credentials: other.clone(), access: Access::Write }]).unwrap();
    eventually("RAPI knows the new user", SOON, async || {
        (get(&cluster, "/2/info", &other).await.unwrap().status() == 200).then_some(())
    })
    .await;
    assert_eq!(get(&cluster, "/2/info", &writer).await.unwrap().status(), 401);

    cluster.down().await.unwrap();
    assert_no_trace(&dir, &namespace, &interface);
    assert!(Cluster::attach(&dir).is_err());
    Cluster::down_dir(&dir).await.unwrap();
}

#[tokio::test]
async fn refuses_for_lack_of_capacity_when_told_to() {
    prepare().await;
    let ((_p1, one), (_p2, two)) = (place(), place());
    let tight = Config { vcpu_ratio: 0.01, ..Config::new("tight", &one) };
    let (tight, wide) = tokio::join!(Cluster::up(tight), Cluster::up(Config::new("wide", &two)));
    let (tight, wide) = (tight.unwrap(), wide.unwrap());
    assert_ne!(tight.rapi_url(), wide.rapi_url());
    assert_ne!(tight.uuid().unwrap(), wide.uuid().unwrap());

    let instance = add("a.lab", &["-t", "diskless", "-o", "noop"]);
    let error = tight.run(&instance).await.unwrap_err().to_string();
    assert!(error.contains("insufficient_resources") && error.contains("FailCPU"), "{error}");
    wide.run(&instance).await.unwrap();

    let (tight, wide) = tokio::join!(tight.down(), wide.down());
    tight.unwrap();
    wide.unwrap();
    assert!(!one.exists() && !two.exists());
}
