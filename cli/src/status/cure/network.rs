//! What machines are connected by.

use cyclades_crds::condition::Reason;

use super::{Advice, Who};
use crate::subject::Subject;

/// What to do about a network that is in the way.
pub(super) fn advice(reason: Option<Reason>, on: &Subject) -> Advice {
    match reason {
        Some(Reason::NetworkNotFound) => {
            (Who::Owner, Some("create"), format!("create {on}, or name another one (kubectl get networks)"))
        }
        Some(Reason::NetworkNotReady) => {
            (Who::Owner, None, format!("look at the conditions of {on} (kubectl describe network)"))
        }
        Some(Reason::AddressesExhausted) => (
            Who::Owner,
            None,
            format!("delete a machine that has an address of {on}, or use another Network"),
        ),
        Some(Reason::AddressRefused) => (
            Who::Owner,
            None,
            "ask for another address or MAC in the machine's spec.nics, or for none in particular".to_owned(),
        ),
        Some(Reason::NetworkInUse) => (
            Who::Owner,
            None,
            format!("delete the machines that {on} names in its message, or wait until they are gone"),
        ),
        Some(Reason::LinkPoolExhausted) => (
            Who::Administrator,
            None,
            "make another LinkPool, or raise spec.macPrefixes.count of one (kubectl get linkpools)"
                .to_owned(),
        ),
        Some(Reason::LinkPoolConflict) => (
            Who::Administrator,
            None,
            format!("make the value of {on} its own again in status.taken of the LinkPool; or delete {on}"),
        ),
        _ => (Who::Owner, Some("patch"), format!("correct {on}; the message says where")),
    }
}
