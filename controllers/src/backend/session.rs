//! A verified session with a cluster: who it is, whether we may manage it, what it has.

use std::{collections::BTreeSet, rc::Rc, sync::Arc, time::Duration};

use cyclades_crds::condition::Reason;
use cyclades_domain::{backend::Health, naming::Claim, term::Term};
use ganeti_rapi::{
    Answer, Client, Config, Connector, Credentials, Failure, Info, JobError, JobId, Node, Submit, Trust,
};
use tokio::{
    sync::{Notify, Semaphore},
    time::Instant,
};
use tracing::info;

use super::{claim, trouble::health_of};
use crate::{
    runtime::context::Ctx,
    world::{Backend, Facts, Settings},
};

/// How long a job that is on no instance may take before we give up waiting for it.
const JOB_TIMEOUT: Duration = Duration::from_secs(60);
/// How often such a job is looked at.
const JOB_POLL: Duration = Duration::from_millis(250);
/// Memory is shown in steps of this many MiB, so that the status changes rarely.
const MEMORY_QUANTUM_MIB: u64 = 256;
/// Disk is shown in steps of this many MiB.
const DISK_QUANTUM_MIB: u64 = 1024;

/// A session with a cluster.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// The context.
    pub(crate) ctx: Ctx,
    /// Name of the backend.
    pub(crate) backend: Arc<str>,
    /// What the actor works with.
    pub(crate) settings: Settings,
    /// The client.
    pub(crate) client: Client,
    /// Bounds connections.
    pub(crate) connections: Rc<Semaphore>,
    /// Wakes the job feed.
    pub(crate) nudge: Rc<Notify>,
    /// Asks for a configuration snapshot before its time.
    pub(crate) snapshot_wanted: Rc<Notify>,
    /// Asks for a reading of live statuses before its time.
    pub(crate) status_wanted: Rc<Notify>,
}

impl Session {
    /// Makes a call: at most the backend's limit of connections at a time, counted and timed.
    pub(crate) async fn ask<T>(
        &self,
        call: &'static str,
        answer: impl Future<Output = Answer<T>>,
    ) -> Answer<T> {
        let _connection = self.connections.acquire().await;
        let start = Instant::now();
        let answer = answer.await;
        let outcome = answer.as_ref().map_or_else(Failure::category, |_| "done");
        self.ctx.metrics.rapi(&self.backend, call, outcome, start.elapsed());
        answer
    }

    /// Opens a session: nothing is submitted before the peer, the cluster, the claim and the credentials are right.
    pub(crate) async fn establish(
        ctx: &Ctx,
        backend: &Arc<str>,
        settings: &Settings,
        term: Term,
    ) -> Result<Self, Health> {
        let session = Self::open(ctx, backend, settings)?;
        session.read_cluster().await?;
        // What is read from here on shows all that others can have done: their requests are too late from now on.
        session.tend_fence(term).await?;
        session.check_queue().await?;
        session.read_jobs().await.map_err(|failure| health_of(&failure))?;
        Ok(session)
    }

    /// Opens a session with a cluster that another replica holds: for looking, never for changing anything.
    pub(crate) async fn look_on(ctx: &Ctx, backend: &Arc<str>, settings: &Settings) -> Result<Self, Health> {
        let session = Self::open(ctx, backend, settings)?;
        let info = session.ask("info", session.client.info()).await.map_err(|failure| health_of(&failure))?;
        session.check_identity(&info)?;
        Ok(session)
    }

    fn open(ctx: &Ctx, backend: &Arc<str>, settings: &Settings) -> Result<Self, Health> {
        let client = client(settings, ctx.connector.clone())?;
        let (connections, nudge) = ctx
            .world
            .look(|world| {
                world.backends.get(backend).map(|b| (Rc::clone(&b.connections), Rc::clone(&b.nudge)))
            })
            .ok_or(Health::Synchronising)?;
        Ok(Self {
            ctx: Rc::clone(ctx),
            backend: Arc::clone(backend),
            settings: settings.clone(),
            client,
            connections,
            nudge,
            snapshot_wanted: Rc::new(Notify::new()),
            status_wanted: Rc::new(Notify::new()),
        })
    }

    /// Reads what the cluster is, checks that it is the right one, that we hold its claim and may write, and stores
    /// what it has.
    pub(crate) async fn read_cluster(&self) -> Result<(), Health> {
        let said = |failure: Failure| health_of(&failure);
        let info = self.ask("info", self.client.info()).await.map_err(said)?;
        self.check_identity(&info)?;
        self.hold_claim(&info).await?;
        self.check_write().await?;
        let nodes = self.ask("nodes", self.client.nodes()).await.map_err(said)?;
        check_nodes(&nodes)?;
        let facts = facts(info, &nodes);
        self.ctx.world.change(|world| {
            if let Some(backend) = world.backends.get_mut(&self.backend) {
                backend.facts = Some(facts);
            }
        });
        Ok(())
    }

