//! Actions: at most once.

use cyclades_crds::virtual_machine::{ActionResult, ActionType, PowerState};
use cyclades_domain::{reason::JobStep, vm::Status};

use crate::story::{REST_WITHIN, Story};

#[test]
fn an_action_is_done_at_most_once_through_any_crash() {
    for passes in 0..REST_WITHIN {
        let mut story = Story::running();
        story.action = Some(("1".into(), ActionType::RebootHard));
        story.rest_after_a_crash(passes);
        assert!(story.jobs.len() <= 1, "{passes}: {:?}", story.jobs);
        match story.last() {
            Some(ActionResult::Done) => assert_eq!(story.jobs, [JobStep::RebootHard]),
            Some(ActionResult::Unknown) => {}
            other => panic!("{passes}: {other:?}"),
        }
        let before = story.jobs.len();
        story.rest();
        assert_eq!(story.jobs.len(), before, "the same id is not done again");
        assert!(story.ready(), "{passes}");
        story.action = Some(("2".into(), ActionType::RebootSoft));
        story.rest();
        assert_eq!(story.jobs.last(), Some(&JobStep::RebootSoft), "another id is another action");
        assert_eq!(story.last(), Some(ActionResult::Done));
    }
}

#[test]
fn an_action_that_came_with_the_machine_is_not_done() {
    let mut story = Story::running();
    story.status = Status { instance_uuid: None, ..Status::default() };
    story.status.flavor = Some("small".into());
    story.action = Some(("from-git".into(), ActionType::RebootHard));
    story.rest();
    assert_eq!((story.jobs.len(), story.last()), (0, Some(ActionResult::Baseline)));
}

#[test]
fn what_does_not_run_is_not_rebooted() {
    let mut story = Story::running();
    story.desired.power = PowerState::Stopped;
    story.rest();
    story.action = Some(("1".into(), ActionType::RebootHard));
    story.rest();
    assert_eq!(story.last(), Some(ActionResult::Declined));
    story.desired.power = PowerState::Running;
    story.rest();
    assert_eq!(story.jobs, [JobStep::Stop, JobStep::Start], "it is not made up for");
}
