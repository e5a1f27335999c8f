//! Deleted while Ganeti is busy with it.

use anyhow::{Result, ensure};
use cyclades_e2e::{LONG, Look, SOON, Stage, eventually};
use serde_json::json;

use crate::{FAKE, FAKE_BACKEND};

/// The operating system is being installed when its owner deletes the machine: nothing is left, and the object goes last.
pub async fn deleted_while_its_create_runs_nothing_is_left(stage: &Stage) -> Result<()> {
    let space = stage.space("hasty").await?;
    let small = format!("{}-file", space.namespace());
    stage
        .apply(&[
            space.image("slow", &json!({"ganetiOS": {"name": "slow-create", "parameters": {"delay": "4"}}})),
            json!({
                "apiVersion": "cyclades.io/v1alpha1", "kind": "Flavor", "metadata": {"name": small},
                "spec": {"vcpus": 1, "memory": "16Mi", "disk": "4Mi", "volumeTypeRef": {"name": "file"}},
            }),
        ])
        .await?;
    let spec =
        json!({"backendName": FAKE_BACKEND, "imageRef": {"name": "slow"}, "flavorRef": {"name": small}});
    let machine = space.apply("web", spec).await?;
    let instance = machine.instance().await?;
    // Ganeti shows it while its system is being installed.
    eventually("the instance is being made", SOON, async || {
        let row = stage.row(FAKE, &instance, "status").await?;
        Ok(if row.is_some() { Look::Is(()) } else { Look::NotYet("it is not shown".to_owned()) })
    })
    .await?;
    let status = machine.object().await?.status.unwrap_or_default();
    ensure!(status.instance_uuid.is_none(), "what is being made is no machine yet: {status:?}");
    machine.delete().await?;
    machine.gone(LONG).await?;
    ensure!(stage.row(FAKE, &instance, "status").await?.is_none(), "it is left");
    let jobs = stage.jobs(FAKE, &instance).await?;
    let ends: Vec<_> = jobs.iter().map(|job| (job.status.as_str(), job.summary.split('(').next())).collect();
    let expected = [("success", Some("INSTANCE_CREATE")), ("success", Some("INSTANCE_REMOVE"))];
    ensure!(ends == expected, "{ends:?}");
    Ok(())
}
