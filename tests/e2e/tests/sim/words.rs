//! Texts of the owner that Ganeti is not told.

use anyhow::{Context as _, Result, ensure};
use cyclades_control_plane::AuditEvent;
use cyclades_e2e::{SOON, Stage};
use serde_json::{Value, json};

/// Another name, description and metadata, and back again: shown at once, no job, one write of the status for each.
pub async fn names_and_metadata_change_and_ganeti_is_not_told(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("words").await?, stage.sim("words").await?);
    let before = json!({"displayName": "Web 1", "metadata": {"OS": "debian", "cost centre": "4711"}});
    let machine = space.apply("web", cluster.here(before.clone())).await?;
    machine.ready(SOON).await?;
    let instance = machine.instance().await?;
    let found = cluster.sim.instance(&instance).context("an instance")?;
    let (job, writes) = (cluster.sim.last_job(), status_writes(stage, space.namespace()).await?);

    let changes = [
        json!({"displayName": "Web 2, été"}),
        json!({"displayName": null, "description": "serves the web"}),
        json!({"metadata": {"OS": "windows", "new": ""}}),
        json!({"metadata": {"OS": null, "new": null}}),
        json!({"displayName": "Web 1", "description": null, "metadata": {"OS": "debian"}}),
    ];
    for change in &changes {
        machine.patch(&json!({"spec": change})).await?;
        machine.ready(SOON).await?;
    }
    let spec = serde_json::to_value(machine.object().await?.spec)?;
    for field in ["displayName", "description", "metadata"] {
        ensure!(spec.get(field) == before.get(field), "{field}: {spec}");
    }
    cluster.polls(2).await?;
    ensure!(cluster.sim.last_job() == job, "{:?}", cluster.sim.jobs_above(job));
    let after = cluster.sim.instance(&instance).context("an instance")?;
    ensure!(after.serial_no == found.serial_no && after.tags == found.tags, "{after:?}, was {found:?}");
    let more = status_writes(stage, space.namespace()).await? - writes;
    ensure!(more == changes.len(), "{more} writes for {} changes", changes.len());
    Ok(())
}

/// The operator's writes to machines of a namespace.
async fn status_writes(stage: &Stage, namespace: &str) -> Result<usize> {
    let writes = stage.operator_writes().await?;
    let is = |event: &&AuditEvent| event.namespace == namespace && event.resource == "virtualmachines";
    Ok(writes.iter().filter(is).count())
}

/// What a name of the metadata may not be, the API server says.
pub async fn metadata_has_bounds(stage: &Stage) -> Result<()> {
    let space = stage.space("bounds").await?;
    let names: Value =
        (0..129).map(|number| (format!("k{number}"), json!("v"))).collect::<serde_json::Map<_, _>>().into();
    let refused = space.apply("many", json!({"metadata": names})).await;
    let error = format!("{:#}", refused.err().context("129 texts were taken")?);
    ensure!(error.contains("128"), "{error}");
    Ok(())
}
