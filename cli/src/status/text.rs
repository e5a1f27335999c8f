//! The status for people.

use cyclades_crds::{
    VirtualMachine,
    condition::{ConditionType, find},
};
use jiff::Timestamp;

use super::{Rights, blocker::Blocker, cure::Cure, group::Cause, subject};
use crate::age::age;
use crate::subject::Subject;

/// Names of machines that are listed with a cause; the rest are counted.
const NAMES_MAX: usize = 5;

/// One machine and what blocks it.
pub(super) fn one(
    machine: &VirtualMachine,
    blocker: Option<&Blocker>,
    rights: &Rights,
    now: Timestamp,
) -> String {
    let me = subject(machine);
    let Some(blocker) = blocker else {
        return format!("{me} is Ready: {}\n{}", words(machine), place(machine));
    };
    let since = blocker.since.map_or(String::new(), |since| format!(", for {}", age(since, now)));
    let stands = match says_ready(machine) {
        true => "was Ready when it was last seen",
        false => "is not Ready",
    };
    let reason = &blocker.reason;
    format!(
        "{me} {stands}: {reason}{since}\n\n  what   {}\n  where  {}\n  do     {}\n  who    {}\n",
        blocker.message,
        way(&blocker.way),
        blocker.cure.todo,
        who(&blocker.cure, rights)
    )
}

/// What the machine says of itself.
fn words(machine: &VirtualMachine) -> &str {
    let conditions = machine.status.as_ref().map_or(&[][..], |status| &status.conditions);
    find(conditions, ConditionType::Ready).map_or("", |ready| &ready.message)
}

fn says_ready(machine: &VirtualMachine) -> bool {
    let conditions = machine.status.as_ref().map_or(&[][..], |status| &status.conditions);
    let deleting = machine.metadata.deletion_timestamp.is_some();
    find(conditions, ConditionType::Ready).is_some_and(|ready| ready.status == "True") && !deleting
}

/// Where it is.
fn place(machine: &VirtualMachine) -> String {
    let Some(status) = &machine.status else { return String::new() };
    let mut words = Vec::new();
    words.extend(status.instance_name.as_ref().map(|name| format!("instance {name}")));
    words.extend(status.node.as_ref().map(|node| format!("on node {node}")));
    words.extend(machine.spec.backend_name.as_ref().map(|name| format!("of GanetiBackend {name}")));
    if words.is_empty() { String::new() } else { format!("  {}\n", words.join(" ")) }
}

/// The objects from the machine to the one that is in the way. The namespace is told where it changes.
fn way(way: &[Subject]) -> String {
    let mut namespace = way.first().and_then(|first| first.namespace.clone());
    let mut words = Vec::with_capacity(way.len());
    for subject in way {
        let told = subject.namespace.is_none() || subject.namespace == namespace;
        words.push(if told { format!("{} {}", subject.kind, subject.name) } else { subject.to_string() });
        namespace = subject.namespace.clone().or(namespace);
    }
    words.join(" → ")
}

fn who(cure: &Cure, rights: &Rights) -> String {
    let may = cure.right.as_ref().and_then(|right| rights.get(right));
    match may {
        Some(true) => format!("{}; you may", cure.who.as_str()),
        Some(false) => format!("{}; you may not", cure.who.as_str()),
        None => cure.who.as_str().to_owned(),
    }
}

/// All machines of a place, by what blocks them.
pub(super) fn all(machines: usize, causes: &[Cause], rights: &Rights, place: &str, now: Timestamp) -> String {
    let blocked: usize = causes.iter().map(|cause| cause.machines.len()).sum();
    if machines == 0 {
        return format!("There is no VirtualMachine in {place}.\n");
    }
    if blocked == 0 {
        return match machines {
            1 => format!("The one machine in {place} is Ready.\n"),
            _ => format!("All {machines} machines in {place} are Ready.\n"),
        };
    }
    let mut rows = vec![["MACHINES", "CAUSE", "REASON", "FOR", "NAMES"].map(str::to_owned).to_vec()];
    for cause in causes {
        let since = cause.blocker.since.map_or("-".to_owned(), |since| age(since, now));
        let on = cause.on.as_ref().map_or("the machine itself".to_owned(), ToString::to_string);
        let count = cause.machines.len().to_string();
        rows.push(vec![count, on, cause.blocker.reason.clone(), since, names(&cause.machines)]);
    }
    let mut text = table(&rows);
    let are = if blocked == 1 { "is" } else { "are" };
    text.push_str(&match machines {
        1 => format!("\nThe one machine in {place} is not Ready.\n"),
        _ => format!("\n{blocked} of {machines} machines in {place} {are} not Ready.\n"),
    });
    for cause in causes {
        let on = cause.on.as_ref().map_or("the machine itself".to_owned(), ToString::to_string);
        let Blocker { reason, message, cure, .. } = &cause.blocker;
        text.push_str(&format!(
            "\n{on}: {reason}\n  what   {message}\n  do     {}\n  who    {}\n",
            cure.todo,
            who(cure, rights)
        ));
    }
    text
}

/// Names of machines; namespaces are told where they differ.
fn names(machines: &[Subject]) -> String {
    let one_namespace = machines.windows(2).all(|pair| pair[0].namespace == pair[1].namespace);
    let name = |machine: &Subject| match &machine.namespace {
        Some(namespace) if !one_namespace => format!("{namespace}/{}", machine.name),
        _ => machine.name.clone(),
    };
    let mut words: Vec<String> = machines.iter().take(NAMES_MAX).map(name).collect();
    if machines.len() > NAMES_MAX {
        words.push(format!("and {} more", machines.len() - NAMES_MAX));
    }
    words.join(", ")
}

/// Columns, each as wide as its widest cell, with three spaces between them, as kubectl has them.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("   ").trim_end())
    };
    rows.iter().map(line).collect()
}
