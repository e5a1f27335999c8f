//! One replica goes, the other goes on.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use cyclades_bed::REPLICA;
use cyclades_crds::virtual_machine::ObservedPower;
use cyclades_e2e::{Look, SOON, Stage, eventually};

use crate::{LEASE, Pair, holder, taken_over};

/// What a busy machine may add to what is promised.
const BUSY: Duration = Duration::from_secs(3);

pub async fn a_replica_that_ends_hands_over_at_once(stage: &Stage) -> Result<()> {
    goes(stage, true, Duration::from_millis(300)).await
}

pub async fn a_replica_that_dies_is_taken_over_from_when_its_lease_is_over(stage: &Stage) -> Result<()> {
    goes(stage, false, LEASE + Duration::from_millis(500)).await
}

/// The holder of a backend goes, and the other one works on its machines.
async fn goes(stage: &Stage, graceful: bool, promised: Duration) -> Result<()> {
    let mut pair = Pair::start(stage).await?;
    let (space, cluster) = (stage.space("goes").await?, stage.sim("goes").await?);
    let backend = cluster.backend.name();
    let machine = cluster.running(&space, "web").await?;
    let (first, epoch) = holder(stage, backend).await?;
    let taken = taken_over(stage, backend, epoch);
    let (ended, taken) = tokio::join!(pair.end(&first, graceful), taken);
    ended?;
    let (next, now, took) = taken?;
    report(if graceful { "handed over" } else { "taken over" }, took, promised);
    ensure!(
        next != first && now == epoch + 1,
        "{next} holds it under epoch {now}, after {first} under {epoch}"
    );
    ensure!(took < promised + BUSY, "it took {took:?}, and {promised:?} are promised");

    machine.power("Stopped").await?;
    machine.ready_and(ObservedPower::Stopped, SOON).await?;
    let instance = machine.instance().await?;
    let stops = cluster.jobs_on(&instance, "OP_INSTANCE_SHUTDOWN").len();
    ensure!(stops == 1 && cluster.sim.instances().len() == 1, "{:?}", cluster.sim.jobs());
    Ok(())
}

pub async fn a_replica_that_is_started_anew_waits_for_nobody(stage: &Stage) -> Result<()> {
    {
        // Alone.
        let pair = Pair::start(stage).await?;
        drop(pair);
    }
    let cluster = stage.sim("anew").await?;
    let (first, epoch) = holder(stage, cluster.backend.name()).await?;
    let fences = cluster.sim.job_filters();
    let mut bed = stage.bed_mut().await;
    bed.operator()?.kill().await?;
    let begun = Instant::now();
    bed.operator()?.start()?;
    eventually("its former life is fenced off", SOON, async || {
        let now = cluster.sim.job_filters();
        Ok(if now == fences { Look::NotYet(format!("{now:?}")) } else { Look::Is(()) })
    })
    .await?;
    let took = begun.elapsed();
    report("held again by a new life of the same replica", took, Duration::from_secs(1));
    let now = holder(stage, cluster.backend.name()).await?;
    ensure!(now == (first, epoch), "{now:?}: nothing had to be written");
    ensure!(took < LEASE, "it waited for its own Lease: {took:?}");
    Ok(())
}

pub async fn a_second_process_of_one_name_ends_the_first(stage: &Stage) -> Result<()> {
    let mut bed = stage.bed_mut().await;
    let first = bed.operator()?;
    first.start()?;
    first.ready().await?;
    let mut second = first.another(REPLICA)?;
    second.start()?;
    let ended = eventually("the first one ends", SOON, async || {
        Ok(first
            .check()
            .map_or_else(|ended| Look::Is(ended.to_string()), |()| Look::NotYet("it runs".to_owned())))
    })
    .await?;
    ensure!(ended.contains("another process runs as replica"), "{ended}");
    second.ready().await?;
    ensure!(second.stop().await?, "SIGTERM was not enough");
    // What has ended is no process any more.
    first.kill().await?;
    first.start()?;
    Ok(first.ready().await?)
}

fn report(what: &str, took: Duration, promised: Duration) {
    use std::io::Write as _;
    // Nobody is left to be told if this fails.
    let _ = writeln!(std::io::stderr().lock(), "  {what} after {took:.3?} (promised: {promised:.3?})");
}
