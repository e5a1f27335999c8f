//! From the API server's answer to the create until Ganeti has accepted the job.

use std::time::Duration;

use futures::future::try_join_all;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use crate::{
    jobs::{self, CREATE},
    manifests,
    objects::Created,
    observer::Observer,
    pace::Dice,
    phases::patience,
    samples::Samples,
    sizes::{IDLE_GAP, LOADED_PER_SECOND},
    stand::Stand,
};

/// One machine after the other, at jittered gaps.
pub(crate) async fn idle(stand: &Stand, machines: usize, dice: &mut Dice) -> anyhow::Result<Samples> {
    paced(stand, machines, dice, |number| manifests::machine(&format!("idle-{number}"))).await
}

/// The same with machines of one's own, by their numbers.
pub(crate) async fn paced(
    stand: &Stand,
    machines: usize,
    dice: &mut Dice,
    manifest: impl Fn(usize) -> Value,
) -> anyhow::Result<Samples> {
    let observer = Observer::start(&stand.objects).await?;
    let before = observer.count();
    let mut created = Vec::with_capacity(machines);
    for number in 0..machines {
        tokio::time::sleep(dice.gap(IDLE_GAP.0, IDLE_GAP.1)).await;
        created.push(stand.objects.create(&manifest(number)).await?);
    }
    finish(stand, &observer, before, &created).await
}

/// Machines arrive at random, whether those before them are served or not.
pub(crate) async fn loaded(stand: &Stand, machines: usize, dice: &mut Dice) -> anyhow::Result<Samples> {
    let observer = Observer::start(&stand.objects).await?;
    let before = observer.count();
    let mut at = Instant::now() + Duration::from_millis(100);
    let mut creations = Vec::with_capacity(machines);
    for number in 0..machines {
        at += dice.arrival(LOADED_PER_SECOND);
        sleep_until(at).await;
        let objects = stand.objects.clone();
        let manifest = manifests::machine(&format!("loaded-{number}"));
        creations.push(tokio::spawn(async move { objects.create(&manifest).await }));
    }
    let created: anyhow::Result<Vec<_>> = try_join_all(creations).await?.into_iter().collect();
    finish(stand, &observer, before, &created?).await
}

async fn finish(
    stand: &Stand,
    observer: &Observer,
    before: usize,
    created: &[Created],
) -> anyhow::Result<Samples> {
    observer.ready(before + created.len(), patience(created.len())).await?;
    jobs::latencies(created, &jobs::accepted(&stand.ganeti().rapi, CREATE).await?)
}
