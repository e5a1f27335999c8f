//! Every field of a machine that reaches Ganeti, changed and changed back on a real one.

use std::collections::BTreeSet;

use anyhow::Result;
use cyclades_e2e::fields::{Change, Ganeti, Ground, Play, machine};
use cyclades_e2e::{SOON, Stage};
use serde_json::json;

use crate::{FAKE, FAKE_BACKEND, KVM, KVM_BACKEND, PARAMETERS};

/// Changes at a time: others use the cluster, too.
const AT_ONCE: usize = 3;

/// Plays one change of each field among those that a real cluster can bring about: a job is half a second of work, and the
/// simulator has them all.
async fn play(stage: &Stage, cluster: usize, backend: &str, is: impl Fn(&Change) -> bool) -> Result<()> {
    let ganeti = Ganeti::of(stage, cluster).await?;
    let ground = Ground::new(stage, "fields", backend, ganeti).await?.at_once(AT_ONCE);
    let changes = Play::new(&ground, machine(ground.namespace(), backend))?;
    let mut met = BTreeSet::new();
    let first = |change: &Change| change.jobs && is(change) && met.insert(change.path.clone());
    changes.only(first).machines().await
}

/// Those for which any hypervisor will do.
pub async fn that_reach_ganeti(stage: &Stage) -> Result<()> {
    play(stage, FAKE, FAKE_BACKEND, |change| !change.kvm).await
}

/// Those for which QEMU is needed.
pub async fn that_reach_qemu(stage: &Stage) -> Result<()> {
    let allowed = json!({"allowedHypervisorParameters": PARAMETERS, "rescueMedia": [Ground::media(stage)]});
    stage.backend(KVM_BACKEND).patch(&json!({ "spec": allowed })).await?;
    stage.backend(KVM_BACKEND).ready(SOON).await?;
    play(stage, KVM, KVM_BACKEND, |change| change.kvm).await
}
