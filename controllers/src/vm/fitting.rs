//! What a machine declares beside its flavor, and whether it can have it.

use std::sync::Arc;

use cyclades_crds::{condition::Reason, virtual_machine::Shape};
use cyclades_domain::{
    parameters::{hypervisor_refusal, not_allowed},
    shape::disks_refusal,
    vm::{Extras, Fitting},
};

use super::missing::Missing;
use crate::world::{Backend, Machine, World, needs::Need};

/// What is declared, what became of it, and what a refusal waits for.
pub(super) fn fitting(world: &World, machine: &Machine) -> (Fitting, Option<Need>) {
    let (wanted, applied) = (machine.extras(), &machine.status.extras);
    let memory = &machine.memory;
    let mut fitting = Fitting {
        wanted: wanted.cloned(),
        applied: applied.clone(),
        refused: None,
        unpluggable: memory.unpluggable,
        unplugged: memory.unplugged,
    };
    let backend = machine.backend.as_ref().and_then(|name| world.backends.get(name));
    let (Some(wanted), Some(backend), true) = (wanted, backend, machine.status.instance_uuid.is_some())
    else {
        return (fitting, None);
    };
    match changes(machine, wanted, backend) {
        Ok(()) => (fitting, None),
        Err(Missing { need, reason, message }) => {
            fitting.refused = Some((reason, message.into()));
            (fitting, need)
        }
    }
}

/// Whether a machine that has an instance may have what it declares anew. What it has, it keeps.
fn changes(machine: &Machine, wanted: &Extras, backend: &Backend) -> Result<(), Missing> {
    let applied = machine.status.extras.as_ref().map(|extras| &extras.parameters);
    let anew = wanted.parameters.iter().filter(|(name, value)| {
        applied.and_then(|applied| applied.get(*name)).is_none_or(|applied| applied != *value)
    });
    allowed(backend, anew.map(|(name, _)| &**name))?;
    match (&machine.status.shape, &machine.status.flavor) {
        (Some(shape), Some(flavor)) if !wanted.disks.is_empty() => disks(shape, flavor),
        _ => Ok(()),
    }
}

/// Whether a backend allows hypervisor parameters.
fn allowed<'a>(backend: &Backend, names: impl Iterator<Item = &'a str>) -> Result<(), Missing> {
    match not_allowed(names, &backend.object.spec.allowed_hypervisor_parameters) {
        None => Ok(()),
        Some(name) => Err(Missing {
            need: Some(Need::Backend(Arc::clone(&backend.name))),
            reason: Reason::ParameterNotAllowed,
            message: hypervisor_refusal(&backend.name, name),
        }),
    }
}

/// Whether a machine that is to be made may have what it declares. `backend`: where it is to be made, where that is known.
pub(super) fn for_new(machine: &Machine, shape: &Shape, backend: Option<&Backend>) -> Result<(), Missing> {
    let Some(extras) = machine.extras() else { return Ok(()) };
    if !extras.disks.is_empty() {
        disks(shape, &machine.flavor)?;
    }
    backend.map_or(Ok(()), |backend| allowed(backend, extras.parameters.keys().map(|name| &**name)))
}

fn disks(shape: &Shape, flavor: &str) -> Result<(), Missing> {
    match disks_refusal(flavor, shape) {
        None => Ok(()),
        Some(message) => Err(Missing { need: None, reason: Reason::DisksRefused, message }),
    }
}
