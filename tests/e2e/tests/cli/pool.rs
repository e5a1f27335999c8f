//! `kubectl cyclades pool`.

use anyhow::{Result, ensure};
use cyclades_crds::condition::Reason;
use cyclades_e2e::plugin::{cyclades, cyclades_as, tenant};
use cyclades_e2e::{LINK_POOL, SOON, Stage, network};
use serde_json::{Value, json};

/// Who has which address, how many are left, and that the last one is gone.
pub async fn the_map_of_a_network_is_shown(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("pool").await?, stage.sim("pool").await?);
    let namespace = space.namespace();
    cluster.backend.patch(&json!({"spec": {"macFilteredBridge": "br0"}})).await?;
    stage.apply(&network(namespace, "lan", "10.0.0.0/30", "10.0.0.1")).await?;
    stage.apply(&network(namespace, "empty", "10.1.0.0/24", "10.1.0.1")).await?;
    let nics = json!({"nics": [{"name": "eth0", "networkRef": {"name": "lan"}}]});
    space.apply("web", cluster.here(nics.clone())).await?.ready(SOON).await?;
    let late = space.apply("late", cluster.here(nics)).await?;
    late.not_ready(Reason::AddressesExhausted, SOON).await?;
    let status = cyclades(stage, &["status", "late", "-n", namespace]).await?;
    status.is(
        1,
        &["AddressesExhausted", "VirtualMachine late → Network lan", "delete a machine that has an address"],
    )?;
    for name in ["lan", "empty"] {
        let network = format!("network/{name}");
        stage.kubectl(&["wait", &network, "-n", namespace, "--for=condition=Ready", "--timeout=20s"]).await?;
    }

    let map = cyclades(stage, &["pool", "lan", "-n", namespace]).await?;
    let web = format!("{namespace}/web");
    map.is(1, &["10.0.0.2", &web, "eth0", "aa:0", "(10.0.0.0/30): 1 used, 3 reserved", "0 free"])?;
    let empty = cyclades(stage, &["pool", "empty", "-n", namespace]).await?;
    empty.is(0, &["0 used, 3 reserved", "253 free"])?;
    let all = cyclades(stage, &["pool", "-n", namespace]).await?;
    all.is(1, &["NETWORK", "10.0.0.0/30", "10.1.0.0/24", "LINKPOOL", LINK_POOL])?;
    let json: Value = serde_json::from_str(&cyclades(stage, &["pool", "-A", "-o", "json"]).await?.text)?;
    ensure!(json["networks"].as_array().is_some_and(|all| all.len() >= 2), "{json}");
    cyclades(stage, &["pool", "none", "-n", namespace]).await?.is(3, &[])?;

    let tenant = tenant(stage, namespace).await?;
    let refused = cyclades_as(stage, &tenant, &["pool", "lan"]).await?;
    ensure!(refused.status == 3 && refused.words.contains("ipblocks"), "{refused:?}");
    Ok(())
}
