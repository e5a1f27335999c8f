//! What to do about a reason, and who can.

mod backend;
mod machine;
mod network;
mod reference;

use cyclades_crds::{condition::Reason, names};
use serde::Serialize;

use crate::subject::Subject;

/// What to do, and who can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cure {
    /// What to do.
    pub(crate) todo: String,
    /// Who can.
    pub(crate) who: Who,
    /// The right that it takes, where it is done in Kubernetes.
    pub(crate) right: Option<Right>,
}

/// Who can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Who {
    /// Nobody has to: it goes on by itself.
    Nobody,
    /// Whoever may edit the machine.
    Owner,
    /// Whoever may edit the image.
    ImageOwner,
    /// An administrator of Cyclades: flavors, backends and their Secrets.
    Administrator,
    /// An administrator of the Ganeti cluster.
    GanetiAdministrator,
}

impl Who {
    /// For people.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Nobody => "nobody has to: it goes on by itself",
            Self::Owner => "who may edit the machine",
            Self::ImageOwner => "who may edit the image",
            Self::Administrator => "an administrator of Cyclades",
            Self::GanetiAdministrator => "an administrator of the Ganeti cluster",
        }
    }
}

/// A right in Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Right {
    /// API group.
    pub(crate) group: &'static str,
    /// Resource, in the plural.
    pub(crate) resource: &'static str,
    /// Verb.
    pub(crate) verb: &'static str,
    /// Namespace, for what is in one.
    pub(crate) namespace: Option<String>,
    /// Name of the object, where there is one.
    pub(crate) name: Option<String>,
}

impl Right {
    /// The right to do something to an object.
    fn to(verb: &'static str, on: &Subject) -> Self {
        let (group, resource) = match on.kind {
            "VirtualMachine" => (names::GROUP, "virtualmachines"),
            "Flavor" => (names::GROUP, "flavors"),
            "VolumeType" => (names::GROUP, "volumetypes"),
            "Image" => (names::GROUP, "images"),
            "Network" => (names::GROUP, "networks"),
            "GanetiBackend" => (names::GROUP, "ganetibackends"),
            "Namespace" => ("", "namespaces"),
            _ => ("", "secrets"),
        };
        // Who may create does so under any name: RBAC knows none at that time.
        let name = (verb != "create").then(|| on.name.clone());
        Self { group, resource, verb, namespace: on.namespace.clone(), name }
    }
}

/// What to do about an object that is in the way for a reason; `None` for one that only a later version knows.
pub(crate) fn cure(reason: Option<Reason>, on: &Subject) -> Cure {
    let (who, verb, todo) = match on.kind {
        "GanetiBackend" | "Secret" => backend::advice(reason, on),
        "Flavor" | "VolumeType" | "Image" => reference::advice(reason, on),
        "Network" => network::advice(reason, on),
        _ => machine::advice(reason, on),
    };
    Cure { todo, who, right: verb.map(|verb| Right::to(verb, on)) }
}

/// Who can, the verb that it takes in Kubernetes, and what to do.
type Advice = (Who, Option<&'static str>, String);

#[cfg(test)]
mod tests {
    use super::*;

    /// Reasons of what is well, or of other conditions than `Ready`, which block nothing.
    const NO_OBSTACLE: [Reason; 6] = [
        Reason::Ready,
        Reason::Accepted,
        Reason::BackendChosen,
        Reason::InSync,
        Reason::RapiAnswers,
        Reason::MachinesPlaced,
    ];

    #[test]
    fn every_reason_has_a_cure_of_its_own_somewhere() {
        let subjects = [
            Subject::local("VirtualMachine", "shop", "web"),
            Subject::global("Flavor", "small"),
            Subject::local("Image", "shop", "guest"),
            Subject::global("GanetiBackend", "a"),
            Subject::local("Network", "shop", "lan"),
        ];
        for reason in Reason::ALL.iter().copied().filter(|reason| !NO_OBSTACLE.contains(reason)) {
            // A machine whose backend may not be looked at passes on its reason; the backend is the subject then.
            let own = subjects.iter().any(|on| cure(Some(reason), on).todo != cure(None, on).todo);
            let passed_on = reason == Reason::BackendNotReady;
            assert!(own || passed_on, "say what to do about {}", reason.as_str());
        }
    }

    #[test]
    fn rights_are_asked_about_the_object_unless_it_is_to_be_created() {
        let on = Subject::local("Secret", "cyclades-system", "a");
        let create = cure(Some(Reason::CredentialsMissing), &on).right.unwrap();
        assert_eq!((create.verb, create.resource, create.name), ("create", "secrets", None));
        let patch = cure(Some(Reason::CredentialsRefused), &on).right.unwrap();
        assert_eq!((patch.verb, patch.name.as_deref()), ("patch", Some("a")));
        assert_eq!(patch.namespace.as_deref(), Some("cyclades-system"));
    }
}
