//! A cluster with real guests.

use std::time::Duration;

use crate::support::{assert_no_trace, eventually, interface, network_namespace, place, prepare};
use ganeti_lab::{Cluster, Config};

/// A start in emulation takes 3 s on an idle core.
const BOOT: Duration = Duration::from_secs(60);
const GUEST: &str = "guest.lab";

/// The value of `key` in the newest banner that has another `boot=` than `after`, once it is `wanted`.
async fn banner(
    cluster: &Cluster,
    what: &str,
    after: &str,
    key: &str,
    wanted: impl Fn(&str) -> bool,
) -> String {
    let log = cluster.console_log(GUEST);
    eventually(what, BOOT, async || {
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let line = text.lines().rfind(|line| line.contains("cyclades guest up: "))?;
        let value = |key: &str| {
            line.split_whitespace()
                .find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
                .map(str::to_owned)
        };
        let found = value(key).filter(|it| wanted(it))?;
        (value("boot")? != after).then_some(found)
    })
    .await
}

async fn status(cluster: &Cluster) -> String {
    let argv = ["gnt-instance", "list", "--no-headers", "-o", "status", GUEST];
    cluster.run(&argv).await.unwrap().trim().to_owned()
}

#[tokio::test]
async fn a_guest_boots_tells_about_itself_and_obeys_the_power_button() {
    prepare().await;
    let (_parent, dir) = place();
    let cluster = Cluster::up(Config::new("kvm", &dir).with_kvm()).await.unwrap();
    let (namespace, interface) = (network_namespace(&cluster).await, interface(&cluster).await);

    let add =
        ["gnt-instance", "add", "-H", "kvm", "-t", "file", "--disk", "0:size=64", "--net", "0:link=br0"];
    let more = ["-o", "guest", "--no-name-check", "--no-ip-check", "-B", "memory=128,vcpus=1", GUEST];
    cluster.run(&[&add[..], &more].concat()).await.unwrap();
    let boot = banner(&cluster, "the first banner", "", "boot", |_| true).await;
    assert_eq!(banner(&cluster, "one disk of 64 MiB", "", "sizes", |_| true).await, "64");
    assert_eq!(banner(&cluster, "one nic", "", "nics", |_| true).await, "1");
    assert_eq!(banner(&cluster, "one cpu", "", "cpus", |_| true).await, "1");
    let command = cluster.qemu_command_line(GUEST).unwrap();
    assert!(
        command[0].contains("qemu") && command.windows(2).any(|pair| pair == ["-m", "128"]),
        "{command:?}"
    );

    let plug = ["gnt-instance", "modify", "--hotplug", "--net", "add:link=br0", GUEST];
    cluster.run(&plug).await.unwrap();
    banner(&cluster, "a second nic", "", "nics", |nics| nics == "2").await;

    cluster.run(&["gnt-instance", "shutdown", "--timeout=60", GUEST]).await.unwrap();
    let log = std::fs::read_to_string(cluster.console_log(GUEST)).unwrap();
    assert!(log.contains("cyclades guest down: power button"), "{log}");
    assert!(cluster.qemu_command_line(GUEST).is_err());

    cluster.run(&["gnt-instance", "startup", GUEST]).await.unwrap();
    banner(&cluster, "the second start", &boot, "boot", |_| true).await;
    cluster.power_off_from_inside(GUEST).await.unwrap();
    assert!(["USER_down", "ERROR_down"].contains(&status(&cluster).await.as_str()));

    cluster.run(&["gnt-instance", "startup", GUEST]).await.unwrap();
    cluster.crash_kvm_instance(GUEST).await.unwrap();
    eventually("the crash is seen", BOOT, async || (status(&cluster).await == "ERROR_down").then_some(()))
        .await;
    cluster.run(&["gnt-instance", "startup", GUEST]).await.unwrap();

    // What is too small for the kernel does not start over and over.
    let less = ["-o", "noop", "--no-name-check", "--no-ip-check", "-B", "memory=16", "small.lab"];
    cluster.run(&[&add[..], &less].concat()).await.unwrap();
    let command = cluster.qemu_command_line("small.lab").unwrap();
    let kernel = ["-kernel", "-initrd", "-append"];
    assert!(!command.iter().any(|word| kernel.contains(&word.as_str())), "{command:?}");

    // With the guests running.
    cluster.down().await.unwrap();
    assert_no_trace(&dir, &namespace, &interface);
}
