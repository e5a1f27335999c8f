//! Two replicas of the operator: they share the backends, take over from each other, and never both act.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use cyclades_bed::{ClusterKind, Operator, OperatorOptions, Options, REPLICA};
use cyclades_e2e::{Look, Need, SOON, Stage, Suite, cases, eventually};

mod api;
mod fence;
mod hand_over;
mod share;

/// The second replica.
const OTHER: &str = "cyclades-1";
/// What the replicas' Leases last.
const LEASE: Duration = Duration::from_secs(3);
/// Pace of looks where time is measured.
const FINE: Duration = Duration::from_millis(5);

fn main() -> ExitCode {
    let operator = OperatorOptions {
        values: vec![format!("leaseSeconds={}", LEASE.as_secs())],
        ..OperatorOptions::default()
    };
    let bed = Options::for_test(vec![ClusterKind::LabFake]);
    Suite {
        need: Need::Lab,
        options: Options { operator: Some(operator), ..bed },
        // Each kills what the others need.
        threads: Some(1),
        cases: cases![
            share::each_backend_has_one_holder_and_each_machine_is_made_once,
            hand_over::a_replica_that_ends_hands_over_at_once,
            hand_over::a_replica_that_dies_is_taken_over_from_when_its_lease_is_over,
            hand_over::a_replica_that_is_started_anew_waits_for_nobody,
            hand_over::a_second_process_of_one_name_ends_the_first,
            fence::what_a_stopped_replica_submits_too_late_has_no_effect_in_ganeti,
            api::a_replica_that_loses_the_api_server_stops_before_another_takes_over,
        ],
    }
    .run()
}

/// The second replica beside the bed's own; it ends with the value.
struct Pair<'a> {
    stage: &'a Stage,
    other: Operator,
}

impl<'a> Pair<'a> {
    /// Starts whatever does not run.
    async fn start(stage: &'a Stage) -> Result<Self> {
        let mut bed = stage.bed_mut().await;
        let operator = bed.operator()?;
        operator.start()?;
        operator.ready().await?;
        let mut other = operator.another(OTHER)?;
        other.start()?;
        other.ready().await?;
        drop(bed);
        Ok(Self { stage, other })
    }

    /// Sends a signal to a replica.
    async fn signal(&self, replica: &str, signal: &str) -> Result<()> {
        let pid = if replica == REPLICA { self.stage.bed().await.operator_pid() } else { self.other.pid() };
        let pid = pid.context("it does not run")?.to_string();
        let status = std::process::Command::new("kill").args([signal, &pid]).status()?;
        ensure!(status.success(), "kill {signal} {pid}");
        Ok(())
    }

    /// SIGTERM or SIGKILL, and the wait for its end.
    async fn end(&mut self, replica: &str, graceful: bool) -> Result<()> {
        let mut bed = self.stage.bed_mut().await;
        let operator = if replica == REPLICA { bed.operator()? } else { &mut self.other };
        if graceful {
            ensure!(operator.stop().await?, "SIGTERM was not enough");
        } else {
            operator.kill().await?;
        }
        Ok(())
    }

    /// A gauge of both.
    async fn gauges(&self, name: &str) -> Result<[f64; 2]> {
        let texts = [self.stage.bed().await.metrics().await?, self.other.metrics().await?];
        let value = |text: &String| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.and_then(|value| value.trim().parse().ok()).with_context(|| format!("no {name}"))
        };
        Ok([value(&texts[0])?, value(&texts[1])?])
    }
}

/// Holder and epoch of a backend.
async fn held(stage: &Stage, backend: &str) -> Result<(Option<String>, u64)> {
    let status = stage.backend(backend).object().await?.status.unwrap_or_default();
    Ok((status.holder, status.epoch.unwrap_or(0)))
}

/// The replica that holds a backend, once one does.
async fn holder(stage: &Stage, backend: &str) -> Result<(String, u64)> {
    eventually(&format!("somebody holds {backend}"), SOON, async || {
        Ok(match held(stage, backend).await? {
            (Some(holder), epoch) => Look::Is((holder, epoch)),
            (None, epoch) => Look::NotYet(format!("nobody, epoch {epoch}")),
        })
    })
    .await
}

/// Waits until a backend has another epoch than this; the new holder, the epoch, and the time that it took.
async fn taken_over(stage: &Stage, backend: &str, epoch: u64) -> Result<(String, u64, Duration)> {
    let begun = Instant::now();
    loop {
        if let (Some(holder), now) = held(stage, backend).await?
            && now > epoch
        {
            return Ok((holder, now, begun.elapsed()));
        }
        ensure!(begun.elapsed() < SOON, "nobody takes {backend} over");
        tokio::time::sleep(FINE).await;
    }
}
