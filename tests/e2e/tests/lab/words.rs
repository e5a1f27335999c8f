//! Texts of the owner that Ganeti is not told.

use anyhow::{Context as _, Result, ensure};
use cyclades_crds::virtual_machine::ObservedPower;
use cyclades_e2e::{LONG, SOON, Stage};
use serde_json::json;

use crate::{FAKE, FAKE_BACKEND};

/// A display name and metadata that Ganeti could not even store change while the guest runs: nothing is touched.
pub async fn names_and_metadata_are_not_told_to_ganeti(stage: &Stage) -> Result<()> {
    let space = stage.space("words").await?;
    let spec = json!({
        "backendName": FAKE_BACKEND, "displayName": "Été, 1", "metadata": {"OS": "débian", "a:b": ""},
    });
    let machine = space.apply("web", spec).await?;
    machine.ready_and(ObservedPower::Running, LONG).await?;
    let instance = machine.instance().await?;
    let before = stage.row(FAKE, &instance, "name,serial_no,tags").await?.context("it is there")?;
    for name in ["Hiver, 2", "Été, 1"] {
        machine.patch(&json!({"spec": {"displayName": name, "metadata": {"OS": name}}})).await?;
        machine.ready_and(ObservedPower::Running, SOON).await?;
    }
    stage.polls(FAKE_BACKEND, 2, LONG).await?;
    let after = stage.row(FAKE, &instance, "name,serial_no,tags").await?.context("it is there")?;
    ensure!(after == before, "{after:?}, was {before:?}");
    let jobs = stage.jobs(FAKE, &instance).await?;
    ensure!(jobs.len() == 1, "{jobs:?}");
    Ok(())
}
