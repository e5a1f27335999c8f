//! What a tenant may not do to a real instance: the verbs of administrators, and what is protected.

use anyhow::{Result, ensure};
use cyclades_crds::virtual_machine::ObservedPower;
use cyclades_e2e::{LONG, Machine, Space, Stage, guards};
use serde_json::json;

use crate::{FAKE, FAKE_BACKEND};

async fn web<'a>(space: &Space<'a>) -> Result<Machine<'a>> {
    let web = space.apply("web", json!({"backendName": FAKE_BACKEND})).await?;
    web.ready_and(ObservedPower::Running, LONG).await?;
    Ok(web)
}

/// Suspend, adopt, pin and detach, tried by somebody with edit rights in the namespace; what was refused never reached
/// Ganeti.
pub async fn a_tenant_is_refused_and_told_the_verb(stage: &Stage) -> Result<()> {
    let space = stage.space("guards").await?;
    let web = web(&space).await?;
    guards::a_tenant_is_refused_and_told_the_verb(&space, &web).await?;
    // The administrator's suspension and its end, and the reboot that the tenant may ask for after it.
    let last = |object: &cyclades_crds::VirtualMachine| {
        object.status.as_ref().is_some_and(|status| status.last_action.is_some())
    };
    web.until("rebooted", LONG, last).await?;
    web.ready_and(ObservedPower::Running, LONG).await?;
    let jobs = stage.jobs(FAKE, &web.instance().await?).await?;
    let steps: Vec<&str> = jobs.iter().filter_map(|job| job.summary.split('(').next()).collect();
    let wanted = ["INSTANCE_CREATE", "INSTANCE_SHUTDOWN", "INSTANCE_STARTUP", "INSTANCE_REBOOT"];
    ensure!(steps == wanted, "{steps:?}");
    Ok(())
}

/// A protected machine is deleted by nobody, alone or with its namespace; released, it goes with its instance.
pub async fn what_is_protected_stays(stage: &Stage) -> Result<()> {
    let space = stage.space("protect").await?;
    let web = web(&space).await?;
    let instance = web.instance().await?;
    guards::what_is_protected_stays(&space, &web).await?;
    ensure!(stage.row(FAKE, &instance, "status").await?.is_none(), "its instance is left");
    Ok(())
}
