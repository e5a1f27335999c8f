//! A rescue: the medium of an image instead of the disk, and back.

use std::sync::Arc;

use cyclades_crds::{
    condition::{ConditionType, Reason},
    virtual_machine::{DriftPolicy, PowerState, RescuePolicy, ResizePolicy},
};
use cyclades_domain::{
    power::Power,
    reason::JobStep,
    vm::{Boot, Extras, Rescue},
};

use crate::story::{REST_WITHIN, Story, shape};

fn medium(name: &str) -> Boot {
    Boot::Medium(format!("/iso/{name}").into())
}

/// A machine that is to be rescued at once.
fn at_once() -> Story {
    let mut story = Story::running();
    story.rescue = Some("grml".into());
    story.desired.rescue_policy = RescuePolicy::Restart;
    story
}

#[test]
fn a_rescue_waits_for_a_stop_and_so_does_its_end() {
    let mut story = Story::running();
    story.rescue = Some("grml".into());
    story.rest();
    assert!(story.jobs.is_empty(), "a running guest is left alone");
    assert_eq!(story.told(ConditionType::InSync), (Some(false), Reason::RescuePending));
    for power in [PowerState::Stopped, PowerState::Running] {
        story.desired.power = power;
        story.rest();
    }
    assert_eq!(story.jobs, [JobStep::Stop, JobStep::SetBoot, JobStep::Start]);
    assert!(story.ready() && story.booted == medium("grml"));
    assert_eq!(story.status.rescue.as_deref(), Some("grml"));
    let message = &story.status.verdict(ConditionType::Ready).unwrap().message;
    assert!(message.contains("from the medium of image grml"), "{message}");

    story.rescue = None;
    story.rest();
    assert_eq!(story.told(ConditionType::InSync), (Some(false), Reason::RescuePending));
    for power in [PowerState::Stopped, PowerState::Running] {
        story.desired.power = power;
        story.rest();
    }
    assert!(story.ready() && story.booted == Boot::Own && story.status.rescue.is_none());
}

#[test]
fn a_rescue_that_may_restart_comes_to_its_end_through_any_crash() {
    for passes in 0..REST_WITHIN {
        let mut story = at_once();
        story.rest_after_a_crash(passes);
        assert!(story.ready(), "{passes}: {:?}", story.status);
        assert_eq!((story.power(), &story.booted), (Power::Running, &medium("grml")), "{passes}");
        story.rescue = None;
        story.rest_after_a_crash(passes);
        assert!(story.ready(), "{passes}: {:?}", story.status);
        assert_eq!((story.power(), &story.booted), (Power::Running, &Boot::Own), "{passes}");
        assert!(story.status.rescue.is_none());
    }
}

/// What an administrator had the instance boot from is given back, whenever the operator is killed and whichever media
/// came in between.
#[test]
fn what_it_booted_from_before_is_given_back() {
    for own in
        [&[("boot_order", "network")][..], &[("boot_order", "disk"), ("cdrom_image_path", "/drivers.iso")]]
    {
        let parameters = own.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let own = Some(Arc::new(Extras { parameters, disks: Vec::new() }));
        for passes in 0..REST_WITHIN {
            let mut story = at_once();
            story.instance.as_mut().unwrap().extras.clone_from(&own);
            story.rest_after_a_crash(passes);
            story.rescue = Some("netboot".into());
            story.rest_after_a_crash(passes);
            assert!(story.ready() && story.status.own_boot.is_some(), "{passes}: {:?}", story.status);
            story.rescue = None;
            story.rest_after_a_crash(passes);
            assert_eq!(story.instance.as_ref().unwrap().extras, own, "{passes}");
            assert!(story.ready() && story.status.own_boot.is_none(), "{passes}: {:?}", story.status);
        }
    }
}

/// Whenever the wish ends, the medium is taken away again: nobody forgets whose it is.
#[test]
fn a_rescue_that_is_called_off_leaves_no_medium() {
    for passes in 0..REST_WITHIN {
        let mut story = at_once();
        for _ in 0..passes {
            story.pass();
        }
        story.rescue = None;
        story.memory = None;
        story.rest();
        assert_eq!(story.instance.as_ref().unwrap().boot, Boot::Own, "{passes}: {:?}", story.jobs);
        assert!(story.ready() && story.booted == Boot::Own, "{passes}: {:?}", story.status);
    }
}

#[test]
fn another_medium_takes_the_place_of_the_first() {
    let mut story = at_once();
    story.rest();
    story.rescue = Some("netboot".into());
    story.rest();
    assert!(story.ready() && story.booted == medium("netboot"));
}

#[test]
fn a_resize_and_a_rescue_share_one_restart() {
    let mut story = at_once();
    story.flavor = ("big".into(), shape(2, 2048));
    story.desired.resize_policy = ResizePolicy::WhenStopped;
    story.rest();
    let wanted = [JobStep::Stop, JobStep::Modify, JobStep::Grow, JobStep::SetBoot, JobStep::Start];
    assert_eq!(story.jobs, wanted);
    assert!(story.ready());
}

#[test]
fn who_cannot_be_rescued_says_so_and_is_left_alone() {
    for (boot, words) in [(Boot::Fixed, "only kvm"), (Boot::Kernel, "kernel_path")] {
        let mut story = at_once();
        story.instance.as_mut().unwrap().boot = boot;
        story.rest();
        assert!(story.jobs.is_empty() && story.status.rescue.is_none());
        assert_eq!(story.told(ConditionType::Stalled), (Some(true), Reason::RescueRefused));
        let message = &story.status.verdict(ConditionType::Stalled).unwrap().message;
        assert!(message.contains(words), "{message}");
        story.desired.power = PowerState::Stopped;
        story.rest();
        assert_eq!(story.power(), Power::Stopped, "all else goes on");
        story.rescue = None;
        story.rest();
        assert!(story.ready());
    }
}

#[test]
fn what_an_administrator_attached_is_shown_or_corrected() {
    let mut story = Story::running();
    story.instance.as_mut().unwrap().boot = medium("strange");
    story.rest();
    assert!(story.jobs.is_empty());
    assert_eq!(story.told(ConditionType::InSync), (Some(false), Reason::Drifted));
    let message = &story.status.verdict(ConditionType::InSync).unwrap().message;
    assert!(message.contains("/iso/strange"), "{message}");
    story.desired.drift_policy = DriftPolicy::Correct;
    story.desired.power = PowerState::Stopped;
    story.rest();
    assert_eq!(story.jobs, [JobStep::Stop, JobStep::SetBoot]);
    assert!(story.ready());
}

#[test]
fn the_medium_is_noted_before_it_is_given() {
    let mut story = at_once();
    story.desired.power = PowerState::Stopped;
    while !story.jobs.contains(&JobStep::SetBoot) {
        assert!(story.pass());
    }
    assert!(matches!(story.rescue(), Some(Rescue::From { noted: true, .. })));
}
