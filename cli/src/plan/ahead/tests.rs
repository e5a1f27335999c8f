use cyclades_crds::VirtualMachine;
use serde_json::{Value, json};

use super::*;
use crate::fixtures::{backend, machine, scene};
use crate::look::Look;
use crate::plan::ganeti::{Sight, Sighting};
use crate::plan::text::{Occasion, plan as tell};
use crate::plan::view::view;

/// A machine on backend `a` whose instance is there; `status` is laid over that.
fn made(spec: Value, status: Value) -> VirtualMachine {
    let mut whole = json!({"backendName": "a", "id": "6d1b3ff4-5a4c-4d42-9c3a-8e7f00000001"});
    if let (Value::Object(whole), Value::Object(spec)) = (&mut whole, spec) {
        whole.extend(spec);
    }
    let mut object = serde_json::to_value(machine("web", Some(("True", "Ready")), whole)).unwrap();
    object["metadata"]["finalizers"] = json!(["cyclades.io/instance"]);
    let told = json!({
        "instanceName": "cyclades-1", "instanceUUID": "i", "node": "node1", "powerState": "Running",
        "appliedPowerState": "Running", "flavor": "small",
        "shape": {"vcpus": 1, "memoryMiB": 1024, "diskMiB": 0, "diskTemplate": "diskless"},
    });
    for part in [told, status] {
        for (key, value) in part.as_object().unwrap() {
            object["status"][key] = value.clone();
        }
    }
    serde_json::from_value(object).unwrap()
}

fn course_of(
    machine: &VirtualMachine,
    scene: &Scene,
    room: &Room,
    sight: Option<&Sight>,
) -> (Course, String) {
    let view = view(machine, scene, sight);
    let world = World { machine, scene, room, view: &view, rival: None };
    let course = ahead(&world);
    let text = tell(&world, &course, &Occasion::AsItIs, &["here".to_owned()]);
    (course, text)
}

/// The course by status alone: words of its steps, then where it ends.
fn words(machine: &VirtualMachine, scene: &Scene) -> Vec<String> {
    let (course, _) = course_of(machine, scene, &Room::default(), None);
    let step = |stride: &Stride| match &stride.step {
        Step::Submit { job, .. } => job.as_str().to_owned(),
        other => format!("{other:?}"),
    };
    let end = course.rest.as_ref().map_or("Gone", |(reason, _)| reason.as_str());
    course.strides.iter().map(step).chain([end.to_owned()]).collect()
}

#[test]
fn a_machine_that_is_as_declared_needs_nothing() {
    let web = made(json!({}), json!({}));
    let (course, text) = course_of(&web, &scene(), &Room::default(), None);
    assert!(course.well && course.strides.is_empty(), "{course:?}");
    assert!(text.contains("next       nothing"), "{text}");
    assert!(text.contains("in the end Ready: The machine runs as declared."), "{text}");
}

#[test]
fn a_stop_says_what_why_and_how_long() {
    let web = made(json!({"powerState": "Stopped", "shutdownTimeoutSeconds": 7}), json!({}));
    let (course, text) = course_of(&web, &scene(), &Room::default(), None);
    assert!(course.well, "{course:?}");
    let wanted = "  next       1. submit a job: stop instance cyclades-1; its guest has 7 s to shut down, then it is stopped by force\n                since spec.powerState is Stopped, and Running is what was brought about last\n";
    assert!(text.contains(wanted), "{text}");
    assert!(text.contains("in the end Ready: The machine is stopped as declared."), "{text}");
    assert!(text.contains("what the status says"), "{text}");
}

#[test]
fn what_ganeti_shows_outranks_the_status() {
    let web = made(json!({"powerState": "Stopped"}), json!({}));
    let instance = Instance {
        name: "cyclades-1".into(),
        uuid: "i".into(),
        node: "node2".into(),
        power: Power::Stopped,
        vcpus: 1,
        memory_mib: 1024,
        disk_mib: 0,
        boot: Boot::Own,
        extras: None,
        can_plug: false,
        half_made: false,
    };
    let sighting = Sighting { instance: Some(instance), ..Sighting::default() };
    let sight = Sight { backend: "a".into(), outcome: Ok(sighting) };
    let (course, text) = course_of(&web, &scene(), &Room::default(), Some(&sight));
    assert!(course.strides.is_empty() && course.well, "{course:?}");
    assert!(text.contains("stopped on node node2") && text.contains("what Ganeti shows"), "{text}");
}

#[test]
fn a_job_that_runs_is_waited_for_and_then_the_rest_follows() {
    let web = made(json!({"powerState": "Stopped"}), json!({}));
    let sighting = Sighting { job: Some((JobStep::Start, Some(42))), ..Sighting::default() };
    let mut sight = Sight { backend: "a".into(), outcome: Ok(sighting) };
    if let Ok(seen) = &mut sight.outcome {
        seen.instance = Some(super::made(&view(&web, &scene(), None).desired, None));
    }
    let (course, text) = course_of(&web, &scene(), &Room::default(), Some(&sight));
    assert!(text.contains("job 42 runs: start"), "{text}");
    assert_eq!(course.strides.len(), 2, "{course:?}");
}

