//! Networks on a real Ganeti, and a guest that has its NIC.

use anyhow::{Context as _, Result, ensure};
use cyclades_crds::virtual_machine::ObservedPower;
use cyclades_e2e::{LONG, Look, SOON, Stage, eventually, network};
use serde_json::json;

use crate::{FAKE, FAKE_BACKEND, KVM, KVM_BACKEND};

/// Networks of ours that Ganeti has.
async fn networks(stage: &Stage, cluster: usize) -> Result<Vec<String>> {
    let list = ["gnt-network", "list", "--no-headers", "-o", "name"];
    let all = stage.gnt(cluster, &list).await?;
    Ok(all.lines().map(str::trim).filter(|name| name.starts_with("cyclades-")).map(str::to_owned).collect())
}

/// One network over two clusters: made on each before its first machine, with address and MAC of the object, seen by the guest
/// itself, and gone after the last one.
pub async fn a_network_spans_clusters_while_machines_there_need_it(stage: &Stage) -> Result<()> {
    let space = stage.space("lan").await?;
    let flavor = space.namespace();
    let shape = json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "Flavor", "metadata": {"name": flavor},
        "spec": {"vcpus": 1, "memory": "128Mi", "disk": "16Mi", "volumeTypeRef": {"name": "file"}},
    });
    let guest = space.image("guest", &json!({"ganetiOS": {"name": "guest"}}));
    let [lan, subnet] = network(space.namespace(), "lan", "10.20.0.0/24", "10.20.0.1");
    stage.apply(&[shape, guest, lan, subnet]).await?;
    let nics = json!([{"name": "eth0", "networkRef": {"name": "lan"}}]);
    let spec = |backend: &str| {
        json!({
            "backendName": backend, "nics": nics, "flavorRef": {"name": flavor},
            "imageRef": {"name": "guest"}, "shutdownTimeoutSeconds": 0,
        })
    };
    let web = space.apply("web", spec(KVM_BACKEND)).await?;
    let object = web.ready_and(ObservedPower::Running, LONG).await?;
    let db = space.apply("db", spec(FAKE_BACKEND)).await?;
    let other = db.ready_and(ObservedPower::Running, LONG).await?;
    let (web_nic, db_nic) =
        (&object.status.context("a status")?.nics[0], &other.status.context("a status")?.nics[0]);
    ensure!(web_nic.address.as_deref() == Some("10.20.0.2"), "{web_nic:?}");
    ensure!(db_nic.address.as_deref() == Some("10.20.0.3"), "{db_nic:?}");

    for (cluster, machine, nic) in [(KVM, &web, web_nic), (FAKE, &db, db_nic)] {
        let name = networks(stage, cluster).await?;
        ensure!(name.len() == 1, "one network: {name:?}");
        let fields = "nic.name/0,nic.ip/0,nic.mac/0,nic.network.name/0,nic.link/0";
        let row = stage.row(cluster, &machine.instance().await?, fields).await?.context("it is there")?;
        let address = nic.address.as_deref().unwrap_or_default();
        ensure!(row == ["eth0", address, &nic.mac_address, &name[0], "br0"], "{row:?}");
    }
    let instance = web.instance().await?;
    let told = format!("nics=1 disks=1 mem=92 cpus=1 macs={}", web_nic.mac_address);
    eventually("the guest has its NIC", LONG, async || {
        let log = {
            let bed = stage.bed().await;
            bed.cluster(KVM)?.lab().context("a lab")?.console_log(&instance)
        };
        let said = std::fs::read_to_string(&log).unwrap_or_default();
        Ok(if said.contains(&told) { Look::Is(()) } else { Look::NotYet(said) })
    })
    .await?;

    db.delete().await?;
    db.gone(LONG).await?;
    eventually("it is removed where nobody needs it", SOON, async || {
        let left = networks(stage, FAKE).await?;
        Ok(if left.is_empty() { Look::Is(()) } else { Look::NotYet(format!("{left:?}")) })
    })
    .await?;
    ensure!(networks(stage, KVM).await?.len() == 1, "the other one is in use");
    stage.kubectl(&["delete", "namespace", space.namespace(), "--timeout=90s"]).await?;
    let left = networks(stage, KVM).await?;
    ensure!(left.is_empty(), "{left:?}");
    ensure!(stage.row(KVM, &instance, "status").await?.is_none(), "the instance is left");
    Ok(())
}
