//! What is told.

use std::collections::BTreeSet;

use cyclades_crds::{
    condition::{ConditionType, Reason},
    virtual_machine::{ObservedPower, PowerState},
};
use cyclades_domain::{
    power::Power,
    reason::JobStep,
    vm::{BackendView, Decision, Desired, Instance, Observed, Presence, Status, plan, report},
};

use crate::world::{UUID, desires, everything, instance, is_ready, setbacks, shape, well};

/// Statuses an object may have had before, with and without an identity.
fn statuses() -> [Status; 2] {
    let known = Status {
        observed_generation: 2,
        instance_name: Some("cyclades-0".into()),
        instance_uuid: Some("an older instance".into()),
        node: Some("node0".into()),
        power: Some(ObservedPower::Running),
        applied: Some(PowerState::Running),
        shape: Some(shape(1)),
        flavor: Some("small".into()),
        image: None,
        rescue: None,
        own_boot: None,
        restart_required: false,
        extras: None,
        nics: None,
        last_action: None,
        verdicts: Vec::new(),
    };
    [Status::default(), known]
}

fn status_of(status: &Status, kind: ConditionType) -> Option<bool> {
    status.verdict(kind).and_then(|verdict| verdict.status)
}

/// kstatus: at most one of the three holds, and Stalled exactly where nobody but a person goes on.
fn stands_for_one_thing(decision: &Decision, status: &Status) {
    let kinds = [ConditionType::Ready, ConditionType::Reconciling, ConditionType::Stalled];
    let holding: Vec<_> = kinds.into_iter().filter(|kind| status_of(status, *kind) == Some(true)).collect();
    assert!(holding.len() <= 1, "{holding:?} for {decision:?}");
    let stalled = matches!(decision, Decision::Stall { .. });
    assert_eq!(status_of(status, ConditionType::Stalled), Some(stalled), "{decision:?}");
    let comes_back = matches!(
        decision,
        Decision::Act(_) | Decision::Progress { .. } | Decision::Held { .. } | Decision::Gone
    );
    assert!(!comes_back || status_of(status, ConditionType::Reconciling) == Some(true), "{decision:?}");
}

fn tells_the_truth(desired: &Desired, observed: &Observed, before: &Status, drifted: bool) {
    let decision = plan(desired, observed);
    let status = report(desired, observed, &decision, before, None);
    let context = || format!("{decision:?} {observed:?} {status:?}");
    stands_for_one_thing(&decision, &status);
    let as_declared = decision == Decision::Settled && !drifted;
    assert_eq!(status_of(&status, ConditionType::Ready), Some(as_declared), "{}", context());
    let being_made = matches!(observed.job, Some((JobStep::Create, _)));
    let there =
        !being_made && matches!(&observed.presence, Presence::Present(instance) if !instance.half_made);
    let identity = status.instance_uuid.as_deref() == Some(UUID);
    assert_eq!(identity, there, "what is half made or being made is no machine yet: {}", context());
    assert_eq!(status_of(&status, ConditionType::InSync), there.then_some(!drifted), "{}", context());
    let placed = observed.backend != BackendView::Unplaced;
    assert_eq!(status_of(&status, ConditionType::Placed), Some(placed), "{}", context());
    assert_eq!(status.observed_generation, desired.generation);
    let kinds: BTreeSet<_> = status.verdicts.iter().map(|verdict| verdict.kind).collect();
    assert_eq!(kinds.len(), 5, "each condition once: {}", context());
    assert!(status.verdicts.iter().all(|verdict| !verdict.message.is_empty()), "{}", context());
    assert!(
        before.instance_uuid.is_none() || status.instance_uuid.is_some(),
        "an identity is lost: {}",
        context()
    );
    let again = report(desired, observed, &decision, &status, None);
    assert_eq!(again, status, "a second report of the same says something else: {}", context());
}

#[test]
fn every_report_tells_the_truth_once() {
    let statuses = statuses();
    everything(|desired, observed| {
        tells_the_truth(desired, observed, &statuses[usize::from(observed.was_created)], false)
    });
}

#[test]
fn drift_is_shown_and_is_not_ready() {
    let statuses = statuses();
    everything(|desired, observed| {
        let (none, some) = (observed.job.is_none(), observed.setback.is_none());
        // What else stands in the way is looked at above.
        if none && some && is_ready(observed) {
            let observed = Observed { shape: Some(shape(2)), ..observed.clone() };
            tells_the_truth(desired, &observed, &statuses[1], true);
        }
    });
}

#[test]
fn a_drifted_machine_says_which_fields() {
    let desired = desires().remove(0);
    let presence = Presence::Present(Instance { memory_mib: 512, ..instance(Power::Running, false) });
    let observed = Observed { presence, shape: Some(shape(2)), ..well() };
    let status = report(&desired, &observed, &plan(&desired, &observed), &Status::default(), None);
    let in_sync = status.verdict(ConditionType::InSync).unwrap();
    assert_eq!(
        &*in_sync.message,
        "vcpus: declared 2, Ganeti has 1; memory: declared 256 MiB, Ganeti has 512 MiB"
    );
    assert_eq!(in_sync.reason, Reason::Drifted);
}

#[test]
fn what_went_wrong_before_does_not_matter_to_a_machine_that_is_well() {
    let desired = desires().remove(0);
    for setback in setbacks() {
        let observed = Observed { setback, crash_pause: true, ..well() };
        assert_eq!(plan(&desired, &observed), Decision::Settled, "{observed:?}");
    }
}
