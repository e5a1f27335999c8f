//! Hypervisor parameters, and disks of the machine's own.

use std::sync::Arc;

use cyclades_crds::{
    condition::{ConditionType, Reason},
    virtual_machine::{DriftPolicy, PowerState, ResizePolicy},
};
use cyclades_domain::{
    power::Power,
    reason::JobStep,
    vm::{Disk, Extras, Observed, plan, report},
};

use crate::story::{REST_WITHIN, Story};

fn extras(parameters: &[(&str, &str)], disks: &[(&str, u64)]) -> Option<Arc<Extras>> {
    let parameters = parameters.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    let disks = disks.iter().map(|(name, size_mib)| Disk { name: (*name).into(), size_mib: *size_mib });
    let extras = Extras { parameters: parameters.collect(), disks: disks.collect() };
    (!extras.is_empty()).then(|| Arc::new(extras))
}

/// A machine that runs and has what it declares.
fn with(parameters: &[(&str, &str)], disks: &[(&str, u64)], can_plug: bool) -> Story {
    let mut story = Story::running();
    story.extras.wanted = extras(parameters, disks);
    story.instance.as_mut().unwrap().extras.clone_from(&story.extras.wanted);
    story.instance.as_mut().unwrap().can_plug = can_plug;
    story.rest();
    assert!(story.jobs.is_empty() && story.ready(), "{:?}", story.status);
    assert_eq!(story.status.extras, story.extras.wanted);
    story
}

fn has(story: &Story) -> Option<Arc<Extras>> {
    story.instance.as_ref().unwrap().extras.clone()
}

#[test]
fn parameters_wait_for_a_stop_and_one_that_is_taken_away_is_the_clusters_again() {
    let mut story = with(&[("acpi", "true")], &[], true);
    story.extras.wanted = extras(&[("kvm_flag", "enabled")], &[]);
    story.rest();
    assert_eq!(story.jobs, [], "the running guest is left alone");
    assert_eq!(story.told(ConditionType::InSync), (Some(false), Reason::ResizePending));
    let message = &story.status.verdict(ConditionType::Ready).unwrap().message;
    assert!(message.contains("hypervisor parameter acpi becomes the cluster's default"), "{message}");
    assert!(message.contains("hypervisor parameter kvm_flag becomes \"enabled\""), "{message}");
    story.desired.power = PowerState::Stopped;
    story.rest();
    assert_eq!(story.jobs, [JobStep::Stop, JobStep::Modify]);
    assert!(story.ready());
    assert_eq!(has(&story), story.extras.wanted);
    assert_eq!(story.status.extras, story.extras.wanted);
}

#[test]
fn a_change_and_back_again_means_nothing_is_done() {
    let mut story = with(&[("acpi", "true")], &[("data", 64)], false);
    let before = story.extras.wanted.clone();
    story.extras.wanted = extras(&[("acpi", "false"), ("pae", "true")], &[("data", 64), ("more", 64)]);
    story.rest();
    story.extras.wanted = before;
    story.rest();
    assert_eq!(story.jobs, []);
    assert!(story.ready());
}

#[test]
fn ganeti_keeps_types_and_shows_values_in_its_own_way() {
    for (wanted, shown) in [("True", "true"), (" false", "false"), ("010", "10"), ("a b", "a b")] {
        let mut story = Story::running();
        story.extras.wanted = extras(&[("x", wanted)], &[]);
        story.instance.as_mut().unwrap().extras = extras(&[("x", shown)], &[]);
        story.rest();
        assert!(story.jobs.is_empty() && story.ready(), "{wanted}: {:?}", story.status);
        assert_eq!(story.status.extras, story.extras.wanted);
    }
}

#[test]
fn a_restart_for_parameters_and_disks_survives_every_crash() {
    for passes in 0..REST_WITHIN {
        let mut story = with(&[], &[("data", 64)], false);
        story.extras.wanted = extras(&[("acpi", "false")], &[("data", 128), ("logs", 64)]);
        story.desired.resize_policy = ResizePolicy::Restart;
        story.rest_after_a_crash(passes);
        let jobs = [JobStep::Stop, JobStep::Modify, JobStep::AddDisk, JobStep::GrowDisk, JobStep::Start];
        assert_eq!(story.jobs, jobs, "{passes}");
        assert!(story.ready() && story.power() == Power::Running, "{passes}: {:?}", story.status);
        assert_eq!(has(&story), story.extras.wanted);
        assert_eq!(story.status.extras, story.extras.wanted);
    }
}

#[test]
fn disks_are_plugged_into_a_guest_that_takes_them_through_any_crash() {
    for passes in 0..REST_WITHIN {
        let mut story = with(&[], &[("data", 64)], true);
        story.extras.wanted = extras(&[("acpi", "false")], &[("data", 128), ("logs", 64)]);
        story.rest_after_a_crash(passes);
        assert_eq!(story.jobs, [JobStep::AddDisk, JobStep::GrowDisk], "{passes}");
        assert_eq!(story.power(), Power::Running);
        assert_eq!(
            story.told(ConditionType::InSync),
            (Some(false), Reason::ResizePending),
            "the parameter waits"
        );
        assert_eq!(story.status.extras, extras(&[], &[("data", 128), ("logs", 64)]));
    }
}

#[test]
fn a_disk_that_could_not_be_plugged_in_is_shown_until_the_guest_is_another() {
    let mut story = with(&[], &[], true);
    story.extras.wanted = extras(&[], &[("data", 64)]);
    story.pass();
    story.extras.unplugged = Some(true);
    story.rest();
    assert_eq!(story.told(ConditionType::Ready), (Some(false), Reason::HotplugFailed));
    // Another operator remembers nothing; the status does.
    story.extras.unplugged = None;
    story.rest();
    assert_eq!(story.told(ConditionType::InSync), (Some(false), Reason::HotplugFailed));
    for power in [PowerState::Stopped, PowerState::Running] {
        story.desired.power = power;
        story.rest();
        assert!(story.ready(), "{:?}", story.status);
    }
    assert_eq!(story.jobs, [JobStep::AddDisk, JobStep::Stop, JobStep::Start]);
}

