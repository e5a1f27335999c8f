//! What readings do to what is believed.

use std::{collections::HashSet, sync::Arc};

use cyclades_domain::{naming::instance_tags, power::Power, vm::Presence};
use ganeti_rapi::{QueryBody, Text};
use uuid::Uuid;

use super::{Changes, Inventory};
use crate::world::rows::{InstanceRow, StatusRow};

const OURS: &str = "prod";

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

/// A row as Ganeti answers it: name, uuid, serial, node, memory, vcpus, disks, tags, hypervisor, names of disks, parameters.
fn row(name: &str, serial: u64, node: &str, tags: &[String]) -> String {
    let tags = serde_json::to_string(tags).unwrap();
    // A hypervisor that knows no medium to boot from.
    let more = r#"[3,null],[3,null],[3,null],[0,"fake"],[0,[]],[0,{}]"#;
    format!(
        r#"[[0,"{name}"],[0,"uuid-{name}"],[0,{serial}],[0,"{node}"],[0,256],[0,1],[0,[]],[0,{tags}],{more}]"#
    )
}

fn ours(n: u128) -> String {
    row(&format!("vm-{n}"), 1, "node1", &instance_tags(OURS, "default", "web", id(n)))
}

/// Takes one reading.
fn read(inventory: &mut Inventory, rows: &[String], leaving: &[&str]) -> Changes {
    let body = QueryBody::new(format!(r#"{{"fields":[],"data":[{}]}}"#, rows.join(",")).into());
    let mut snapshot = inventory.open();
    body.for_each(|row: InstanceRow<'_>| inventory.show(&mut snapshot, &row, OURS)).unwrap();
    let leaving: HashSet<Arc<str>> = leaving.iter().map(|name| Arc::from(*name)).collect();
    inventory.close(snapshot, &leaving)
}

fn status(inventory: &mut Inventory, name: &str, status: &str) -> Option<Uuid> {
    let row = StatusRow { name: Text(name.into()), status: Text(status.into()) };
    inventory.take_status(&row, false, |_| false)
}

fn with(machines: u128) -> Inventory {
    let mut inventory = Inventory::default();
    let rows: Vec<String> = (1..=machines).map(ours).collect();
    read(&mut inventory, &rows, &[]);
    for n in 1..=machines {
        status(&mut inventory, &format!("vm-{n}"), "running");
    }
    inventory.synced = true;
    inventory
}

fn power(inventory: &Inventory, n: u128) -> Option<Power> {
    match inventory.presence(id(n), &format!("vm-{n}"), true) {
        Presence::Present(instance) => Some(instance.power),
        _ => None,
    }
}

#[test]
fn an_unchanged_reading_tells_nothing() {
    let mut inventory = with(20);
    let rows: Vec<String> = (1..=20).map(ours).collect();
    let changes = read(&mut inventory, &rows, &[]);
    assert!(changes.machines.is_empty() && changes.implausible.is_none() && changes.to_verify.is_empty());
}

#[test]
fn a_migration_is_seen_although_the_serial_number_stays() {
    let mut inventory = with(2);
    let moved = row("vm-1", 1, "node2", &instance_tags(OURS, "default", "web", id(1)));
    assert_eq!(read(&mut inventory, &[moved, ours(2)], &[]).machines, [id(1)]);
    assert_eq!(power(&inventory, 1), Some(Power::Running), "and it runs as before");
}

#[test]
fn a_reading_that_was_asked_for_earlier_does_not_undo_a_later_one() {
    let mut inventory = with(1);
    let newer = row("vm-1", 5, "node2", &instance_tags(OURS, "default", "web", id(1)));
    read(&mut inventory, &[newer], &[]);
    assert!(read(&mut inventory, &[ours(1)], &[]).machines.is_empty());
}

#[test]
fn what_one_reading_misses_is_not_gone() {
    let mut inventory = with(10);
    let rest: Vec<String> = (2..=10).map(ours).collect();
    let changes = read(&mut inventory, &rest, &[]);
    assert!(changes.to_verify.is_empty() && changes.implausible.is_none());
    assert_eq!(power(&inventory, 1), Some(Power::Running));
    let changes = read(&mut inventory, &rest, &[]);
    assert_eq!(changes.to_verify, [(id(1), Arc::from("vm-1"))], "two have missed it: a direct read decides");
    assert_eq!(inventory.presence(id(1), "vm-1", true), Presence::Unknown);
    inventory.confirm_absent(id(1), &Arc::from("vm-1"));
    assert_eq!(inventory.presence(id(1), "vm-1", true), Presence::Absent);
}

#[test]
fn an_empty_halved_or_doubled_reading_is_not_believed() {
    let mut inventory = with(3);
    assert!(read(&mut inventory, &[], &[]).implausible.is_some(), "empty");
    let mut inventory = with(20);
    let half: Vec<String> = (1..=10).map(ours).collect();
    assert!(read(&mut inventory, &half, &[]).implausible.is_some(), "halved");
    let mut inventory = with(3);
    assert!(
        read(&mut inventory, &[ours(1), ours(1), ours(2), ours(3)], &[]).implausible.is_some(),
        "doubled"
    );
}

#[test]
fn what_our_own_job_removes_is_no_surprise() {
    let mut inventory = with(1);
    let changes = read(&mut inventory, &[], &["vm-1"]);
    assert!(changes.implausible.is_none() && changes.missing == 0);
}

#[test]
fn a_machine_that_had_an_instance_is_unknown_until_it_was_looked_for() {
    let mut inventory = with(10);
    let rows: Vec<String> = (1..=10).map(ours).collect();
    assert_eq!(inventory.presence(id(99), "vm-99", true), Presence::Unknown);
    inventory.suspect(id(99), Arc::from("vm-99"));
    read(&mut inventory, &rows, &[]);
    let changes = read(&mut inventory, &rows, &[]);
    assert_eq!(changes.to_verify, [(id(99), Arc::from("vm-99"))]);
    inventory.confirm_absent(id(99), &Arc::from("vm-99"));
    assert_eq!(inventory.presence(id(99), "vm-99", true), Presence::Absent);
    assert_eq!(
        inventory.presence(id(98), "vm-98", false),
        Presence::Absent,
        "one that never had one is simply new"
    );
}

#[test]
fn a_name_that_somebody_else_has_is_taken() {
    let mut inventory = with(1);
    let foreign = row("vm-7", 1, "node1", &[]);
    read(&mut inventory, &[ours(1), foreign], &[]);
    assert_eq!(inventory.presence(id(7), "vm-7", false), Presence::NameTaken { name: "vm-7".into() });
    assert_eq!(inventory.not_ours().count(), 1);
    assert_eq!(inventory.undeclared().memory_mib, 256);
    read(&mut inventory, &[ours(1)], &[]);
    read(&mut inventory, &[ours(1)], &[]);
    inventory.confirm_absent(Uuid::nil(), &Arc::from("vm-7"));
    assert_eq!(inventory.undeclared().memory_mib, 0, "what is gone uses nothing");
}

#[test]
fn two_instances_with_one_id_are_reported() {
    let mut inventory = with(1);
    let copy = row("copy", 1, "node1", &instance_tags(OURS, "default", "web", id(1)));
    read(&mut inventory, &[ours(1), copy], &[]);
    assert!(matches!(inventory.presence(id(1), "vm-1", true), Presence::Duplicate { .. }));
}

#[test]
fn one_that_was_renamed_is_no_second_one() {
    let mut inventory = with(2);
    let tags = instance_tags(OURS, "default", "web", id(1));
    let renamed = row("new", 1, "node1", &tags).replace("uuid-new", "uuid-vm-1");
    read(&mut inventory, &[renamed.clone(), ours(2)], &[]);
    status(&mut inventory, "new", "running");
    let presence = inventory.presence(id(1), "vm-1", true);
    assert!(matches!(&presence, Presence::Present(instance) if &*instance.name == "new"), "{presence:?}");
    let changes = read(&mut inventory, &[renamed, ours(2)], &[]);
    assert_eq!((changes.missing, changes.to_verify.len()), (0, 0), "nobody looks for the old name");
}

#[test]
fn one_bad_sample_is_not_believed() {
    let mut inventory = with(1);
    assert_eq!(status(&mut inventory, "vm-1", "ERROR_down"), None);
    assert_eq!(power(&inventory, 1), Some(Power::Running));
    assert_eq!(status(&mut inventory, "vm-1", "ERROR_down"), Some(id(1)), "two are");
    assert_eq!(power(&inventory, 1), Some(Power::Crashed));
    assert_eq!(status(&mut inventory, "vm-1", "running"), Some(id(1)), "good news is believed at once");
}

#[test]
fn a_crash_that_was_told_is_not_proved_again_after_a_restart() {
    let mut inventory = Inventory::default();
    read(&mut inventory, &[ours(1), ours(2)], &[]);
    inventory.synced = true;
    for n in [1, 2] {
        let row = StatusRow { name: Text(format!("vm-{n}").into()), status: Text("ERROR_down".into()) };
        inventory.take_status(&row, false, |it| it == id(1));
    }
    assert_eq!(power(&inventory, 1), Some(Power::Crashed), "its status says so");
    assert_eq!(power(&inventory, 2), Some(Power::Unknown), "one sample is not enough");
}
