//! What a tenant may not do: the verbs of administrators, and what is protected.

use anyhow::Result;
use cyclades_e2e::{Stage, guards};

/// Each administrative field, tried by somebody with edit rights in the namespace.
pub async fn a_tenant_is_refused_and_told_the_verb(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("guards").await?, stage.sim("guards").await?);
    let web = cluster.running(&space, "web").await?;
    guards::a_tenant_is_refused_and_told_the_verb(&space, &web).await
}

/// What is protected is deleted by nobody, alone or with its namespace.
pub async fn what_is_protected_stays(stage: &Stage) -> Result<()> {
    let (space, cluster) = (stage.space("protect").await?, stage.sim("protect").await?);
    let web = cluster.running(&space, "web").await?;
    guards::what_is_protected_stays(&space, &web).await
}