#[test]
fn nothing_else_hides_that_a_disk_is_not_in_the_guest() {
    let mut story = with(&[("acpi", "true")], &[], true);
    story.extras.wanted = extras(&[("acpi", "false")], &[("data", 64)]);
    story.pass();
    story.extras.unplugged = Some(true);
    story.rest();
    for kind in [ConditionType::Ready, ConditionType::InSync] {
        assert_eq!(story.told(kind), (Some(false), Reason::HotplugFailed));
        let message = &story.status.verdict(kind).unwrap().message;
        assert!(message.contains("Stop and start it") && message.contains("acpi becomes"), "{message}");
    }
    assert!(story.status.restart_required);
    // A restart in Ganeti that nobody saw, told by its job.
    story.extras.unplugged = Some(false);
    story.rest();
    assert_eq!(story.told(ConditionType::Ready), (Some(false), Reason::ResizePending));
    assert!(!story.status.restart_required);
}

/// Ganeti shows a disk before its job ends, and only the end tells whether the guest has it.
#[test]
fn a_disk_is_noted_when_its_job_is_over() {
    let mut story = with(&[], &[], true);
    story.extras.wanted = extras(&[], &[("data", 64)]);
    story.instance.as_mut().unwrap().extras.clone_from(&story.extras.wanted);
    let mut observed = story.observed();
    observed.job = Some((JobStep::AddDisk, Some(7)));
    let told = |observed: &Observed| {
        report(&story.desired, observed, &plan(&story.desired, observed), &story.status, None).extras
    };
    assert_eq!(told(&observed), None);
    observed.job = None;
    assert_eq!(told(&observed), story.extras.wanted);
}

#[test]
fn a_guest_that_refuses_disks_gets_them_at_the_next_stop() {
    let mut story = with(&[], &[], true);
    story.extras.wanted = extras(&[], &[("data", 64)]);
    story.extras.unpluggable = true;
    story.rest();
    assert_eq!((story.jobs.len(), story.told(ConditionType::Ready).1), (0, Reason::ResizePending));
}

/// An administrator takes one disk away, grows another and sets a parameter.
fn meddled(policy: DriftPolicy) -> Story {
    let mut story = with(&[("acpi", "true")], &[("data", 64), ("logs", 64)], true);
    story.desired.drift_policy = policy;
    story.instance.as_mut().unwrap().extras =
        extras(&[("acpi", "false"), ("pae", "true")], &[("logs", 128), ("disk/2", 32)]);
    story.rest();
    story
}

#[test]
fn what_an_administrator_changes_is_reported_accepted_or_corrected() {
    let story = meddled(DriftPolicy::Report);
    assert_eq!((story.jobs.len(), story.told(ConditionType::Ready)), (0, (Some(false), Reason::Drifted)));
    let message = &story.status.verdict(ConditionType::InSync).unwrap().message;
    for words in [
        "hypervisor parameter acpi: declared \"true\", Ganeti has \"false\"",
        "disk data: declared 64 MiB, Ganeti has none",
        "disk logs: declared 64 MiB, Ganeti has 128 MiB",
        "disk disk/2: not declared, Ganeti has 32 MiB",
    ] {
        assert!(message.contains(words), "no {words:?} in {message}");
    }
    assert!(!message.contains("pae"), "what nobody declared is the administrator's: {message}");
    let status = story.status.extras.as_ref().unwrap();
    assert_eq!((status.disk("data"), status.disk("logs")), (Some(0), Some(64)));

    let story = meddled(DriftPolicy::Accept);
    assert_eq!((story.jobs.len(), story.ready()), (0, true));

    let mut story = meddled(DriftPolicy::Correct);
    assert_eq!(story.jobs, [JobStep::AddDisk], "the guest takes a disk as it runs");
    story.desired.power = PowerState::Stopped;
    story.rest();
    assert_eq!(story.jobs, [JobStep::AddDisk, JobStep::Stop, JobStep::Modify]);
    assert_eq!(
        story.told(ConditionType::Ready).1,
        Reason::Drifted,
        "no disk shrinks, and none is taken away"
    );
}

#[test]
fn a_disk_that_was_removed_in_ganeti_may_be_given_up_and_had_anew() {
    let mut story = meddled(DriftPolicy::Report);
    story.extras.wanted = extras(&[("acpi", "true")], &[("logs", 64)]);
    story.rest();
    assert_eq!(story.status.extras.as_ref().unwrap().disk("data"), None);
    story.extras.wanted = extras(&[("acpi", "true")], &[("logs", 64), ("data", 64)]);
    story.rest();
    assert_eq!(story.jobs, [JobStep::AddDisk]);
}

#[test]
fn what_is_refused_says_so_and_the_rest_is_looked_after() {
    let mut story = with(&[], &[], true);
    story.extras.wanted = extras(&[("kvm_extra", "-x")], &[]);
    story.extras.refused = Some((Reason::ParameterNotAllowed, "kvm_extra is not allowed".into()));
    story.rest();
    assert_eq!(
        (story.jobs.len(), story.told(ConditionType::Ready)),
        (0, (Some(false), Reason::ParameterNotAllowed))
    );
    assert_eq!(story.told(ConditionType::Reconciling).0, Some(true), "it goes on when that is allowed");
    story.desired.power = PowerState::Stopped;
    story.rest();
    assert_eq!(story.jobs, [JobStep::Stop]);
}
