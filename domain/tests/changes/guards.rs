//! Suspension, protection, letting go.

use cyclades_crds::{
    condition::{ConditionType, Reason},
    virtual_machine::{ActionResult, ActionType, DeletionPolicy, PowerState},
};
use cyclades_domain::{power::Power, reason::JobStep};

use crate::story::{REST_WITHIN, Story};

#[test]
fn a_suspended_machine_is_stopped_until_it_is_released() {
    let mut story = Story::running();
    story.desired.suspended = true;
    story.rest();
    assert_eq!((story.power(), story.ready()), (Power::Stopped, false));
    assert_eq!(story.told(ConditionType::Ready).1, Reason::Suspended);
    story.instance.as_mut().unwrap().power = Power::Running;
    story.rest();
    assert_eq!(story.power(), Power::Stopped, "whoever starts it in Ganeti");
    story.action = Some(("1".into(), ActionType::RebootHard));
    story.rest();
    assert_eq!(story.last(), Some(ActionResult::Declined));
    story.desired.suspended = false;
    story.rest();
    assert!(story.ready() && story.power() == Power::Running);
}

#[test]
fn a_machine_that_was_stopped_stays_so_after_a_suspension() {
    let mut story = Story::running();
    story.desired.power = PowerState::Stopped;
    story.rest();
    story.desired.suspended = true;
    story.rest();
    story.desired.suspended = false;
    story.rest();
    assert_eq!((story.power(), story.ready()), (Power::Stopped, true));
}

#[test]
fn a_protected_machine_outlives_the_deletion_of_its_object() {
    let mut story = Story::running();
    (story.desired.deleting, story.desired.protected) = (true, true);
    story.rest();
    assert_eq!((story.jobs.len(), story.finalizer), (0, true));
    assert_eq!(story.told(ConditionType::Ready).1, Reason::Protected);
    story.desired.protected = false;
    story.rest();
    assert_eq!((story.jobs.as_slice(), story.finalizer), (&[JobStep::Remove][..], false));
}

#[test]
fn a_detached_instance_stays() {
    for passes in 0..REST_WITHIN {
        let mut story = Story::running();
        (story.desired.deleting, story.desired.deletion) = (true, DeletionPolicy::Detach);
        story.rest_after_a_crash(passes);
        assert_eq!((story.jobs.as_slice(), story.finalizer), (&[JobStep::Detach][..], false), "{passes}");
        assert!(story.instance.is_some() && story.power() == Power::Running);
    }
}
