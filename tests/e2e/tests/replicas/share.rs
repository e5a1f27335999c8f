//! Who has what.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use cyclades_bed::REPLICA;
use cyclades_e2e::{LONG, Look, SOON, Stage, eventually};
use serde_json::json;

use crate::{OTHER, Pair, held};

const CLUSTERS: usize = 6;
const MACHINES: usize = 30;

pub async fn each_backend_has_one_holder_and_each_machine_is_made_once(stage: &Stage) -> Result<()> {
    let pair = Pair::start(stage).await?;
    let space = stage.space("shared").await?;
    // The real one has its own cases.
    stage.backend("ganeti-1").patch(&json!({"spec": {"drained": true}})).await?;
    let mut clusters = Vec::new();
    for _ in 0..CLUSTERS {
        let cluster = stage.sim("shared").await?;
        cluster.backend.patch(&json!({"spec": {"drained": false}})).await?;
        clusters.push(cluster);
    }
    let all = f64::from(u32::try_from(CLUSTERS + 1)?);
    eventually("the backends are shared", SOON, async || {
        let held = pair.gauges("cyclades_backends_held").await?;
        Ok(if held[0] + held[1] == all { Look::Is(()) } else { Look::NotYet(format!("{held:?}")) })
    })
    .await?;
    let leaders = pair.gauges("cyclades_leader").await?;
    ensure!(leaders[0] + leaders[1] == 1.0, "one leads: {leaders:?}");
    let mut holders = BTreeSet::new();
    for cluster in &clusters {
        holders.extend(held(stage, cluster.backend.name()).await?.0);
    }
    ensure!(holders == BTreeSet::from([REPLICA.to_owned(), OTHER.to_owned()]), "{holders:?}");

    let manifests: Vec<_> = (0..MACHINES).map(|n| space.manifest(&format!("vm-{n}"), json!({}))).collect();
    stage.apply(&manifests).await?;
    let mut used = BTreeSet::new();
    for n in 0..MACHINES {
        let object = space.machine(&format!("vm-{n}")).ready(LONG).await?;
        used.extend(object.spec.backend_name);
    }
    ensure!(used.len() > CLUSTERS / 2, "machines were placed on {used:?} alone");
    let instances: usize = clusters.iter().map(|cluster| cluster.sim.instances().len()).sum();
    let created = clusters.iter().flat_map(|cluster| cluster.sim.jobs());
    let created = created.filter(|job| job.opcodes.contains(&"OP_INSTANCE_CREATE")).count();
    ensure!((instances, created) == (MACHINES, MACHINES), "{instances} instances by {created} jobs");

    for n in 0..MACHINES {
        space.machine(&format!("vm-{n}")).delete().await?;
    }
    for n in 0..MACHINES {
        space.machine(&format!("vm-{n}")).gone(LONG).await?;
    }
    // One fence stands on each cluster, whoever held it before.
    for cluster in &clusters {
        stage.kubectl(&["delete", "ganetibackend", cluster.backend.name(), "--timeout=20s"]).await?;
    }
    stage.backend("ganeti-1").patch(&json!({"spec": {"drained": false}})).await
}