    /// The cluster must be the one this backend was bound to when it was first seen, and no other backend's.
    fn check_identity(&self, info: &Info) -> Result<(), Health> {
        let bound_to = |backend: &Backend| backend.object.status.cluster_uuid.clone();
        let (bound, rival) = self.ctx.world.look(|world| {
            let bound = world.backends.get(&self.backend).and_then(bound_to);
            let same =
                |other: &&Backend| bound_to(other).as_ref() == Some(&info.uuid) && other.name != self.backend;
            let rivals = world.backends.values().filter(same).map(|other| Arc::clone(&other.name));
            // Of two that are both bound, the first by name goes on: both cannot yield.
            (bound.clone(), rivals.min().filter(|rival| bound.is_none() || *rival < self.backend))
        });
        if let Some(bound) = bound.filter(|bound| *bound != info.uuid) {
            return Err(Health::impaired(
                Reason::ClusterChanged,
                format!(
                    "The endpoints lead to cluster {} ({}), but this backend is bound to cluster {bound}. Correct the endpoints, or declare the new cluster as another GanetiBackend.",
                    info.uuid, info.name
                ),
            ));
        }
        match rival {
            Some(rival) => Err(Health::impaired(
                Reason::ClusterBoundElsewhere,
                format!(
                    "The endpoints lead to cluster {} ({}), which is GanetiBackend {rival} already: delete one of the two, or correct the endpoints.",
                    info.uuid, info.name
                ),
            )),
            None => Ok(()),
        }
    }

    async fn hold_claim(&self, info: &Info) -> Result<(), Health> {
        let ours = self.claim();
        let take_over_from = self.settings.spec.take_over_from.as_deref();
        let superseded = match claim::judge(&info.tags, &ours, take_over_from) {
            claim::Standing::Ours => return Ok(()),
            claim::Standing::Foreign(other) => return Err(claim::foreign(&other)),
            claim::Standing::Free { superseded } => superseded,
        };
        info!(backend = %self.backend, claim = %ours, ?superseded, "claiming the cluster");
        let said = |failure: Failure| health_of(&failure);
        if !superseded.is_empty() {
            let submit = Submit::default();
            let removed = self.client.remove_cluster_tags(&superseded, &submit);
            let job = self.ask("remove_cluster_tags", removed).await.map_err(said)?;
            self.finished(job).await?;
        }
        let (tags, submit) = ([ours.to_string()], Submit::default());
        let added = self.client.add_cluster_tags(&tags, &submit);
        let job = self.ask("add_cluster_tags", added).await.map_err(said)?;
        self.finished(job).await?;
        // Somebody else may have claimed it in the same moment: then neither works on it.
        let tags = self.ask("cluster_tags", self.client.cluster_tags()).await.map_err(said)?;
        match claim::judge(&tags, &ours, None) {
            claim::Standing::Ours => Ok(()),
            claim::Standing::Foreign(other) => Err(claim::foreign(&other)),
            claim::Standing::Free { .. } => Err(Health::impaired(
                Reason::RapiFailing,
                "The cluster accepted our claim tag and does not show it.",
            )),
        }
    }

    fn claim(&self) -> Claim {
        Claim {
            prefix: self.settings.spec.instance_name_prefix.clone(),
            cluster_id: self.ctx.installation.cluster_id.clone(),
            incarnation: self.ctx.installation.incarnation.clone(),
        }
    }

    /// Waits for a job that sets the claim tag.
    async fn finished(&self, job: JobId) -> Result<(), Health> {
        match self.ended(job, "the claim tag").await? {
            None => Ok(()),
            Some(error) => Err(Health::impaired(
                Reason::RapiFailing,
                format!("Ganeti failed to set the claim tag (job {job}): {error}"),
            )),
        }
    }

    /// Waits for one of the few jobs that are not on instances. Returns why it failed, if it did.
    pub(crate) async fn ended(&self, job: JobId, of: &str) -> Result<Option<JobError>, Health> {
        let deadline = Instant::now() + JOB_TIMEOUT;
        while Instant::now() < deadline {
            let found = self.ask("job", self.client.job(job)).await.map_err(|failure| health_of(&failure))?;
            match found {
                Some(found) if found.status.is_final() => return Ok(found.error),
                _ => tokio::time::sleep(JOB_POLL).await,
            }
        }
        Err(Health::impaired(
            Reason::RapiFailing,
            format!(
                "Job {job}, which is about {of}, has not ended within {} s: look at gnt-job info {job}.",
                JOB_TIMEOUT.as_secs()
            ),
        ))
    }

