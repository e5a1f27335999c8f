//! What to do about a reason, and who can.

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
            "GanetiBackend" => (names::GROUP, "ganetibackends"),
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
        "GanetiBackend" | "Secret" => of_backend(reason, on),
        "Flavor" | "VolumeType" | "Image" => of_reference(reason, on),
        _ => of_machine(reason, on),
    };
    Cure { todo, who, right: verb.map(|verb| Right::to(verb, on)) }
}

type Advice = (Who, Option<&'static str>, String);

/// Of what the machine is made of.
fn of_reference(reason: Option<Reason>, on: &Subject) -> Advice {
    let name = &on.name;
    match reason {
        Some(Reason::FlavorNotFound) => (
            Who::Administrator,
            Some("create"),
            format!(
                "have Flavor {name} created; or name one that exists (kubectl get flavors) in the machine's spec.flavorRef, which its owner can"
            ),
        ),
        Some(Reason::FlavorNotAllowed) => (
            Who::Administrator,
            Some("patch"),
            format!(
                "have Flavor {name} opened (spec.allowCreate: true); or name another one (kubectl get flavors -o wide) in the machine's spec.flavorRef, which its owner can"
            ),
        ),
        Some(Reason::VolumeTypeNotFound) => {
            (Who::Administrator, Some("create"), format!("have VolumeType {name} created"))
        }
        Some(Reason::ImageNotFound) => (
            Who::ImageOwner,
            Some("create"),
            format!("create {on}, or name another one (kubectl get images -A) in spec.imageRef"),
        ),
        Some(Reason::ImageNotShared) => (
            Who::ImageOwner,
            Some("patch"),
            format!("have {on} shared (spec.visibility: Public), or name another one in spec.imageRef"),
        ),
        Some(Reason::UserDataNotSupported) => (
            Who::ImageOwner,
            Some("patch"),
            format!(
                "name the OS parameter that takes user data in spec.source.ganetiOS.userDataParameter of {on}; or leave spec.userData out of the machine"
            ),
        ),
        _ => (Who::Administrator, Some("patch"), format!("correct {on}; the message says where")),
    }
}

/// Of a backend or its Secret.
fn of_backend(reason: Option<Reason>, on: &Subject) -> Advice {
    let name = &on.name;
    let administrator = |verb, todo: String| (Who::Administrator, Some(verb), todo);
    let ganeti = |todo: &str| (Who::GanetiAdministrator, None, todo.to_owned());
    match reason {
        Some(Reason::CredentialsMissing) => administrator(
            "create",
            format!("create {on}, of type {}, with username and password", names::CREDENTIALS_SECRET_TYPE),
        ),
        Some(Reason::CredentialsRefused) => administrator(
            "patch",
            format!("correct {on}: it must agree with /var/lib/ganeti/rapi/users on the master"),
        ),
        Some(Reason::CredentialsReadOnly) => {
            ganeti("give the RAPI user the option write in /var/lib/ganeti/rapi/users on the master")
        }
        Some(Reason::UntrustedPeer) => administrator(
            "patch",
            format!("compare the fingerprint with the master's, and add it to spec.tls.pins of {on}"),
        ),
        Some(Reason::Unreachable) => ganeti(
            "see that the master is up and RAPI answers there (systemctl status ganeti-rapi); nothing is lost, it goes on by itself",
        ),
        Some(Reason::RapiFailing) => {
            ganeti("look at rapi-daemon.log and luxi-daemon.log in /var/log/ganeti on the master")
        }
        Some(Reason::QueueDrained) => ganeti("open the job queue: gnt-cluster queue undrain"),
        Some(Reason::InventoryImplausible) => {
            ganeti("compare gnt-instance list with what you expect; it goes on when readings agree")
        }
        Some(Reason::ClusterChanged) => administrator(
            "patch",
            format!("correct spec.endpoints of {on}, or declare the other cluster anew"),
        ),
        Some(Reason::ClusterBoundElsewhere) => administrator(
            "patch",
            format!("delete one of the two backends, or correct spec.endpoints of {on}"),
        ),
        Some(Reason::ClaimedByAnother) => administrator(
            "patch",
            format!(
                "if that former installation is gone for good, set spec.takeOverFrom of {on}; else give this one another spec.instanceNamePrefix"
            ),
        ),
        Some(Reason::BackendNotFound) => {
            administrator("create", format!("declare GanetiBackend {name} again"))
        }
        Some(Reason::BackendOffline) => administrator(
            "patch",
            format!(
                "set spec.offline to false: kubectl patch gbe {name} --type merge -p '{{\"spec\":{{\"offline\":false}}}}'"
            ),
        ),
        Some(Reason::Paused) => administrator(
            "patch",
            format!("take the annotation off: kubectl annotate gbe {name} {}-", names::PAUSED_ANNOTATION),
        ),
        Some(Reason::Synchronising) => (Who::Nobody, None, "wait: its inventory is being read".to_owned()),
        _ => administrator("patch", format!("see to {on}: kubectl describe gbe {name}")),
    }
}

/// Of the machine itself.
fn of_machine(reason: Option<Reason>, on: &Subject) -> Advice {
    let owner = |todo: &str| (Who::Owner, Some("patch"), todo.to_owned());
    let wait = |todo: &str| (Who::Nobody, None, todo.to_owned());
    let ganeti = |todo: &str| (Who::GanetiAdministrator, None, todo.to_owned());
    match reason {
        Some(Reason::Paused) => {
            let namespace = on.namespace.as_deref().unwrap_or("default");
            let name = &on.name;
            owner(&format!(
                "take the annotation off: kubectl annotate vm {name} -n {namespace} {}-",
                names::PAUSED_ANNOTATION
            ))
        }
        Some(Reason::NoBackendFits) => (
            Who::Administrator,
            None,
            "wait for room, or choose a smaller flavor; an administrator can add or open a backend"
                .to_owned(),
        ),
        Some(Reason::JobRefused) => owner("change what Ganeti's words name; the machine goes on at once"),
        Some(Reason::JobFailed) => ganeti("read Ganeti's words (gnt-job info); it is tried again by itself"),
        Some(Reason::InsufficientCapacity) => {
            ganeti("make room on the nodes, or wait: it is tried again by itself")
        }
        Some(Reason::JobCanceled) => {
            ganeti("say why the job was cancelled, or wait: it is tried again by itself")
        }
        Some(Reason::InstanceNameTaken) => {
            ganeti("rename or remove the instance that has the name; or delete this machine")
        }
        Some(Reason::DuplicateInstance) => {
            ganeti("remove the instance that is wrong, or its tag cyclades:id")
        }
        Some(Reason::InstanceLost) => {
            owner("delete the machine; or set spec.onMissing to Recreate for a new, blank instance")
        }
        Some(Reason::StoppedOutside) => owner(
            "to start it, set spec.powerState to Stopped and then to Running; or spec.powerPolicy to Enforce",
        ),
        Some(Reason::StartedOutside) => owner(
            "to stop it, set spec.powerState to Running and then to Stopped; or spec.powerPolicy to Enforce",
        ),
        Some(Reason::Crashed) => owner("look at the guest's console if it keeps dying; it is started again"),
        Some(Reason::NodeUnknown) => ganeti("see to the node; nothing is switched in the dark"),
        Some(Reason::Drifted) => ganeti("undo the change in Ganeti, or leave it"),
        Some(Reason::InvalidSpec | Reason::ResizeRefused) => owner("correct what the message names"),
        Some(Reason::ResizePending) => owner(
            "stop the machine when it suits; or set spec.resizePolicy to Restart to have it restarted now",
        ),
        Some(Reason::Suspended) => (
            Who::Administrator,
            Some("suspend"),
            "have the machine released: spec.suspended to false, which takes the verb suspend".to_owned(),
        ),
        Some(Reason::Protected) => owner("set spec.protected to false, if the machine is really to go"),
        Some(
            Reason::Creating
            | Reason::Starting
            | Reason::Stopping
            | Reason::Rebooting
            | Reason::Resizing
            | Reason::Detaching
            | Reason::Deleting
            | Reason::Synchronising,
        ) => wait("wait: a job of its own takes its time"),
        _ => owner("do what the message says"),
    }
}

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
