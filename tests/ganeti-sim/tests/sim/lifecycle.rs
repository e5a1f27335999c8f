//! Instances from creation to removal.

use ganeti_rapi::{DeleteInstance, JobStatus, ShutdownInstance, Submit};
use ganeti_sim::Options;

use crate::bed::{Bed, small};

#[tokio::test]
async fn an_instance_is_made_stopped_started_and_removed() {
    let bed = Bed::up(Options::default());
    let submit = Submit::because("a test");
    let job = bed.end(bed.client.create_instance(&small("web.example.com"), &submit).await).await;
    assert_eq!(job.status, JobStatus::Success, "{job:?}");
    assert_eq!(job.reasons, ["a test"]);
    let instance = bed.client.instance("web.example.com").await.unwrap().unwrap();
    assert_eq!((instance.status.as_str(), instance.serial_no), ("running", 2));

    let shutdown = ShutdownInstance::default();
    bed.end(bed.client.shutdown_instance("web.example.com", &shutdown, &submit).await).await;
    let instance = bed.client.instance("web.example.com").await.unwrap().unwrap();
    assert_eq!((instance.status.as_str(), instance.serial_no), ("ADMIN_down", 4));

    bed.end(bed.client.startup_instance("web.example.com", &submit).await).await;
    assert_eq!(bed.sim.instance("web.example.com").unwrap().status, "running");

    let delete = DeleteInstance::default();
    bed.end(bed.client.delete_instance("web.example.com", &delete, &submit).await).await;
    assert!(bed.client.instance("web.example.com").await.unwrap().is_none());
    assert_eq!(bed.sim.instance_count(), 0);
}
