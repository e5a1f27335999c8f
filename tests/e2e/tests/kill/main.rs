//! Lost answers and killed operators, on a real Ganeti.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use cyclades_bed::{ClusterKind, Options};
use cyclades_e2e::{LONG, Need, SOON, Stage, Suite, cases};
use serde_json::json;

mod answers;
mod restarts;

/// The only cluster.
const CLUSTER: usize = 1;
/// Its backend.
const BACKEND: &str = "ganeti-1";

/// RAPI's own URL.
async fn rapi(stage: &Stage) -> Result<String> {
    let bed = stage.bed().await;
    Ok(bed.cluster(CLUSTER)?.lab().context("a lab")?.rapi_url())
}

/// Has the operator go to the cluster by this URL.
async fn lead(stage: &Stage, url: &str) -> Result<()> {
    let backend = stage.backend(BACKEND);
    backend.patch(&json!({"spec": {"endpoints": [url]}})).await?;
    backend.ready(LONG).await?;
    // The old session may have ended in the middle of a look.
    stage.polls(BACKEND, 2, SOON).await
}

fn main() -> ExitCode {
    Suite {
        need: Need::Lab,
        options: Options { audit: true, ..Options::for_test(vec![ClusterKind::LabFake]) },
        // Each kills what the others need.
        threads: Some(1),
        cases: cases![
            answers::a_create_whose_answer_is_lost_is_found_and_not_repeated,
            answers::an_operator_killed_between_submit_and_answer_makes_one_instance,
            answers::a_removal_whose_answer_is_lost_ends_all_the_same,
            restarts::applied_twice_and_restarted_three_times_nothing_is_written_and_no_job_is_made,
        ],
    }
    .run()
}
