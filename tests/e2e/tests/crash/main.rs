//! The operator killed at every moment that matters, on simulated clusters.

use std::process::ExitCode;

use cyclades_bed::Options;
use cyclades_e2e::{Need, Suite, cases};

mod moments;
mod rest;
mod storm;

fn main() -> ExitCode {
    Suite {
        need: Need::Nothing,
        options: Options { audit: true, ..Options::for_test(Vec::new()) },
        // Each kills what the others need.
        threads: Some(1),
        cases: cases![
            moments::killed_between_submit_and_answer_each_step_happens_once,
            moments::killed_before_the_request_arrives_each_step_happens_once,
            moments::a_disk_that_was_not_plugged_in_meanwhile_is_told,
            moments::killed_after_a_create_failed_half_way_nothing_half_made_is_left,
            moments::an_id_stays_with_its_machine_over_a_restart,
            moments::stopped_gracefully_it_ends_in_time,
            moments::an_object_that_does_not_parse_stops_nobody,
            storm::killed_again_and_again_every_machine_is_made_once_and_goes,
            rest::at_rest_and_over_restarts_nothing_is_written_and_no_job_is_made,
        ],
    }
    .run()
}

/// Starts the operator and waits until it is ready.
async fn start(stage: &cyclades_e2e::Stage) -> anyhow::Result<()> {
    let mut bed = stage.bed_mut().await;
    let operator = bed.operator()?;
    operator.start()?;
    operator.ready().await?;
    Ok(())
}

/// SIGKILL.
async fn kill(stage: &cyclades_e2e::Stage) -> anyhow::Result<()> {
    Ok(stage.bed_mut().await.operator()?.kill().await?)
}
