//! The machine itself.

use cyclades_crds::{condition::Reason, names};

use super::{Advice, Who};
use crate::subject::Subject;

/// What to do about a machine that is in its own way.
pub(super) fn advice(reason: Option<Reason>, on: &Subject) -> Advice {
    let other = || owner("do what the message says");
    let found = |reason| of_spec(reason, on).or_else(|| of_ganeti(reason)).or_else(|| of_power(reason));
    reason.and_then(found).unwrap_or_else(other)
}

fn owner(todo: &str) -> Advice {
    (Who::Owner, Some("patch"), todo.to_owned())
}

fn ganeti(todo: &str) -> Advice {
    (Who::GanetiAdministrator, None, todo.to_owned())
}

/// What the object says, or nobody can give it.
fn of_spec(reason: Reason, on: &Subject) -> Option<Advice> {
    Some(match reason {
        Reason::Paused if on.kind == "Namespace" => (
            Who::Administrator,
            Some("patch"),
            format!("have the label taken off: kubectl label namespace {} {}-", on.name, names::PAUSED_LABEL),
        ),
        Reason::Paused => {
            let namespace = on.namespace.as_deref().unwrap_or("default");
            let name = &on.name;
            owner(&format!(
                "take the annotation off: kubectl annotate vm {name} -n {namespace} {}-",
                names::PAUSED_ANNOTATION
            ))
        }
        Reason::NoBackendFits => (
            Who::Administrator,
            None,
            "wait for room, or choose a smaller flavor; an administrator can add or open a backend"
                .to_owned(),
        ),
        Reason::InvalidSpec | Reason::ResizeRefused | Reason::DisksRefused => {
            owner("correct what the message names")
        }
        Reason::ResizePending => owner(
            "stop the machine when it suits; or set spec.resizePolicy to Restart to have it restarted now",
        ),
        Reason::RescuePending => owner(
            "stop and start the machine when it suits; or set spec.rescuePolicy to Restart to have it restarted now",
        ),
        Reason::RescueRefused => owner("take spec.rescue out; or have changed what the message names"),
        Reason::RebuildPending => owner(
            "nothing, or set spec.action {id, type: Rebuild} to have the image installed: it erases the system disk",
        ),
        Reason::RebuildFailed => owner(
            "read status.lastAction, then give spec.action another id; or set spec.powerState to Stopped and then to Running to start it as it is",
        ),
        Reason::HotplugFailed => owner(
            "stop and start the machine when it suits, or ask for a RebootHard by spec.action: its guest has the disk then",
        ),
        Reason::ParameterNotAllowed => {
            owner("take the parameter that the message names away, or have it allowed")
        }
        Reason::Suspended => (
            Who::Administrator,
            Some("suspend"),
            "have the machine released: spec.suspended to false, which takes the verb suspend".to_owned(),
        ),
        Reason::Observed => {
            owner("nothing, if it is only to be looked at; else set spec.managementPolicy to Managed")
        }
        Reason::InstanceNotFound => {
            owner("correct spec.adopt; the machine goes on when the instance appears")
        }
        Reason::BackendForgotten => owner("delete the machine: its cluster is gone for good"),
        Reason::Protected => owner("set spec.protected to false, if the machine is really to go"),
        _ => return None,
    })
}

/// What Ganeti said, or has.
fn of_ganeti(reason: Reason) -> Option<Advice> {
    Some(match reason {
        Reason::JobRefused => owner("change what Ganeti's words name; the machine goes on at once"),
        Reason::JobFailed => ganeti("read Ganeti's words (gnt-job info); it is tried again by itself"),
        Reason::InsufficientCapacity => {
            ganeti("make room on the nodes, or wait: it is tried again by itself")
        }
        Reason::JobCanceled => ganeti("say why the job was cancelled, or wait: it is tried again by itself"),
        Reason::InstanceNameTaken => {
            ganeti("rename or remove the instance that has the name; or delete this machine")
        }
        Reason::DuplicateInstance => ganeti("remove the instance that is wrong, or its tag cyclades:id"),
        Reason::InstanceLost => {
            owner("delete the machine; or set spec.onMissing to Recreate for a new, blank instance")
        }
        Reason::NodeUnknown => ganeti("see to the node; nothing is switched in the dark"),
        Reason::Drifted => ganeti("undo the change in Ganeti, or leave it"),
        _ => return None,
    })
}

/// How it runs, and what is under way.
fn of_power(reason: Reason) -> Option<Advice> {
    let wait = |todo: &str| (Who::Nobody, None, todo.to_owned());
    Some(match reason {
        Reason::StoppedOutside => owner(
            "to start it, set spec.powerState to Stopped and then to Running; or spec.powerPolicy to Enforce",
        ),
        Reason::StartedOutside => owner(
            "to stop it, set spec.powerState to Running and then to Stopped; or spec.powerPolicy to Enforce",
        ),
        Reason::Crashed => owner("look at the guest's console if it keeps dying; it is started again"),
        Reason::Creating
        | Reason::Starting
        | Reason::Stopping
        | Reason::Rebooting
        | Reason::Rebuilding
        | Reason::Rescuing
        | Reason::Resizing
        | Reason::Detaching
        | Reason::Adopting
        | Reason::Tagging
        | Reason::Deleting
        | Reason::Synchronising => wait("wait: a job of its own takes its time"),
        _ => return None,
    })
}
