//! Observe: a backend's object, its actor, its machines.

use std::{rc::Rc, sync::Arc};

use cyclades_crds::GanetiBackendStatus;
use cyclades_domain::{backend::Health, sharing::Tenure, term::Term};
use uuid::Uuid;

use crate::{
    replica::holding,
    runtime::context::Ctx,
    world::{Actor, Backend, Census, Facts, Settings},
};

/// What should become of the actor.
#[derive(Debug)]
pub(super) enum Wanted {
    /// It works with what it should.
    Keep,
    /// It should work with this.
    Start(Settings),
    /// There should be none, and the backend stands like this.
    Stop(Health),
}

impl Wanted {
    fn of(backend: &Backend, settings: Settings) -> Self {
        let object = &backend.object;
        let serves = |actor: &Actor| actor.term == backend.held && actor.settings.serve(&settings);
        if object.forgotten {
            Self::Stop(Health::Forgotten)
        } else if object.paused {
            Self::Stop(Health::Paused)
        } else if object.spec.offline {
            Self::Stop(Health::Offline)
        } else if backend.actor.as_ref().is_some_and(serves) {
            Self::Keep
        } else {
            Self::Start(settings)
        }
    }
}

/// A backend as a pass sees it.
#[derive(Debug)]
pub(super) struct ObservedBackend {
    pub(super) name: Arc<str>,
    pub(super) uid: Uuid,
    pub(super) version: u64,
    pub(super) generation: i64,
    pub(super) deleting: bool,
    pub(super) finalizer: bool,
    pub(super) finalizers: Rc<[Box<str>]>,
    pub(super) status: Rc<GanetiBackendStatus>,
    pub(super) facts: Option<Facts>,
    pub(super) census: Option<Census>,
    pub(super) machines: usize,
    pub(super) wanted: Wanted,
    pub(super) tenure: Tenure,
    /// The term that it is held for.
    pub(super) held: Option<Term>,
}

/// Looks at a backend; `None` where there is none, or nothing may be done about it.
pub(super) fn observe(ctx: &Ctx, name: &Arc<str>) -> Option<ObservedBackend> {
    ctx.world.look(|world| {
        let backend = world.backends.get(name)?;
        let object = &backend.object;
        let credentials = world.credentials.get(object.spec.credentials_secret_ref.name.as_str()).cloned();
        let settings = Settings { spec: Rc::clone(&object.spec), credentials };
        let wanted = Wanted::of(backend, settings);
        Some(ObservedBackend {
            name: Arc::clone(name),
            uid: object.uid,
            version: object.version,
            generation: object.generation,
            deleting: object.deleting,
            finalizer: object.has_finalizer(),
            finalizers: Rc::clone(&object.finalizers),
            status: Rc::clone(&object.status),
            facts: backend.facts.clone(),
            census: backend.census.clone(),
            machines: world.machines.count_on_backend(name),
            wanted,
            tenure: holding::of(ctx, backend)?,
            held: backend.held,
        })
    })
}
