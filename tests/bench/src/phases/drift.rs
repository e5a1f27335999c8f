//! How long it takes until what somebody changed in Ganeti is told by the machine's conditions.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use ganeti_rapi::{ModifyInstance, Submit};
use serde_json::json;

use crate::{
    manifests::{MEMORY_MIB, PREFIX},
    observer::Observer,
    pace::Dice,
    phases::power::uids,
    samples::Samples,
    stand::Stand,
};

/// Longest time for one change to show.
const LIMIT: Duration = Duration::from_secs(60);
/// Gap before a change: longer than any poll of the job queue, so that the changes meet it anywhere.
const GAP: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(3));

/// Gives machines `power-0` … more memory, as `gnt-instance modify` does, one after the other.
pub(crate) async fn measure(stand: &Stand, changes: usize, dice: &mut Dice) -> anyhow::Result<Samples> {
    let uids = uids(&stand.objects).await?;
    let observer = Observer::of(&stand.objects, |seen| seen.drifted).await?;
    let rapi = &stand.ganeti().rapi;
    let mut times = Vec::with_capacity(changes);
    for number in 0..changes {
        tokio::time::sleep(dice.gap(GAP.0, GAP.1)).await;
        let there = observer.count();
        let uid = uids.get(&format!("power-{number}")).context("too few machines for so many changes")?;
        let mut modify = ModifyInstance::default();
        modify.beparams.insert("maxmem".to_owned(), json!(2 * MEMORY_MIB));
        let begun = Instant::now();
        rapi.modify_instance(&format!("{PREFIX}{uid}"), &modify, &Submit::default()).await?;
        times.push(observer.ready(there + 1, LIMIT).await? - begun);
    }
    Ok(times.into_iter().collect())
}
