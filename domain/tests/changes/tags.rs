//! Words of the owner.

use cyclades_domain::{power::Power, reason::JobStep};

use crate::story::Story;

#[test]
fn the_words_of_the_owner_are_put_on_and_taken_off_while_the_guest_runs() {
    let mut story = Story::running();
    story.wanted_tags = vec!["cyclades:user:a".into(), "cyclades:user:b".into()];
    story.rest();
    story.wanted_tags = vec!["cyclades:user:b".into()];
    story.rest();
    assert_eq!(story.jobs, [JobStep::Tag, JobStep::Untag]);
    assert_eq!(story.has_tags, story.wanted_tags);
    assert!(story.ready() && story.power() == Power::Running);
}
