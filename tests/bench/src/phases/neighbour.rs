//! What a cluster that does not answer costs another: the same creates with and without it.

use anyhow::{Context as _, ensure};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

use crate::{
    manifests::{self, BACKEND},
    pace::Dice,
    phases::latency::paced,
    samples::Samples,
    stand::Stand,
};

/// Latencies of a healthy cluster.
#[derive(Debug)]
pub(crate) struct Neighbour {
    /// While its neighbour answers.
    pub(crate) alone: Samples,
    /// While its neighbour is stopped in its tracks.
    pub(crate) beside: Samples,
}

/// Creates machines on the first cluster, before and after the second one's process is stopped (SIGSTOP).
pub(crate) async fn measure(
    stand: &mut Stand,
    machines: usize,
    dice: &mut Dice,
) -> anyhow::Result<Neighbour> {
    let alone = creates(stand, "alone", machines, dice).await?;
    let neighbour = stand.ganetis.last().context("there is no neighbour")?.name.clone();
    ensure!(neighbour != BACKEND, "the neighbour is another cluster");
    let process = stand.bed().cluster(1)?.pid().context("the neighbour has no process of its own")?;
    kill(Pid::from_raw(process), Signal::SIGSTOP)?;
    let beside = hung(stand, &neighbour, machines, dice).await;
    // It is to end with the bed.
    kill(Pid::from_raw(process), Signal::SIGCONT)?;
    Ok(Neighbour { alone, beside: beside? })
}

async fn hung(stand: &mut Stand, name: &str, machines: usize, dice: &mut Dice) -> anyhow::Result<Samples> {
    for number in 0..10 {
        stand.objects.create(&pinned(&format!("stuck-{number}"), name)).await?;
    }
    // From here on the operator knows, and goes on asking.
    let begun = creates(stand, "unaware", machines / 2, dice).await?;
    stand.backend(name, false).await?;
    Ok(begun.with(creates(stand, "beside", machines - machines / 2, dice).await?))
}

fn pinned(name: &str, backend: &str) -> Value {
    let mut machine = manifests::machine(name);
    machine["spec"]["backendName"] = backend.into();
    machine
}

async fn creates(stand: &Stand, prefix: &str, machines: usize, dice: &mut Dice) -> anyhow::Result<Samples> {
    paced(stand, machines, dice, |number| pinned(&format!("{prefix}-{number}"), BACKEND)).await
}
