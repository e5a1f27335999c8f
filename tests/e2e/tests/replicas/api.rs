//! A replica that does not reach the API server any more.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use cyclades_bed::REPLICA;
use cyclades_crds::virtual_machine::ObservedPower;
use cyclades_e2e::{Look, Proxy, SOON, Stage, eventually};

use crate::{LEASE, OTHER, Pair, holder, taken_over};

pub async fn a_replica_that_loses_the_api_server_stops_before_another_takes_over(
    stage: &Stage,
) -> Result<()> {
    let line = Proxy::to(&api(stage).await?).await?;
    let mut pair = Pair::start(stage).await?;
    pair.other.stop().await?;
    by_the_line(stage, &mut pair, &line).await?;
    pair.other.start()?;
    pair.other.ready().await?;
    let (space, cluster) = (stage.space("severed").await?, stage.sim("severed").await?);
    let backend = cluster.backend.name();
    // So that it is the one with the line that has it.
    pair.end(REPLICA, true).await?;
    let (first, epoch) = eventually("the one with the line holds it", SOON, async || {
        let (first, epoch) = holder(stage, backend).await?;
        Ok(if first == OTHER { Look::Is((first, epoch)) } else { Look::NotYet(first) })
    })
    .await?;
    let machine = cluster.running(&space, "web").await?;

    line.sever();
    let severed = Instant::now();
    {
        let mut bed = stage.bed_mut().await;
        bed.operator()?.start()?;
        bed.operator()?.ready().await?;
    }
    let (next, now, _) = taken_over(stage, backend, epoch).await?;
    let held = pair.gauges("cyclades_backends_held").await?[1];
    let took = severed.elapsed();
    ensure!(next != first && held == 0.0, "{next} took over while {first} held {held} backends");
    ensure!(took > LEASE / 2, "{next} waited for {took:?} only");
    machine.power("Stopped").await?;
    machine.ready_and(ObservedPower::Stopped, SOON).await?;
    let reasons: Vec<String> = cluster.sim.jobs_above(0).iter().map(|job| format!("{job:?}")).collect();
    let of = |epoch: u64| reasons.iter().filter(|job| job.contains(&format!("/{epoch:010}."))).count();
    ensure!(of(now) == 1, "{reasons:?}");
    Ok(())
}

/// `HOST:PORT` of the API server.
async fn api(stage: &Stage) -> Result<String> {
    let server = stage.bed().await.control_plane().server().to_owned();
    Ok(server.trim_start_matches("https://").trim_end_matches('/').to_owned())
}

/// Has the second replica reach the API server by a line.
async fn by_the_line(stage: &Stage, pair: &mut Pair<'_>, line: &Proxy) -> Result<()> {
    let server = stage.bed().await.control_plane().server().to_owned();
    let kubeconfig = pair.other.kubeconfig().context("a kubeconfig")?;
    let text = std::fs::read_to_string(&kubeconfig)?;
    ensure!(text.contains(&server), "{server} stands in the kubeconfig");
    let path: &Path = &stage.dir().join("by-a-line.kubeconfig");
    std::fs::write(path, text.replace(&server, &line.url()))?;
    pair.other.set_variable("KUBECONFIG", &path.to_string_lossy());
    Ok(())
}
