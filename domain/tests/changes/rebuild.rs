//! A rebuild: the image of the spec, at most once, and never a lie about what is on the disk.

use cyclades_crds::{
    condition::{ConditionType, Reason},
    virtual_machine::{ActionResult, ActionType, PowerState},
};
use cyclades_domain::{
    power::Power,
    reason::JobStep,
    vm::{Stage, Status},
};

use crate::story::{REST_WITHIN, Story};

/// A machine whose owner wants another image on it.
fn rebuilding() -> Story {
    let mut story = Story::running();
    story.image = "fedora".into();
    story.action = Some(("1".into(), ActionType::Rebuild));
    story
}

fn reinstalls(story: &Story) -> usize {
    story.jobs.iter().filter(|job| **job == JobStep::Reinstall).count()
}

#[test]
fn another_image_waits_for_a_rebuild() {
    let mut story = Story::running();
    story.image = "fedora".into();
    story.rest();
    assert!(story.jobs.is_empty());
    assert_eq!(story.told(ConditionType::InSync), (Some(false), Reason::RebuildPending));
    let message = &story.status.verdict(ConditionType::Ready).unwrap().message;
    assert!(message.contains("Image fedora") && message.contains("debian is installed"), "{message}");
    story.image = "debian".into();
    story.rest();
    assert!(story.ready() && story.jobs.is_empty());
}

#[test]
fn the_image_is_installed_and_the_machine_runs_again() {
    let mut story = rebuilding();
    story.rest();
    assert_eq!(story.jobs, [JobStep::SetOs, JobStep::Stop, JobStep::Reinstall, JobStep::Start]);
    assert_eq!((story.last(), story.status.image.as_deref()), (Some(ActionResult::Done), Some("fedora")));
    assert!(story.ready() && story.disk.as_deref() == Some("fedora"));
}

#[test]
fn a_rebuild_is_done_at_most_once_through_any_crash() {
    for passes in 0..REST_WITHIN {
        let mut story = rebuilding();
        story.rest_after_a_crash(passes);
        assert!(reinstalls(&story) <= 1, "{passes}: {:?}", story.jobs);
        match story.last() {
            Some(ActionResult::Done) => assert_eq!(story.disk.as_deref(), Some("fedora")),
            Some(ActionResult::Unknown) => assert!(story.status.image.is_none(), "nobody knows"),
            other => panic!("{passes}: {other:?}"),
        }
        assert_eq!(story.power(), Power::Running, "{passes}: the stop was our own");
        let told = story.status.image.clone();
        assert!(told.is_none() || told == story.disk, "{passes}: {told:?} is told of {:?}", story.disk);
        let before = reinstalls(&story);
        story.rest();
        assert_eq!(reinstalls(&story), before, "the same id is not done again");
        story.action = Some(("2".into(), ActionType::Rebuild));
        story.rest();
        assert_eq!((reinstalls(&story), story.last()), (before + 1, Some(ActionResult::Done)));
        assert!(story.ready());
    }
}

#[test]
fn what_is_stopped_is_rebuilt_and_stays_so() {
    let mut story = rebuilding();
    story.desired.power = PowerState::Stopped;
    story.rest();
    assert_eq!(story.jobs.last(), Some(&JobStep::Reinstall));
    assert!(story.ready() && story.power() == Power::Stopped);
}

#[test]
fn a_guest_that_dies_again_and_again_can_be_rebuilt() {
    let mut story = rebuilding();
    story.instance.as_mut().unwrap().power = Power::Crashed;
    story.rest();
    assert_eq!((reinstalls(&story), story.last()), (1, Some(ActionResult::Done)));
    assert!(story.ready());
}