#[test]
fn a_new_machine_on_a_backend_is_guarded_then_made() {
    let web = machine("web", None, json!({"backendName": "a", "id": "6d1b3ff4-5a4c-4d42-9c3a-8e7f00000001"}));
    assert_eq!(words(&web, &scene()), ["Guard", "create", "Ready"]);
    let (_, text) = course_of(&web, &scene(), &Room::default(), None);
    assert!(
        text.contains("create instance cyclades-6d1b3ff4-5a4c-4d42-9c3a-8e7f00000001 with 1 vcpus"),
        "{text}"
    );
}

#[test]
fn what_is_missing_is_waited_for_with_the_operators_words() {
    let web = machine("web", None, json!({}));
    let mut scene = scene();
    scene.flavors.insert("small".to_owned(), Look::Absent);
    let (course, text) = course_of(&web, &scene, &Room::default(), None);
    assert!(!course.well, "{course:?}");
    let wanted = "FlavorNotFound: Flavor small does not exist: create it, and the machine goes on.";
    assert!(text.contains(wanted), "{text}");
}

#[test]
fn a_backend_that_is_down_is_waited_for() {
    let mut scene = scene();
    scene.backends.insert("a".to_owned(), Look::Found(backend("a", "False", "Unreachable", json!({}))));
    assert_eq!(words(&made(json!({"powerState": "Stopped"}), json!({})), &scene), ["BackendNotReady"]);
}

#[test]
fn without_any_backend_the_placement_says_so() {
    assert_eq!(words(&machine("web", None, json!({})), &scene()), ["NoBackendFits"]);
}

#[test]
fn a_deletion_removes_the_instance_then_lets_the_object_go() {
    let mut web = made(json!({}), json!({}));
    web.metadata.deletion_timestamp = serde_json::from_value(json!("2026-01-01T00:00:00Z")).unwrap();
    let (course, _) = course_of(&web, &scene(), &Room::default(), None);
    assert!(course.well, "{course:?}");
    assert_eq!(words(&web, &scene()), ["remove", "Release", "Gone"]);
}

#[test]
fn a_machine_that_was_stopped_elsewhere_is_followed_and_that_is_not_well() {
    let web = made(json!({}), json!({"powerState": "Stopped"}));
    assert_eq!(words(&web, &scene()), ["StoppedOutside"]);
    let enforced = made(json!({"powerPolicy": "Enforce"}), json!({"powerState": "Stopped"}));
    assert_eq!(words(&enforced, &scene()), ["start", "Ready"]);
}

#[test]
fn a_refused_job_is_not_sent_again_until_the_spec_changes() {
    let mut web = made(json!({"powerState": "Stopped"}), json!({}));
    let told = crate::fixtures::condition("Ready", "False", "JobRefused", "Ganeti said no.");
    web.status.as_mut().unwrap().conditions = vec![serde_json::from_value(told).unwrap()];
    assert_eq!(words(&web, &scene()), ["JobRefused"]);
    web.metadata.generation = Some(3);
    assert_eq!(words(&web, &scene()), ["stop", "Ready"]);
}

#[test]
fn a_machine_whose_id_another_has_does_nothing() {
    let (web, scene, room) = (machine("web", None, json!({})), scene(), Room::default());
    let view = view(&web, &scene, None);
    let world = World { machine: &web, scene: &scene, room: &room, view: &view, rival: Some("db has it.") };
    let course = ahead(&world);
    assert!(course.strides.is_empty() && !course.well, "{course:?}");
    assert_eq!(course.rest, Some((Reason::InvalidSpec, "db has it.".into())));
}

#[test]
fn another_flavor_with_restart_stops_changes_and_starts() {
    let spec = json!({"flavorRef": {"name": "large"}, "resizePolicy": "Restart"});
    let web = made(spec, json!({}));
    let mut scene = scene();
    let large = json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "Flavor", "metadata": {"name": "large"},
        "spec": {"vcpus": 2, "memory": "2Gi", "volumeTypeRef": {"name": "file"}},
    });
    scene.flavors.insert("large".to_owned(), Look::Found(serde_json::from_value(large).unwrap()));
    assert_eq!(words(&web, &scene), ["Record(Restart)", "stop", "modify", "start", "Ready"]);
}

/// An instance that nobody declared, as Ganeti shows it.
fn orphan(memory_mib: u64) -> Sight {
    let instance = Instance {
        name: "old.example.com".into(),
        uuid: "o".into(),
        node: "node1".into(),
        power: Power::Running,
        vcpus: 1,
        memory_mib,
        disk_mib: 0,
        boot: Boot::Own,
        extras: None,
        can_plug: false,
        half_made: false,
    };
    let name_taken = Some("old.example.com".to_owned());
    Sight {
        backend: "a".into(),
        outcome: Ok(Sighting { nobodys: Some(instance), name_taken, ..Sighting::default() }),
    }
}

