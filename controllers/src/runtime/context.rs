//! What every part of the operator works with.

use std::{rc::Rc, sync::Arc};

use super::{
    clock::Clock,
    events::Events,
    kube_api::KubeApi,
    metrics::Metrics,
    queue::{Queue, Urgency},
};
use crate::{
    replica::state::Replica,
    world::{Key, ObjectName, Shared},
};

/// The parts that all share.
#[derive(Debug)]
pub(crate) struct Context {
    /// Writes to the API server.
    pub(crate) kube: KubeApi,
    /// The stores.
    pub(crate) world: Shared,
    /// The work queue.
    pub(crate) queue: Queue<Key>,
    /// Events.
    pub(crate) events: Events,
    /// Metrics.
    pub(crate) metrics: Metrics,
    /// Which installation this is.
    pub(crate) installation: Installation,
    /// Which replica of it.
    pub(crate) replica: Replica,
    /// The time of day, for people.
    pub(crate) clock: Clock,
    /// What makes streams to Ganeti clusters; plain TCP where `None`.
    pub(crate) connector: Option<Arc<dyn ganeti_rapi::Connector>>,
}

/// Who we are, towards Ganeti.
#[derive(Clone, Debug)]
pub(crate) struct Installation {
    /// Name of the installation.
    pub(crate) cluster_id: String,
    /// uid of `kube-system`: this life of the installation.
    pub(crate) incarnation: String,
}

/// The context, shared.
pub(crate) type Ctx = Rc<Context>;

impl Context {
    /// Wakes machines.
    pub(crate) fn wake_machines(&self, machines: impl IntoIterator<Item = ObjectName>, urgency: Urgency) {
        for machine in machines {
            self.queue.wake(&Key::Vm(machine), urgency);
        }
    }

    /// A machine was placed on a backend: one that has no finalizer yet gets it at once, or it could go under its machine.
    pub(crate) fn guard_backend_of(&self, machine: &ObjectName) {
        let unguarded = self.world.look(|world| {
            let backend = world.backends.get(world.machines.get(machine)?.backend.as_ref()?)?;
            (!backend.object.has_finalizer() && !backend.object.deleting).then(|| Rc::from(&*backend.name))
        });
        if let Some(name) = unguarded {
            self.queue.wake(&Key::Backend(name), Urgency::User);
        }
    }

    /// Wakes the machines that have these ids, where they exist.
    pub(crate) fn wake_ids(&self, ids: impl IntoIterator<Item = uuid::Uuid>, urgency: Urgency) {
        let keys: Vec<ObjectName> = self
            .world
            .look(|world| ids.into_iter().filter_map(|id| world.machines.by_id(id).cloned()).collect());
        self.wake_machines(keys, urgency);
    }
}
