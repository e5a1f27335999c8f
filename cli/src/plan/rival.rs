//! Another machine with the same id: one of the two has it, and the others are refused.

use std::cmp::Reverse;

use anyhow::Result;
use cyclades_crds::{VirtualMachine, names};
use cyclades_domain::identity::{self, Rank};
use jiff::Timestamp;
use kube::{Api, ResourceExt as _, api::ListParams};

use crate::cluster::Cluster;
use crate::look::{code, said};

/// What the operator says to a machine whose id another one has; `None` where the id is its own.
///
/// # Errors
/// The API server's; who may not look into all namespaces learns of rivals in the machine's own.
pub(crate) async fn refusal(cluster: &Cluster, machine: &VirtualMachine) -> Result<Option<String>> {
    let Some(id) = machine.spec.id.as_deref() else { return Ok(None) };
    let wanted = ListParams::default().fields(&format!("spec.id={id}"));
    let everywhere: Api<VirtualMachine> = Api::all(cluster.client.clone());
    let others = match everywhere.list(&wanted).await {
        Err(error) if code(&error) == Some(403) => {
            let namespace = machine.namespace().unwrap_or_else(|| cluster.namespace.clone());
            let here: Api<VirtualMachine> = Api::namespaced(cluster.client.clone(), &namespace);
            here.list(&wanted).await
        }
        answer => answer,
    };
    Ok(outranked(machine, &others.map_err(said)?.items))
}

/// Namespace and name.
type Key = (String, String);

fn key(machine: &VirtualMachine) -> Key {
    (machine.namespace().unwrap_or_default(), machine.name_any())
}

fn rank(machine: &VirtualMachine) -> Rank<Timestamp, Key> {
    let finalizers = machine.metadata.finalizers.iter().flatten();
    let created = machine.metadata.creation_timestamp.as_ref().map(|time| time.0);
    Rank {
        made: machine.status.as_ref().is_some_and(|status| status.instance_uuid.is_some()),
        placed: machine.spec.backend_name.is_some(),
        guarded: finalizers.into_iter().any(|finalizer| finalizer == names::VM_FINALIZER),
        created: Reverse(created.unwrap_or_default()),
        name: Reverse(key(machine)),
    }
}

/// What the operator says to a machine whose id one of these has.
pub(super) fn outranked(machine: &VirtualMachine, others: &[VirtualMachine]) -> Option<String> {
    let rivals = others.iter().filter(|other| key(other) != key(machine));
    let rival = rivals.filter(|other| rank(other) > rank(machine)).max_by_key(|other| rank(other))?;
    let told = (rival.namespace() == machine.namespace()).then(|| rival.name_any());
    Some(identity::outranked(told.as_deref()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::machine;

    #[test]
    fn whose_instance_exists_has_the_id() {
        let owner = machine("victim", Some(("True", "Ready")), json!({"id": "i"}));
        let thief = machine("thief", None, json!({"id": "i", "backendName": "a"}));
        let all = [owner.clone(), thief.clone()];
        assert_eq!(outranked(&owner, &all), None);
        let words = outranked(&thief, &all).unwrap();
        assert!(words.starts_with("VirtualMachine victim has the same spec.id"), "{words}");
    }

    #[test]
    fn names_of_other_namespaces_are_not_told() {
        let mut owner = machine("victim", Some(("True", "Ready")), json!({"id": "i"}));
        owner.metadata.namespace = Some("secret".to_owned());
        let words = outranked(&machine("thief", None, json!({"id": "i"})), &[owner]).unwrap();
        assert!(!words.contains("victim") && !words.contains("secret"), "{words}");
    }
}
