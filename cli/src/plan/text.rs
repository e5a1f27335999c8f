//! The plan for people.

use std::fmt::Write as _;

use cyclades_crds::names;
use cyclades_domain::{
    power::Power,
    reason::JobStep,
    vm::{BackendView, Presence, Record, Rescue, Step},
};
use serde_json::Value;

use super::ahead::{Course, Stride, World};
use super::merge::Difference;
use super::view::View;
use crate::status::subject;
use crate::subject::Subject;

/// What the plan is for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Occasion {
    /// The object as it is.
    AsItIs,
    /// An object that a file would make.
    New {
        /// Whether the file says its id; else the API server gives it one, which cannot be foreseen.
        has_id: bool,
    },
    /// An object that a file would change.
    Changed(Vec<Difference>),
}

/// A file that the API server would refuse.
pub(crate) fn refused(subject: &Subject, words: &str) -> String {
    format!("{subject}\n\n  refused    by the API server: {words}\n")
}

/// The plan.
pub(crate) fn plan(world: &World<'_>, course: &Course, occasion: &Occasion, sources: &[String]) -> String {
    let mut text = format!("{}\n\n", subject(world.machine));
    let mut line = |head: &str, rest: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {head:<10} {rest}");
    };
    line("now", &now(world, occasion));
    for (head, change) in heads("change").zip(changes(world, occasion)) {
        line(head, &change);
    }
    if course.strides.is_empty() {
        line("next", "nothing");
    }
    for (at, stride) in course.strides.iter().enumerate() {
        line(if at == 0 { "next" } else { "then" }, &format!("{}. {}", at + 1, what(world, stride)));
        line("", &format!("   since {}", stride.why));
    }
    line(if course.well { "in the end" } else { "stays at" }, &end(course));
    let own = match world.view.by_ganeti {
        true => "the operator's own planner, on the objects in the API server and what Ganeti shows",
        false => "the operator's own planner, on the objects in the API server and what the status says",
    };
    let sources = std::iter::once(own).chain(sources.iter().map(String::as_str));
    for (head, source) in heads("from").zip(sources) {
        line(head, source);
    }
    text
}

/// A word for the first line, nothing for those below it.
fn heads(first: &str) -> impl Iterator<Item = &str> {
    std::iter::once(first).chain(std::iter::repeat(""))
}

/// How the machine is.
fn now(world: &World<'_>, occasion: &Occasion) -> String {
    let observed = &world.view.observed;
    let place = match &observed.backend {
        BackendView::Unplaced => "on no backend yet".to_owned(),
        BackendView::Missing { name } => format!("on GanetiBackend {name}, which does not exist"),
        BackendView::Forgotten { name } => format!("on GanetiBackend {name}, whose cluster is gone for good"),
        BackendView::NotReady { name, .. } => format!("on GanetiBackend {name}, which is not ready"),
        BackendView::Ready { name } => format!("on GanetiBackend {name}"),
    };
    let there = match (&observed.presence, occasion) {
        (Presence::Present(instance) | Presence::Orphan(instance), _) => {
            let power = match instance.power {
                Power::Running => "running",
                Power::Stopped => "stopped",
                Power::Crashed => "crashed",
                Power::Unknown => "of unknown power",
            };
            let whose = if matches!(observed.presence, Presence::Orphan(_)) { " of nobody" } else { "" };
            format!("instance {}{whose}, {power} on node {}", instance.name, instance.node)
        }
        (Presence::NameTaken { name }, _) => format!("an instance of another has its name, {name}"),
        (Presence::Duplicate { elsewhere }, _) => format!("an instance with its id is on {elsewhere} too"),
        (_, Occasion::New { .. }) => "no object and no instance".to_owned(),
        _ if observed.was_created => "no instance any more".to_owned(),
        _ => "no instance".to_owned(),
    };
    let deleting = if world.view.desired.deleting { ", being deleted" } else { "" };
    format!("{there}, {place}{deleting}")
}

