//! The one thing that blocks a machine.

use cyclades_crds::{
    GanetiBackend, VirtualMachine,
    condition::{ConditionType, Reason, find},
    names,
};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, ObjectMeta};

use super::cure::{Cure, Who, cure};
use crate::look::Look;
use crate::references::{Obstacle, first_obstacle};
use crate::scene::Scene;
use crate::subject::Subject;

/// The one thing that blocks a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Blocker {
    /// The objects from the machine to the one that is in the way, which is the last.
    pub(crate) way: Vec<Subject>,
    /// Why, as a reason: one of the closed list, or a word of a later version.
    pub(crate) reason: String,
    /// Why, for people.
    pub(crate) message: String,
    /// Since when, where that is known.
    pub(crate) since: Option<Timestamp>,
    /// What to do, and who can.
    pub(crate) cure: Cure,
}

impl Blocker {
    /// The object that is in the way.
    pub(crate) fn on(&self) -> &Subject {
        // A way is made with at least one object.
        &self.way[self.way.len() - 1]
    }
}

/// What blocks a machine; `None` for one that is Ready. The objects are looked at before the machine's own words, which
/// may be older: a machine keeps saying that it is Ready while nobody can see how it is.
pub(crate) fn blocker(machine: &VirtualMachine, scene: &Scene) -> Option<Blocker> {
    let told = Told::of(machine);
    paused(machine)
        .or_else(|| paused_around(machine, scene))
        .or_else(|| backend(machine, scene))
        .or_else(|| missing(machine, scene))
        .or_else(|| told.blocker(machine, scene))
}

/// How a machine is named.
pub(crate) fn subject(machine: &VirtualMachine) -> Subject {
    let metadata = &machine.metadata;
    Subject::local(
        "VirtualMachine",
        metadata.namespace.as_deref().unwrap_or("default"),
        metadata.name.as_deref().unwrap_or_default(),
    )
}

/// Whether an object carries the annotation that has it left alone (any value but `false`).
pub(crate) fn is_paused(metadata: &ObjectMeta) -> bool {
    let annotations = metadata.annotations.iter().flatten();
    annotations.into_iter().any(|(key, value)| key == names::PAUSED_ANNOTATION && value != "false")
}

fn blocked(way: Vec<Subject>, reason: Reason, message: &str, since: Option<Timestamp>) -> Blocker {
    let cure = match way.last() {
        Some(on) => cure(Some(reason), on),
        None => Cure { todo: String::new(), who: Who::Nobody, right: None },
    };
    Blocker { way, reason: reason.as_str().to_owned(), message: message.to_owned(), since, cure }
}

fn paused(machine: &VirtualMachine) -> Option<Blocker> {
    let message = "The machine carries the annotation cyclades.io/paused: nothing is done to it.";
    is_paused(&machine.metadata).then(|| blocked(vec![subject(machine)], Reason::Paused, message, None))
}

/// The machine's namespace, where that is paused.
fn paused_around(machine: &VirtualMachine, scene: &Scene) -> Option<Blocker> {
    let name = machine.metadata.namespace.as_ref().filter(|_| scene.is_paused_around(machine))?;
    let message = "The namespace carries the label cyclades.io/paused: nothing is done to its machines.";
    let way = vec![subject(machine), Subject::global("Namespace", name)];
    Some(blocked(way, Reason::Paused, message, None))
}

/// The machine's backend, where it cannot be worked with.
fn backend(machine: &VirtualMachine, scene: &Scene) -> Option<Blocker> {
    let name = machine.spec.backend_name.as_deref()?;
    let here = Subject::global("GanetiBackend", name);
    match scene.backend(name) {
        Look::Found(backend) => {
            let trouble = trouble(backend)?;
            let mut way = vec![subject(machine), here];
            if matches!(trouble.reason, Reason::CredentialsMissing | Reason::CredentialsRefused) {
                let secret = &backend.spec.credentials_secret_ref.name;
                way.push(Subject::local("Secret", &scene.operator_namespace, secret));
            }
            Some(blocked(way, trouble.reason, &trouble.message, trouble.since))
        }
        Look::Absent => {
            let message = format!("GanetiBackend {name}, which the machine is placed on, does not exist.");
            Some(blocked(vec![subject(machine), here], Reason::BackendNotFound, &message, None))
        }
        Look::Hidden => None,
    }
}

/// Why a backend cannot be worked with.
pub(crate) struct Trouble {
    /// Why, as a reason.
    pub(crate) reason: Reason,
    /// Cause and cure.
    pub(crate) message: String,
    /// Since when.
    pub(crate) since: Option<Timestamp>,
}

/// Why a backend cannot be worked with; `None` where it can.
pub(crate) fn trouble(backend: &GanetiBackend) -> Option<Trouble> {
    let own = |reason, message: &str| Some(Trouble { reason, message: message.to_owned(), since: None });
    if is_paused(&backend.metadata) {
        return own(Reason::Paused, "The annotation cyclades.io/paused is set on the backend.");
    }
    if backend.spec.offline {
        return own(
            Reason::BackendOffline,
            "spec.offline of the backend is true: no request is sent to the cluster.",
        );
    }
    let conditions = backend.status.as_ref().map_or(&[][..], |status| &status.conditions);
    let Some(mut found) = find(conditions, ConditionType::Ready) else {
        return own(Reason::Synchronising, "The operator has said nothing of the backend yet: does it run?");
    };
    if found.reason == Reason::MachinesPlaced.as_str() {
        // A backend that is to go is worked with as long as it has machines; how it is stands in another condition.
        found = find(conditions, ConditionType::Reachable)?;
    }
    (found.status == "False").then(|| Trouble {
        reason: Reason::parse(&found.reason).unwrap_or(Reason::BackendNotReady),
        message: found.message.clone(),
        since: Some(found.last_transition_time.0),
    })
}

