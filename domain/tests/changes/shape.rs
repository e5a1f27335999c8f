//! Another flavor, and what an administrator changes.

use cyclades_crds::{
    condition::{ConditionType, Reason},
    virtual_machine::{DriftPolicy, PowerState, ResizePolicy},
};
use cyclades_domain::{power::Power, reason::JobStep};

use crate::story::{REST_WITHIN, Story, shape};

#[test]
fn another_flavor_waits_for_a_stop() {
    let mut story = Story::running();
    story.flavor = ("big".into(), shape(2, 2048));
    story.rest();
    assert_eq!(story.jobs, [], "the running guest is left alone");
    assert_eq!(story.told(ConditionType::InSync), (Some(false), Reason::ResizePending));
    assert!(!story.ready());
    story.desired.power = PowerState::Stopped;
    story.rest();
    assert_eq!(story.jobs, [JobStep::Stop, JobStep::Modify, JobStep::Grow]);
    assert!(story.ready());
    assert_eq!(story.status.flavor.as_deref(), Some("big"));
    assert_eq!(story.status.shape, Some(shape(2, 2048)));
}

#[test]
fn a_restart_for_another_flavor_survives_every_crash() {
    for passes in 0..REST_WITHIN {
        let mut story = Story::running();
        story.flavor = ("big".into(), shape(2, 2048));
        story.desired.resize_policy = ResizePolicy::Restart;
        story.rest_after_a_crash(passes);
        assert_eq!(story.jobs, [JobStep::Stop, JobStep::Modify, JobStep::Grow, JobStep::Start], "{passes}");
        assert!(story.ready() && story.power() == Power::Running, "{passes}: {:?}", story.status);
    }
}

#[test]
fn the_old_flavor_again_means_nothing_is_done() {
    let mut story = Story::running();
    story.flavor = ("big".into(), shape(2, 2048));
    story.rest();
    story.flavor = ("small".into(), shape(1, 1024));
    story.rest();
    assert_eq!(story.jobs, []);
    assert!(story.ready());
}

#[test]
fn a_disk_never_shrinks() {
    let mut story = Story::running();
    story.flavor = ("tiny".into(), shape(1, 512));
    story.desired.resize_policy = ResizePolicy::Restart;
    story.rest();
    assert_eq!(story.told(ConditionType::Stalled), (Some(true), Reason::ResizeRefused));
    story.desired.power = PowerState::Stopped;
    story.rest();
    assert_eq!(story.jobs, [JobStep::Stop], "its power is looked after all the same");
}

/// An administrator gives the machine more memory.
fn enlarged(policy: DriftPolicy) -> Story {
    let mut story = Story::running();
    story.desired.drift_policy = policy;
    story.instance.as_mut().unwrap().memory_mib = 512;
    story.rest();
    story
}

#[test]
fn what_an_administrator_changes_is_reported_accepted_or_corrected() {
    let story = enlarged(DriftPolicy::Report);
    assert_eq!((story.jobs.len(), story.told(ConditionType::Ready)), (0, (Some(false), Reason::Drifted)));

    let story = enlarged(DriftPolicy::Accept);
    assert_eq!((story.jobs.len(), story.ready()), (0, true));
    assert_eq!(story.told(ConditionType::InSync), (Some(false), Reason::Drifted));

    let mut story = enlarged(DriftPolicy::Correct);
    assert_eq!((story.jobs.len(), story.told(ConditionType::Ready).1), (0, Reason::ResizePending));
    story.desired.power = PowerState::Stopped;
    story.rest();
    assert_eq!(story.jobs, [JobStep::Stop, JobStep::Modify]);
    assert!(story.ready() && story.instance.as_ref().unwrap().memory_mib == 256);
}

#[test]
fn a_correction_restarts_the_guest_where_that_is_wanted() {
    for passes in 0..REST_WITHIN {
        let mut story = Story::running();
        (story.desired.drift_policy, story.desired.resize_policy) =
            (DriftPolicy::Correct, ResizePolicy::Restart);
        story.instance.as_mut().unwrap().vcpus = 4;
        story.rest_after_a_crash(passes);
        assert_eq!(story.jobs, [JobStep::Stop, JobStep::Modify, JobStep::Start], "{passes}");
        assert!(story.ready());
    }
}
