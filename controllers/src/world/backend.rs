//! What is kept of a GanetiBackend and of its cluster.

use std::{rc::Rc, sync::Arc};

use cyclades_crds::{
    GanetiBackendSpec, GanetiBackendStatus,
    condition::{self, ConditionType, Reason},
    names,
};
use cyclades_domain::{backend::Health, term::Term};
use secrecy::ExposeSecret;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Inventory, RapiCredentials, Window, census::Census, cluster_networks::ClusterNetworks};

/// A GanetiBackend, and what is known of its cluster.
#[derive(Debug)]
pub(crate) struct Backend {
    /// Its name.
    pub(crate) name: Arc<str>,
    /// Its object; `None` while only machines speak of it.
    pub(crate) object: BackendObject,
    /// The term that this process holds it for.
    pub(crate) held: Option<Term>,
    /// Whether this process has ever held it.
    pub(crate) was_held: bool,
    /// The highest epoch that Ganeti's fences know, where it was found to be above ours.
    pub(crate) epoch_floor: u64,
    /// How it stands.
    pub(crate) health: Health,
    /// What the cluster says of itself.
    pub(crate) facts: Option<Facts>,
    /// Its instances.
    pub(crate) inventory: Inventory,
    /// What no machine declares there; `None` before it was counted.
    pub(crate) census: Option<Census>,
    /// The networks of ours there.
    pub(crate) networks: ClusterNetworks,
    /// Our unfinished jobs.
    pub(crate) window: Window,
    /// The client, while the cluster is verified.
    pub(crate) client: Option<ganeti_rapi::Client>,
    /// Bounds the connections to the cluster.
    pub(crate) connections: Rc<Semaphore>,
    /// Highest job id seen.
    pub(crate) last_job: u64,
    /// Trouble that a submission met, for the actor to act on.
    pub(crate) trouble: Option<Health>,
    /// Tells the actor that there is trouble.
    pub(crate) troubled: Rc<Notify>,
    /// The task that works on it.
    pub(crate) actor: Option<Actor>,
    /// Wakes the actor: something was submitted, or its object changed.
    pub(crate) nudge: Rc<Notify>,
}

/// The object of a backend.
#[derive(Debug)]
pub(crate) struct BackendObject {
    /// uid of the object.
    pub(crate) uid: Uuid,
    /// Resource version that this is.
    pub(crate) version: u64,
    /// Generation of the spec.
    pub(crate) generation: i64,
    /// Being deleted.
    pub(crate) deleting: bool,
    /// Paused by annotation.
    pub(crate) paused: bool,
    /// Its cluster is gone for good.
    pub(crate) forgotten: bool,
    /// All finalizers.
    pub(crate) finalizers: Rc<[Box<str>]>,
    /// The spec.
    pub(crate) spec: Rc<GanetiBackendSpec>,
    /// The status.
    pub(crate) status: Rc<GanetiBackendStatus>,
}

impl BackendObject {
    /// Whether our finalizer is on it.
    pub(crate) fn has_finalizer(&self) -> bool {
        self.finalizers.iter().any(|finalizer| &**finalizer == names::BACKEND_FINALIZER)
    }
}

/// What a cluster says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// UUID of the cluster.
    pub(crate) uuid: String,
    /// Its name.
    pub(crate) name: String,
    /// Ganeti's version.
    pub(crate) software_version: String,
    /// Enabled hypervisors.
    pub(crate) hypervisors: Vec<String>,
    /// Enabled disk templates.
    pub(crate) disk_templates: Vec<String>,
    /// Nodes that take instances.
    pub(crate) nodes: u32,
    /// Their physical CPUs.
    pub(crate) cpus: u32,
    /// Their memory in MiB, quantised.
    pub(crate) memory_mib: u64,
    /// Their disk in MiB, quantised.
    pub(crate) disk_mib: u64,
}

/// A running actor, and what it was started with.
#[derive(Debug)]
pub(crate) struct Actor {
    /// Ends it.
    pub(crate) cancel: CancellationToken,
    /// What it works with; another value means another actor.
    pub(crate) settings: Settings,
    /// The term that it works in; `None` for one that only looks.
    pub(crate) term: Option<Term>,
}

impl Backend {
    /// A backend of which nothing is known yet but its object.
    pub(crate) fn new(name: Arc<str>, object: BackendObject) -> Self {
        let limits = &object.spec.limits;
        Self {
            name,
            held: None,
            was_held: false,
            epoch_floor: 0,
            health: Health::Synchronising,
            facts: None,
            inventory: Inventory::default(),
            census: None,
            networks: ClusterNetworks::default(),
            window: Window::new(limits.jobs_in_flight),
            client: None,
            connections: Rc::new(Semaphore::new(limits.connections as usize)),
            last_job: 0,
            trouble: None,
            troubled: Rc::new(Notify::new()),
            actor: None,
            nudge: Rc::new(Notify::new()),
            object,
        }
    }

    /// Ends the actor. What was read stays.
    pub(crate) fn stop(&mut self) {
        self.client = None;
        if let Some(actor) = self.actor.take() {
            actor.cancel.cancel();
        }
    }

    /// Ends the actor, and forgets all but the object, if it was held; whether it was.
    pub(crate) fn let_go(&mut self) -> bool {
        self.stop();
        if self.held.take().is_none() {
            return false;
        }
        self.health = Health::Synchronising;
        self.facts = None;
        self.inventory = Inventory::default();
        self.census = None;
        self.window = Window::new(self.object.spec.limits.jobs_in_flight);
        self.last_job = 0;
        self.trouble = None;
        true
    }

    /// Whether new machines may be placed here as far as it is well, else the reason why not. Of a backend that another
    /// replica holds, its status tells; its instances must have been read, as one may be the machine's.
    pub(crate) fn is_open(&self) -> Result<(), &str> {
        if self.held.is_some() {
            return if self.health.is_ready() { Ok(()) } else { Err(self.health.reason().as_str()) };
        }
        let ready = condition::find(&self.object.status.conditions, ConditionType::Ready);
        match ready.filter(|ready| ready.status != "True") {
            Some(ready) => Err(&ready.reason),
            None if ready.is_none() || self.object.status.holder.is_none() || !self.inventory.synced => {
                Err(Reason::Synchronising.as_str())
            }
            None => Ok(()),
        }
    }
}

/// What an actor works with.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The backend's spec.
    pub(crate) spec: Rc<GanetiBackendSpec>,
    /// Its credentials, where the Secret has them.
    pub(crate) credentials: Option<RapiCredentials>,
}

impl Settings {
    /// Whether an actor that was started with these may go on with those. What is read from the object at the moment
    /// it matters (drained, hypervisor, limits of jobs and vcpus, texts) does not end a session.
    pub(crate) fn serve(&self, other: &Self) -> bool {
        let secret = |settings: &Self| {
            let credentials = settings.credentials.as_ref();
            credentials.map(|c| (c.username.clone(), c.password.expose_secret().to_owned()))
        };
        let (a, b) = (&*self.spec, &*other.spec);
        a.endpoints == b.endpoints
            && a.tls == b.tls
            && a.instance_name_prefix == b.instance_name_prefix
            && a.take_over_from == b.take_over_from
            && a.polling == b.polling
            && a.limits.connections == b.limits.connections
            && secret(self) == secret(other)
    }
}
