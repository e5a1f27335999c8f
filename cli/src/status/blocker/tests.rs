use serde_json::json;

use super::*;
use crate::fixtures::{TIME, backend, machine, scene};
use crate::status::group::by_cause;

fn way(blocker: &Blocker) -> Vec<String> {
    blocker.way.iter().map(|subject| format!("{} {}", subject.kind, subject.name)).collect()
}

#[test]
fn a_ready_machine_is_blocked_by_nothing() {
    let web = machine("web", Some(("True", "Ready")), json!({"backendName": "a"}));
    assert_eq!(blocker(&web, &scene()), None);
}

#[test]
fn a_missing_flavor_is_the_cause_before_the_operator_says_so() {
    let mut scene = scene();
    scene.flavors.insert("small".to_owned(), Look::Absent);
    let found = blocker(&machine("web", None, json!({})), &scene).unwrap();
    assert_eq!(way(&found), ["VirtualMachine web", "Flavor small"]);
    assert_eq!((found.reason.as_str(), found.cure.who), ("FlavorNotFound", Who::Administrator));
}

#[test]
fn the_chain_goes_on_from_the_flavor_to_its_volume_type() {
    let mut scene = scene();
    scene.volume_types.insert("file".to_owned(), Look::Absent);
    let found = blocker(&machine("web", Some(("False", "VolumeTypeNotFound")), json!({})), &scene).unwrap();
    assert_eq!(way(&found), ["VirtualMachine web", "Flavor small", "VolumeType file"]);
    assert_eq!(found.since.map(|it| it.to_string()).as_deref(), Some(TIME));
}

#[test]
fn the_chain_goes_on_from_the_backend_to_its_secret() {
    let mut scene = scene();
    let without = backend("a", "False", "CredentialsMissing", json!({}));
    scene.backends.insert("a".to_owned(), Look::Found(without));
    let web = machine("web", Some(("False", "BackendNotReady")), json!({"backendName": "a"}));
    let found = blocker(&web, &scene).unwrap();
    assert_eq!(way(&found), ["VirtualMachine web", "GanetiBackend a", "Secret secret-of-a"]);
    assert_eq!(found.on().namespace.as_deref(), Some("cyclades-system"));
    assert_eq!(found.message, "The backend's words.");
}

#[test]
fn a_machine_that_says_ready_is_not_believed_while_its_backend_is_down() {
    let mut scene = scene();
    scene.backends.insert("a".to_owned(), Look::Found(backend("a", "False", "Unreachable", json!({}))));
    let web = machine("web", Some(("True", "Ready")), json!({"backendName": "a"}));
    let found = blocker(&web, &scene).unwrap();
    assert_eq!((found.reason.as_str(), found.cure.who), ("Unreachable", Who::GanetiAdministrator));
}

#[test]
fn an_offline_backend_is_told_before_its_conditions_say_so() {
    let mut scene = scene();
    let offline = backend("a", "True", "Ready", json!({"offline": true}));
    scene.backends.insert("a".to_owned(), Look::Found(offline));
    let web = machine("web", Some(("True", "Ready")), json!({"backendName": "a"}));
    assert_eq!(blocker(&web, &scene).unwrap().reason, "BackendOffline");
}

#[test]
fn a_backend_that_is_to_go_blocks_nobody() {
    let mut scene = scene();
    scene.backends.insert("a".to_owned(), Look::Found(backend("a", "False", "MachinesPlaced", json!({}))));
    let web = machine("web", Some(("True", "Ready")), json!({"backendName": "a"}));
    assert_eq!(blocker(&web, &scene), None);
}

#[test]
fn a_tenant_who_may_not_see_the_backend_reads_what_the_machine_passes_on() {
    let mut scene = scene();
    scene.backends.insert("a".to_owned(), Look::Hidden);
    let web = machine("web", Some(("False", "BackendNotReady")), json!({"backendName": "a"}));
    let found = blocker(&web, &scene).unwrap();
    assert_eq!(way(&found), ["VirtualMachine web", "GanetiBackend a"]);
    assert_eq!(found.message, "BackendNotReady, it says.");
}

#[test]
fn what_was_put_right_and_not_looked_at_again_is_the_operators() {
    let web = machine("web", Some(("False", "ImageNotFound")), json!({}));
    let found = blocker(&web, &scene()).unwrap();
    assert_eq!(found.reason, NOT_TOLD);
    assert!(found.message.contains("Image guest"), "{}", found.message);
}

#[test]
fn a_change_that_was_not_looked_at_is_not_ready() {
    let mut web = machine("web", Some(("True", "Ready")), json!({"backendName": "a"}));
    web.metadata.generation = Some(3);
    assert_eq!(blocker(&web, &scene()).unwrap().reason, NOT_TOLD);
}

#[test]
fn a_paused_machine_is_paused_whatever_else() {
    let mut web = machine("web", Some(("False", "FlavorNotFound")), json!({}));
    web.metadata.annotations = Some([("cyclades.io/paused".to_owned(), "yes".to_owned())].into());
    let found = blocker(&web, &scene()).unwrap();
    assert_eq!(found.reason, "Paused");
    assert!(
        found.cure.todo.contains("kubectl annotate vm web -n shop cyclades.io/paused-"),
        "{}",
        found.cure.todo
    );
    web.metadata.annotations = Some([("cyclades.io/paused".to_owned(), "false".to_owned())].into());
    assert_ne!(blocker(&web, &scene()).unwrap().reason, "Paused");
}

#[test]
fn a_reason_of_a_later_version_is_passed_on() {
    let web = machine("web", Some(("False", "QuotaExceeded")), json!({}));
    let found = blocker(&web, &scene()).unwrap();
    assert_eq!((found.reason.as_str(), found.message.as_str()), ("QuotaExceeded", "QuotaExceeded, it says."));
}

#[test]
fn a_machine_that_is_made_needs_its_flavor_no_more() {
    let mut scene = scene();
    scene.flavors.insert("small".to_owned(), Look::Absent);
    let web = machine("web", Some(("True", "Ready")), json!({"backendName": "a"}));
    assert_eq!(blocker(&web, &scene), None);
}

#[test]
fn one_backend_that_is_down_is_one_cause_of_many() {
    let mut scene = scene();
    scene.backends.insert("a".to_owned(), Look::Found(backend("a", "False", "Unreachable", json!({}))));
    let on_a = |name| machine(name, Some(("True", "Ready")), json!({"backendName": "a"}));
    let stopped = |name| machine(name, Some(("False", "StoppedOutside")), json!({}));
    let all = [on_a("c"), stopped("z"), on_a("b"), stopped("y"), on_a("a")];
    let causes = by_cause(all.iter().filter_map(|machine| blocker(machine, &scene)).collect());
    let told: Vec<_> = causes
        .iter()
        .map(|cause| {
            let names: Vec<_> = cause.machines.iter().map(|machine| machine.name.as_str()).collect();
            (cause.on.as_ref().map(ToString::to_string), cause.blocker.reason.as_str(), names.join(" "))
        })
        .collect();
    let wanted = [
        (Some("GanetiBackend a".to_owned()), "Unreachable", "a b c".to_owned()),
        (None, "StoppedOutside", "y z".to_owned()),
    ];
    assert_eq!(told, wanted);
}