    /// Whether our user may write. Cancelling a job that cannot exist needs the right and does nothing.
    async fn check_write(&self) -> Result<(), Health> {
        match self.ask("cancel_job", self.client.cancel_job(JobId(0))).await {
            Err(failure @ Failure::NotAuthorised(_)) => Err(health_of(&failure)),
            Err(failure @ (Failure::Unreachable(_) | Failure::UntrustedPeer(_))) => Err(health_of(&failure)),
            // Whatever Ganeti says of job 0, it let us ask.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Whether a queue that was drained is open again. RAPI does not show the flag, so a job that changes nothing is
    /// tried: our claim tag, which is there already.
    async fn check_queue(&self) -> Result<(), Health> {
        let was_drained = self.ctx.world.look(|world| {
            world
                .backends
                .get(&self.backend)
                .is_some_and(|backend| backend.health.reason() == Reason::QueueDrained)
        });
        if !was_drained {
            return Ok(());
        }
        let (tags, submit) = ([self.claim().to_string()], Submit::default());
        let added = self.client.add_cluster_tags(&tags, &submit);
        let job = self.ask("add_cluster_tags", added).await.map_err(|failure| health_of(&failure))?;
        self.finished(job).await
    }
}

fn client(settings: &Settings, connector: Option<Arc<dyn Connector>>) -> Result<Client, Health> {
    let spec = &settings.spec;
    let Some(credentials) = &settings.credentials else {
        return Err(Health::impaired(
            Reason::CredentialsMissing,
            format!(
                "Secret {} does not exist in the operator's namespace, or is not of type kubernetes.io/basic-auth with username and password: create it.",
                spec.credentials_secret_ref.name
            ),
        ));
    };
    let invalid = |message: String| Health::impaired(Reason::InvalidSpec, message);
    let trust = match (&spec.tls.pins, &spec.tls.ca_bundle) {
        (Some(pins), _) => {
            let pins: Result<Vec<_>, _> = pins.iter().map(|pin| pin.parse()).collect();
            Trust::Pins(pins.map_err(|error| invalid(format!("spec.tls.pins: {error}")))?)
        }
        (None, Some(bundle)) => Trust::CaBundle(bundle.clone().into_bytes()),
        (None, None) => return Err(invalid("spec.tls: set pins or caBundle.".into())),
    };
    let endpoints = spec.endpoints.iter().map(|endpoint| endpoint.trim_end_matches('/').to_owned());
    let mut config = Config::new(
        endpoints,
        Credentials::new(credentials.username.clone(), credentials.password.clone()),
        trust,
    );
    config.user_agent = concat!("cyclades-operator/", env!("CARGO_PKG_VERSION")).into();
    config.connector = connector;
    Client::new(config).map_err(|error| invalid(format!("The backend cannot be connected to: {error}")))
}

/// A cluster has a master at least, and each node once: on any other list, machines would be placed where no room is, or
/// nowhere.
fn check_nodes(nodes: &[Node]) -> Result<(), Health> {
    let names: BTreeSet<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
    if !nodes.is_empty() && names.len() == nodes.len() {
        return Ok(());
    }
    let why = if nodes.is_empty() { "it names no node" } else { "it names a node twice" };
    Err(Health::impaired(
        Reason::InventoryImplausible,
        format!(
            "Ganeti's list of nodes is not believed: {why}. Nothing is created or deleted until it is credible."
        ),
    ))
}

fn facts(info: Info, nodes: &[Node]) -> Facts {
    let usable: Vec<&Node> = nodes.iter().filter(|node| node.is_usable()).collect();
    let sum = |value: fn(&Node) -> Option<u64>| usable.iter().filter_map(|node| value(node)).sum::<u64>();
    let mut hypervisors = info.enabled_hypervisors;
    // The default one first: it is what instances get that name none.
    if let Some(at) = hypervisors.iter().position(|name| Some(name) == info.default_hypervisor.as_ref()) {
        hypervisors.swap(0, at);
    }
    Facts {
        uuid: info.uuid,
        name: info.name,
        software_version: info.software_version,
        hypervisors,
        disk_templates: info.enabled_disk_templates,
        nodes: u32::try_from(usable.len()).unwrap_or(u32::MAX),
        cpus: u32::try_from(sum(|node| node.ctotal)).unwrap_or(u32::MAX),
        memory_mib: sum(|node| node.mtotal) / MEMORY_QUANTUM_MIB * MEMORY_QUANTUM_MIB,
        disk_mib: sum(|node| node.dtotal) / DISK_QUANTUM_MIB * DISK_QUANTUM_MIB,
    }
}
