//! Which machine it is, and which instance is its own.

use cyclades_crds::VirtualMachine;
use cyclades_domain::naming::instance_name;
use uuid::Uuid;

use crate::scene::Scene;

/// Id of a machine: `spec.id`, else its uid.
pub(crate) fn id_of(machine: &VirtualMachine) -> Option<Uuid> {
    let text = machine.spec.id.as_deref().or(machine.metadata.uid.as_deref())?;
    Uuid::try_parse(text).ok()
}

/// The name that the machine's instance has, or will have on its backend.
pub(crate) fn wanted_name(machine: &VirtualMachine, scene: &Scene) -> Option<String> {
    let told = machine.status.as_ref().and_then(|status| status.instance_name.clone());
    if let Some(name) = told.or_else(|| machine.spec.adopt.clone()) {
        return Some(name);
    }
    let backend = scene.backend(machine.spec.backend_name.as_deref()?).found()?;
    Some(instance_name(&backend.spec.instance_name_prefix, id_of(machine)?))
}