/// What a machine that is still to be made refers to and has not got.
fn missing(machine: &VirtualMachine, scene: &Scene) -> Option<Blocker> {
    let made = machine.status.as_ref().is_some_and(|status| status.instance_uuid.is_some());
    if made || machine.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let Obstacle { way, reason, message } = first_obstacle(machine, scene)?;
    let way = std::iter::once(subject(machine)).chain(way).collect();
    let since = Told::of(machine).ready.filter(|ready| ready.reason == reason.as_str());
    Some(blocked(way, reason, &message, since.map(|ready| ready.last_transition_time.0)))
}

/// What a machine says of itself.
struct Told<'a> {
    ready: Option<&'a Condition>,
    /// Whether that is about the present spec.
    current: bool,
}

impl<'a> Told<'a> {
    fn of(machine: &'a VirtualMachine) -> Self {
        let conditions = machine.status.as_ref().map_or(&[][..], |status| &status.conditions);
        let ready = find(conditions, ConditionType::Ready);
        Self { ready, current: ready.is_some_and(|it| it.observed_generation == machine.metadata.generation) }
    }

    fn blocker(&self, machine: &VirtualMachine, scene: &Scene) -> Option<Blocker> {
        let me = subject(machine);
        let Some(ready) = self.ready else { return Some(not_told(me, "")) };
        let deleting = machine.metadata.deletion_timestamp.is_some();
        if ready.status == "True" && self.current && !deleting {
            return None;
        }
        if !self.current || (deleting && ready.status == "True") {
            return Some(not_told(me, " since it was changed"));
        }
        let since = Some(ready.last_transition_time.0);
        let Some(reason) = Reason::parse(&ready.reason) else {
            let cure = cure(None, &me);
            let (reason, message) = (ready.reason.clone(), ready.message.clone());
            return Some(Blocker { way: vec![me], reason, message, since, cure });
        };
        let mut way = vec![me];
        match elsewhere(reason, &ready.message, machine, scene) {
            Elsewhere::No => {}
            Elsewhere::On(subject) => way.push(subject),
            Elsewhere::NoMore(subject) => {
                return Some(not_told(way.remove(0), &format!(" since {subject} was put right")));
            }
        }
        Some(blocked(way, reason, &ready.message, since))
    }
}

/// Whether what a machine waits for is another object.
enum Elsewhere {
    /// It is the machine itself.
    No,
    /// It is that one, which may not be looked at.
    On(Subject),
    /// It was that one, and it is well by now.
    NoMore(Subject),
}

fn elsewhere(reason: Reason, message: &str, machine: &VirtualMachine, scene: &Scene) -> Elsewhere {
    let judged = |subject, hidden| if hidden { Elsewhere::On(subject) } else { Elsewhere::NoMore(subject) };
    let flavor = &machine.spec.flavor_ref.name;
    match reason {
        Reason::FlavorNotFound | Reason::FlavorNotAllowed | Reason::VolumeTypeNotFound => {
            // A machine that is there waits for a flavor it is to have, which was not asked about.
            let made = machine.status.as_ref().is_some_and(|status| status.instance_uuid.is_some());
            let hidden =
                made || *scene.flavor(flavor) == Look::Hidden || reason == Reason::VolumeTypeNotFound;
            judged(Subject::global("Flavor", flavor), hidden)
        }
        Reason::ImageNotFound | Reason::ImageNotShared | Reason::UserDataNotSupported => {
            let (namespace, name) = crate::scene::image_of(machine);
            judged(Subject::local("Image", &namespace, &name), *scene.image(machine) == Look::Hidden)
        }
        Reason::NetworkNotFound
        | Reason::NetworkNotReady
        | Reason::AddressesExhausted
        | Reason::AddressRefused => network_in(message, machine).map_or(Elsewhere::No, Elsewhere::On),
        Reason::BackendNotReady | Reason::BackendOffline | Reason::BackendNotFound => {
            match machine.spec.backend_name.as_deref() {
                Some(name) => {
                    judged(Subject::global("GanetiBackend", name), *scene.backend(name) == Look::Hidden)
                }
                None => Elsewhere::No,
            }
        }
        _ => Elsewhere::No,
    }
}

/// The network of the machine that the operator's words are about.
fn network_in(message: &str, machine: &VirtualMachine) -> Option<Subject> {
    let words: Vec<&str> =
        message.split_whitespace().map(|word| word.trim_end_matches([':', ',', '.'])).collect();
    let is_meant = |name: &str| words.windows(2).any(|pair| pair == ["Network", name]);
    let mut names = machine.spec.nics.iter().map(|nic| nic.network_ref.name.as_str());
    let namespace = machine.metadata.namespace.as_deref().unwrap_or("default");
    names.find(|name| is_meant(name)).map(|name| Subject::local("Network", namespace, name))
}

/// The operator has said nothing of the machine. Of what takes a moment it tells only how it ended.
fn not_told(machine: Subject, since: &str) -> Blocker {
    Blocker {
        way: vec![machine],
        reason: NOT_TOLD.to_owned(),
        message: format!("The operator has said nothing of the machine{since}."),
        since: None,
        cure: Cure {
            todo: "wait some seconds; if it stays so, see that the operator runs (kubectl get pods in its namespace)"
                .to_owned(),
            who: Who::Administrator,
            right: None,
        },
    }
}

/// Reason of a blocker that no condition speaks of.
pub(crate) const NOT_TOLD: &str = "NotToldYet";

#[cfg(test)]
mod tests;