#[test]
fn the_image_of_the_moment_is_installed_whatever_the_spec_says_later() {
    let mut story = rebuilding();
    story.pass();
    assert_eq!(story.last(), Some(ActionResult::Taken));
    story.image = "alpine".into();
    story.rest();
    assert_eq!((story.disk.as_deref(), story.status.image.as_deref()), (Some("fedora"), Some("fedora")));
    assert_eq!(story.told(ConditionType::InSync), (Some(false), Reason::RebuildPending));
}

#[test]
fn a_rebuild_that_is_taken_back_in_time_erases_nothing() {
    for passes in 1..REST_WITHIN {
        let mut story = rebuilding();
        for _ in 0..passes {
            story.pass();
        }
        let sent = reinstalls(&story);
        story.action = None;
        story.rest();
        assert_eq!(reinstalls(&story), sent, "{passes}");
        let wanted = if sent == 0 { ActionResult::Declined } else { ActionResult::Done };
        assert_eq!(story.last(), Some(wanted), "{passes}");
        assert_eq!(
            (story.status.image.clone(), story.power()),
            (story.disk.clone(), Power::Running),
            "{passes}"
        );
    }
}

#[test]
fn what_ganeti_refuses_beforehand_leaves_the_guest_alone() {
    let mut story = rebuilding();
    story.fails = Some((JobStep::SetOs, Stage::Refused));
    story.rest();
    assert_eq!((story.jobs.as_slice(), story.last()), (&[JobStep::SetOs][..], Some(ActionResult::Failed)));
    assert_eq!(story.status.image.as_deref(), Some("debian"));
    let message = story.status.last_action.as_ref().unwrap().message.clone().unwrap();
    assert!(message.starts_with("Nothing was erased"), "{message}");
    assert_eq!(story.power(), Power::Running);
}

#[test]
fn a_machine_that_a_rebuild_has_broken_stays_down_until_somebody_says() {
    let broken = || {
        let mut story = rebuilding();
        story.fails = Some((JobStep::Reinstall, Stage::Failed));
        story.rest();
        assert_eq!(story.last(), Some(ActionResult::Failed));
        assert_eq!(story.told(ConditionType::Stalled), (Some(true), Reason::RebuildFailed));
        assert_eq!((story.power(), story.status.image.as_deref()), (Power::Stopped, None));
        let jobs = story.jobs.len();
        story.memory = None;
        story.rest();
        assert_eq!(story.jobs.len(), jobs, "it is not tried again");
        story
    };
    let mut again = broken();
    again.action = Some(("2".into(), ActionType::Rebuild));
    again.rest();
    assert!(again.ready() && again.disk.as_deref() == Some("fedora"));

    let mut as_it_is = broken();
    for power in [PowerState::Stopped, PowerState::Running] {
        as_it_is.desired.power = power;
        as_it_is.rest();
    }
    assert_eq!(as_it_is.power(), Power::Running);
}

#[test]
fn what_may_not_be_erased_is_not() {
    let cases: [fn(&mut Story); 3] = [
        |story| story.desired.suspended = true,
        |story| story.desired.protected = true,
        |story| story.instance.as_mut().unwrap().disk_mib = 0,
    ];
    for spoil in cases {
        for passes in 0..4 {
            let mut story = rebuilding();
            for _ in 0..passes {
                story.pass();
            }
            spoil(&mut story);
            story.rest();
            assert_eq!((reinstalls(&story), story.last()), (0, Some(ActionResult::Declined)), "{passes}");
            assert!(story.status.last_action.as_ref().unwrap().message.is_some());
        }
    }
}

#[test]
fn the_image_of_an_instance_that_is_taken_over_is_not_known() {
    let mut story = Story::running();
    story.status = Status { flavor: Some("small".into()), ..Status::default() };
    story.desired.adopts = true;
    story.tagged = false;
    story.image = "fedora".into();
    story.rest();
    assert!(story.status.image.is_none() && story.ready());
    story.action = Some(("1".into(), ActionType::Rebuild));
    story.rest();
    assert_eq!((reinstalls(&story), story.status.image.as_deref()), (1, Some("fedora")));
}
