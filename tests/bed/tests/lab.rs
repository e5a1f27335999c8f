//! A bed on a real Ganeti. Needs root on Debian.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod support;

use cyclades_bed::ClusterKind;

#[tokio::test]
async fn a_bed_runs_a_machine_and_leaves_nothing() {
    ganeti_lab::install(&|_| ()).await.unwrap();
    support::a_bed_runs_a_machine_and_leaves_nothing(ClusterKind::LabFake).await;
}

#[tokio::test]
async fn a_detached_bed_is_attached_to_and_taken_down() {
    ganeti_lab::install(&|_| ()).await.unwrap();
    support::a_detached_bed_is_attached_to_and_taken_down(ClusterKind::LabFake).await;
}
