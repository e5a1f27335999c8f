//! Instances that are taken over, or only looked at.

use cyclades_crds::{
    condition::{ConditionType, Reason},
    virtual_machine::{ActionResult, ActionType, ObservedPower, PowerPolicy, PowerState},
};
use cyclades_domain::{power::Power, reason::JobStep, vm::Status};

use crate::story::{REST_WITHIN, Story, shape};

/// An object that names an instance which runs and is nobody's.
fn newcomer() -> Story {
    let mut story = Story::running();
    story.status = Status { flavor: Some("small".into()), ..Status::default() };
    story.status.shape = Some(shape(1, 1024));
    (story.tagged, story.finalizer, story.desired.adopts) = (false, false, true);
    story
}

#[test]
fn an_instance_is_taken_over_with_its_tags_alone() {
    for passes in 0..REST_WITHIN {
        let mut story = newcomer();
        story.action = Some(("from-git".into(), ActionType::RebootHard));
        story.rest_after_a_crash(passes);
        assert_eq!(story.jobs, [JobStep::Adopt], "{passes}");
        assert!(story.ready() && story.finalizer && story.power() == Power::Running);
        assert_eq!(story.last(), Some(ActionResult::Baseline));
    }
}

#[test]
fn what_is_to_be_taken_over_is_never_created() {
    let mut story = newcomer();
    story.instance = None;
    story.rest();
    assert_eq!(story.told(ConditionType::Ready), (Some(false), Reason::InstanceNotFound));
    assert_eq!((story.jobs.len(), story.finalizer), (0, false));
}

#[test]
fn what_is_only_looked_at_is_left_alone() {
    let mut story = newcomer();
    story.desired.observe = true;
    story.desired.power = PowerState::Stopped;
    story.action = Some(("1".into(), ActionType::RebootHard));
    story.flavor = ("big".into(), shape(2, 2048));
    story.rest();
    assert_eq!((story.jobs.len(), story.finalizer), (0, false));
    assert_eq!(story.told(ConditionType::Ready), (Some(false), Reason::Observed));
    assert_eq!(story.status.power, Some(ObservedPower::Running));
    story.desired.deleting = true;
    story.rest();
    assert!(story.jobs.is_empty() && story.instance.is_some(), "nor is it removed");
    (story.desired.deleting, story.desired.observe) = (false, false);
    story.desired.power = PowerState::Running;
    story.flavor = ("small".into(), shape(1, 1024));
    story.rest();
    assert_eq!(story.jobs, [JobStep::Adopt], "until it is managed");
    assert!(story.ready());
}

#[test]
fn a_machine_that_was_managed_is_left_alone_when_it_is_only_looked_at() {
    let mut story = Story::running();
    story.desired.observe = true;
    story.instance.as_mut().unwrap().power = Power::Stopped;
    story.desired.power_policy = PowerPolicy::Enforce;
    story.rest();
    story.desired.deleting = true;
    story.rest();
    assert_eq!((story.jobs.len(), story.finalizer), (0, false));
    assert!(story.instance.is_some());
}