fn changes(world: &World<'_>, occasion: &Occasion) -> Vec<String> {
    match occasion {
        Occasion::AsItIs => Vec::new(),
        Occasion::New { has_id: false } if world.machine.spec.backend_name.is_none() => {
            vec!["a new object; of backends that fit alike its id decides, which it is yet to get".to_owned()]
        }
        Occasion::New { .. } => vec!["a new object".to_owned()],
        Occasion::Changed(differences) if differences.is_empty() => {
            vec!["none: the object is as the file says".to_owned()]
        }
        Occasion::Changed(differences) => differences.iter().map(difference).collect(),
    }
}

fn difference(difference: &Difference) -> String {
    let Difference { path, before, after } = difference;
    match (before, after) {
        (None, Some(after)) => format!("{path}: set to {}", short(after)),
        (Some(before), None) => format!("{path}: removed, was {}", short(before)),
        (Some(before), Some(after)) => format!("{path}: {} → {}", short(before), short(after)),
        (None, None) => path.clone(),
    }
}

/// A value in a few words.
fn short(value: &Value) -> String {
    /// Longest value that is shown whole, in characters.
    const SHOWN: usize = 80;
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let one_line = !text.contains('\n') && text.chars().count() <= SHOWN;
    if one_line { text } else { format!("({} characters)", text.chars().count()) }
}

/// What a step does.
pub(super) fn what(world: &World<'_>, stride: &Stride) -> String {
    match &stride.step {
        Step::Place => format!(
            "choose GanetiBackend {}: write spec.backendName and the finalizer in one patch",
            stride.backend.as_deref().unwrap_or_default()
        ),
        Step::Guard => format!("put the finalizer {} on the object", names::VM_FINALIZER),
        Step::Submit { job, .. } => {
            let instance = match world.view.instance.as_str() {
                "" => "the instance".to_owned(),
                name => format!("instance {name}"),
            };
            let number = match stride.running {
                Some(Some(id)) => format!("job {id} runs: "),
                Some(None) => "a job runs: ".to_owned(),
                None => "submit a job: ".to_owned(),
            };
            format!("{number}{} {instance}{}", job.as_str(), details(world, *job))
        }
        Step::Record(Record::Restart) => "note in the status that it is going to be restarted".to_owned(),
        Step::Record(Record::Rescue) => "write the image of the rescue into status.rescue".to_owned(),
        Step::Record(record) => match record.result() {
            Some(result) => format!("write {result:?} into status.lastAction"),
            None => "note in the status what comes next".to_owned(),
        },
        Step::Release => format!("take the finalizer {} off: the object goes", names::VM_FINALIZER),
    }
}

fn details(world: &World<'_>, job: JobStep) -> String {
    let grace = || match world.machine.spec.shutdown_timeout_seconds {
        0 => ", by force at once".to_owned(),
        seconds => format!("; its guest has {seconds} s to shut down, then it is stopped by force"),
    };
    match job {
        JobStep::Create => {
            let shape = crate::references::shape_of(world.machine, world.scene).ok().flatten();
            shape.map_or(String::new(), |shape| {
                format!(
                    " with {} vcpus, {} MiB of memory, {} MiB of disk ({})",
                    shape.vcpus, shape.memory_mib, shape.disk_mib, shape.disk_template
                )
            })
        }
        JobStep::Modify | JobStep::AddDisk | JobStep::GrowDisk => {
            let View { observed, desired, .. } = world.view;
            let Presence::Present(instance) = &observed.presence else { return String::new() };
            let words = observed.due(desired, instance).words();
            if words.is_empty() { String::new() } else { format!(": {}", words.join(", ")) }
        }
        JobStep::Stop | JobStep::RebootHard => grace(),
        JobStep::Remove => " and its disks".to_owned(),
        JobStep::SetBoot => match &world.view.observed.rescue {
            Some(Rescue::From { image, .. }) => format!(" to the medium of image {image}"),
            _ => " to its own disk".to_owned(),
        },
        JobStep::SetOs => format!(" for image {}: its guest goes on", world.view.observed.image),
        JobStep::Reinstall => {
            format!(" with image {}: what is on its system disk is lost", world.view.observed.image)
        }
        JobStep::Adopt => ": our tags are put on it, its guest goes on".to_owned(),
        _ => String::new(),
    }
}

/// Where a course leads to.
pub(super) fn end(course: &Course) -> String {
    match &course.rest {
        None => "the object is gone".to_owned(),
        Some((reason, message)) => format!("{}: {message}", reason.as_str()),
    }
}
