//! Backends and their Secrets.

use cyclades_crds::{condition::Reason, names};

use super::{Advice, Who};
use crate::subject::Subject;

/// What to do about a backend, or its Secret, that is in the way.
pub(super) fn advice(reason: Option<Reason>, on: &Subject) -> Advice {
    let other = || administrator("patch", format!("see to {on}: kubectl describe gbe {}", on.name));
    reason.and_then(|reason| of_access(reason, on).or_else(|| of_object(reason, on))).unwrap_or_else(other)
}

fn administrator(verb: &'static str, todo: String) -> Advice {
    (Who::Administrator, Some(verb), todo)
}

fn ganeti(todo: &str) -> Advice {
    (Who::GanetiAdministrator, None, todo.to_owned())
}

/// Where the cluster cannot be worked with.
fn of_access(reason: Reason, on: &Subject) -> Option<Advice> {
    Some(match reason {
        Reason::CredentialsMissing => administrator(
            "create",
            format!("create {on}, of type {}, with username and password", names::CREDENTIALS_SECRET_TYPE),
        ),
        Reason::CredentialsRefused => administrator(
            "patch",
            format!("correct {on}: it must agree with /var/lib/ganeti/rapi/users on the master"),
        ),
        Reason::CredentialsReadOnly => {
            ganeti("give the RAPI user the option write in /var/lib/ganeti/rapi/users on the master")
        }
        Reason::UntrustedPeer => administrator(
            "patch",
            format!("compare the fingerprint with the master's, and add it to spec.tls.pins of {on}"),
        ),
        Reason::Unreachable => ganeti(
            "see that the master is up and RAPI answers there (systemctl status ganeti-rapi); nothing is lost, it goes on by itself",
        ),
        Reason::RapiFailing => {
            ganeti("look at rapi-daemon.log and luxi-daemon.log in /var/log/ganeti on the master")
        }
        Reason::QueueDrained => ganeti("open the job queue: gnt-cluster queue undrain"),
        Reason::InventoryImplausible => {
            ganeti("compare gnt-instance list with what you expect; it goes on when readings agree")
        }
        _ => return None,
    })
}

/// Where the object says so, or leads to the wrong cluster.
fn of_object(reason: Reason, on: &Subject) -> Option<Advice> {
    let name = &on.name;
    Some(match reason {
        Reason::ParameterNotAllowed => administrator(
            "patch",
            format!(
                "list the parameter that the message names in spec.allowedHypervisorParameters of {on}; or take it out of the machine's spec.hypervisorParameters, which its owner can"
            ),
        ),
        Reason::ClusterChanged => administrator(
            "patch",
            format!("correct spec.endpoints of {on}, or declare the other cluster anew"),
        ),
        Reason::ClusterBoundElsewhere => administrator(
            "patch",
            format!("delete one of the two backends, or correct spec.endpoints of {on}"),
        ),
        Reason::ClaimedByAnother => administrator(
            "patch",
            format!(
                "if that former installation is gone for good, set spec.takeOverFrom of {on}; else give this one another spec.instanceNamePrefix"
            ),
        ),
        Reason::BackendNotFound => administrator("create", format!("declare GanetiBackend {name} again")),
        Reason::BackendOffline => administrator(
            "patch",
            format!(
                "set spec.offline to false: kubectl patch gbe {name} --type merge -p '{{\"spec\":{{\"offline\":false}}}}'"
            ),
        ),
        Reason::Paused => administrator(
            "patch",
            format!("take the annotation off: kubectl annotate gbe {name} {}-", names::PAUSED_ANNOTATION),
        ),
        Reason::BackendForgotten => administrator(
            "patch",
            format!(
                "nothing, if the cluster is gone for good: its machines may be deleted; else take the annotation off: kubectl annotate gbe {name} {}-",
                names::FORGET_ANNOTATION
            ),
        ),
        Reason::Synchronising => (Who::Nobody, None, "wait: its inventory is being read".to_owned()),
        _ => return None,
    })
}
