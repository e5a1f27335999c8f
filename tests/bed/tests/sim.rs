//! A bed on the simulator: what runs for everybody.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod support;

use cyclades_bed::ClusterKind;

#[tokio::test]
async fn a_bed_runs_a_machine_and_leaves_nothing() {
    support::a_bed_runs_a_machine_and_leaves_nothing(ClusterKind::Sim).await;
}

#[tokio::test]
async fn a_detached_bed_is_attached_to_and_taken_down() {
    support::a_detached_bed_is_attached_to_and_taken_down(ClusterKind::SimProcess).await;
}