#[test]
fn what_is_taken_over_gets_tags_and_the_difference_is_shown_first() {
    let spec = json!({"backendName": "a", "adopt": "old.example.com"});
    let web = machine("web", None, spec);
    let mut scene = scene();
    scene.volume_types.insert("file".to_owned(), diskless());
    let (course, text) = course_of(&web, &scene, &Room::default(), Some(&orphan(512)));
    assert!(text.contains("now        instance old.example.com of nobody, running on node node1"), "{text}");
    assert!(
        text.contains("2. submit a job: adopt instance old.example.com: our tags are put on it"),
        "{text}"
    );
    assert!(
        text.contains("Drifted: Ganeti differs: memory: declared 1024 MiB, Ganeti has 512 MiB."),
        "{text}"
    );
    assert!(!course.well, "{course:?}");
    let (course, text) = course_of(&web, &scene, &Room::default(), Some(&orphan(1024)));
    assert!(course.well, "{text}");
}

#[test]
fn what_is_only_looked_at_has_no_steps() {
    let spec = json!({"backendName": "a", "adopt": "old.example.com", "managementPolicy": "Observe"});
    let web = machine("web", None, spec);
    let (course, text) = course_of(&web, &scene(), &Room::default(), Some(&orphan(1024)));
    assert!(course.strides.is_empty() && text.contains("Observed: "), "{text}");
}

fn diskless() -> Look<cyclades_crds::VolumeType> {
    let object = json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "VolumeType", "metadata": {"name": "file"},
        "spec": {"diskTemplate": "Diskless"},
    });
    Look::Found(serde_json::from_value(object).unwrap())
}

#[test]
fn a_rebuild_says_what_is_lost_and_waits_for_its_image() {
    let shape = json!({"vcpus": 1, "memoryMiB": 1024, "diskMiB": 1024, "diskTemplate": "file"});
    let action = json!({"action": {"id": "1", "type": "Rebuild"}});
    let web = made(action.clone(), json!({"shape": shape, "image": "old"}));
    assert_eq!(
        words(&web, &scene()),
        ["Record(Take)", "set-os", "stop", "reinstall", "Record(Done)", "start", "Ready"]
    );
    let (_, text) = course_of(&web, &scene(), &Room::default(), None);
    assert!(text.contains("with image guest: what is on its system disk is lost"), "{text}");
    let mut empty = scene();
    empty.images.insert(("shop".to_owned(), "guest".to_owned()), Look::Absent);
    assert_eq!(words(&web, &empty), ["ImageNotFound"]);
    let pending = made(json!({}), json!({"shape": shape, "image": "old"}));
    assert_eq!(words(&pending, &scene()), ["RebuildPending"]);
}

#[test]
fn a_rescue_restarts_the_guest_only_where_that_is_wanted() {
    let rescue = |policy: &str| json!({"rescue": {"imageRef": {"name": "grml"}}, "rescuePolicy": policy});
    let mut scene = scene();
    let medium = json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "Image", "metadata": {"name": "grml", "namespace": "shop"},
        "spec": {"source": {"cdrom": {"location": "/srv/iso/grml.iso"}}},
    });
    let medium = Look::Found(serde_json::from_value(medium).unwrap());
    let grml = || ("shop".to_owned(), "grml".to_owned());
    scene.images.insert(grml(), Look::Absent);
    assert_eq!(words(&made(rescue("Restart"), json!({})), &scene), ["ImageNotFound"]);
    scene.images.insert(grml(), medium);
    assert_eq!(words(&made(rescue("Restart"), json!({})), &scene), ["RescueRefused"], "no medium is allowed");
    let allows = backend("a", "True", "Ready", json!({"rescueMedia": ["/srv/iso/"]}));
    scene.backends.insert("a".to_owned(), Look::Found(allows));
    assert_eq!(words(&made(rescue("WhenStopped"), json!({})), &scene), ["RescuePending"]);
    assert_eq!(
        words(&made(rescue("Restart"), json!({})), &scene),
        ["Record(Restart)", "stop", "Record(Rescue)", "set-boot", "start", "Ready"]
    );
    let over = made(json!({"rescuePolicy": "Restart"}), json!({"rescue": "grml"}));
    assert_eq!(words(&over, &scene), ["Record(Restart)", "stop", "set-boot", "start", "Ready"]);
}

#[test]
fn a_disk_that_the_guest_lacks_is_there_after_a_restart() {
    let told = json!({"restartRequired": true});
    assert_eq!(words(&made(json!({}), told.clone()), &scene()), ["HotplugFailed"]);
    let hard = json!({"action": {"id": "1", "type": "RebootHard"}});
    assert_eq!(
        words(&made(hard, told.clone()), &scene()),
        ["Record(Take)", "reboot-hard", "Record(Done)", "Ready"]
    );
    assert_eq!(words(&made(json!({"powerState": "Stopped"}), told), &scene()), ["stop", "Ready"]);
}
