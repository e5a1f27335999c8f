//! Submitting a job for a machine: a slot, one request, and what its answer means.

use std::sync::Arc;

use cyclades_crds::{names, virtual_machine::Shape};
use cyclades_domain::naming::{JobReason, JobStep};
use ganeti_rapi::{
    Answer, Client, CreateInstance, DeleteInstance, DiskSpec, Failure, GrowDisk, JobId, ModifyInstance,
    RebootInstance, RebootKind, ShutdownInstance, Submit,
};
use serde_json::json;
use tokio::time::Instant;
use tracing::{info, warn};
use uuid::Uuid;

use super::{setback, trouble::health_of};
use crate::{
    runtime::{context::Ctx, queue::Urgency},
    world::{
        Backend, Key, ObjectName,
        window::{Job, Slot, lane},
    },
};

/// Seconds that a guest has to shut down before its instance is removed: its disks go anyway.
const REMOVE_SHUTDOWN_SECONDS: u32 = 5;

/// All that a job needs.
#[derive(Debug)]
pub(crate) struct Order {
    /// The machine.
    pub(crate) machine: ObjectName,
    /// Its id.
    pub(crate) id: Uuid,
    /// Generation of its spec.
    pub(crate) generation: i64,
    /// Its backend.
    pub(crate) backend: Arc<str>,
    /// Name of the instance.
    pub(crate) instance: Arc<str>,
    /// What to do.
    pub(crate) work: Work,
}

/// What a job is to do.
#[derive(Debug)]
pub(crate) enum Work {
    /// Create the instance.
    Create(Box<Creation>),
    /// Start it.
    Start,
    /// Shut it down.
    Stop {
        /// UUID of the instance that is meant.
        uuid: Arc<str>,
        /// Seconds the guest has.
        timeout_seconds: u32,
    },
    /// Remove it with its disks.
    Remove {
        /// UUID of the instance that is meant.
        uuid: Arc<str>,
    },
    /// Reboot it.
    Reboot {
        /// UUID of the instance that is meant.
        uuid: Arc<str>,
        /// How.
        kind: RebootKind,
        /// Seconds the guest has.
        timeout_seconds: u32,
    },
    /// Set its virtual CPUs and memory.
    Modify {
        /// UUID of the instance that is meant.
        uuid: Arc<str>,
        /// The shape that it is to have.
        shape: Arc<Shape>,
    },
    /// Grow its root disk.
    Grow {
        /// UUID of the instance that is meant.
        uuid: Arc<str>,
        /// The shape that it is to have.
        shape: Arc<Shape>,
    },
    /// Take our tags off it.
    Detach,
}

/// What an instance is created with.
#[derive(Debug)]
pub(crate) struct Creation {
    /// Its shape.
    pub(crate) shape: Arc<Shape>,
    /// Ganeti's name of the OS.
    pub(crate) os: String,
    /// OS parameters.
    pub(crate) parameters: Vec<(String, String)>,
    /// ExtStorage provider and its parameters.
    pub(crate) disk_parameters: Vec<(String, String)>,
    /// Tags.
    pub(crate) tags: Vec<String>,
    /// Whether to start it.
    pub(crate) start: bool,
    /// Hypervisor, where it is not the cluster's default.
    pub(crate) hypervisor: Option<String>,
}

impl Work {
    /// The step.
    pub(crate) fn step(&self) -> JobStep {
        match self {
            Self::Create(_) => JobStep::Create,
            Self::Start => JobStep::Start,
            Self::Stop { .. } => JobStep::Stop,
            Self::Remove { .. } => JobStep::Remove,
            Self::Reboot { kind: RebootKind::Soft, .. } => JobStep::RebootSoft,
            Self::Reboot { .. } => JobStep::RebootHard,
            Self::Modify { .. } => JobStep::Modify,
            Self::Grow { .. } => JobStep::Grow,
            Self::Detach => JobStep::Detach,
        }
    }

    /// The shape that it brings about.
    fn shape(&self) -> Option<&Arc<Shape>> {
        match self {
            Self::Modify { shape, .. } | Self::Grow { shape, .. } => Some(shape),
            _ => None,
        }
    }
}

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Submitted {
    /// Ganeti accepted it as this job.
    Accepted(JobId),
    /// The window is full: the machine is woken when it has a slot.
    Queued,
    /// It was refused, or could not be sent; the machine's memory or the backend's health says why.
    Refused,
    /// The answer was lost. The job is looked for by its reason before anything else is done.
    Unknown,
}

/// Submits an order: at most one request.
pub(crate) async fn submit(ctx: &Ctx, order: &Order) -> Submitted {
    let Some((client, connections, reason)) = reserve(ctx, order) else { return Submitted::Queued };
    let start = Instant::now();
    let answer = {
        let _connection = connections.acquire().await;
        send(&client, order, &Submit::because(reason)).await
    };
    let step = order.work.step();
    let outcome = answer.as_ref().map_or_else(Failure::category, |_| "done");
    ctx.metrics.rapi(&order.backend, step.as_str(), outcome, start.elapsed());
    match answer {
        Ok(job) => {
            info!(backend = %order.backend, machine = %order.machine, %job, step = step.as_str(), "job accepted");
            with_backend(ctx, order, |backend| backend.window.accepted(order.id, job));
            Submitted::Accepted(job)
        }
        Err(failure @ Failure::UnknownOutcome(_)) => {
            warn!(backend = %order.backend, machine = %order.machine, step = step.as_str(), %failure, "the answer to a submission was lost");
            with_backend(ctx, order, |backend| {
                if let Some(job) = backend.window.job_mut(order.id) {
                    job.outcome_unknown = true;
                }
            });
            Submitted::Unknown
        }
        Err(failure) => {
            warn!(backend = %order.backend, machine = %order.machine, step = step.as_str(), %failure, "a submission was refused");
            give_back(ctx, order, &failure);
            Submitted::Refused
        }
    }
}

/// Takes a slot and notes the job before it is sent: whatever happens to the answer, it is known to be possible.
fn reserve(ctx: &Ctx, order: &Order) -> Option<(Client, std::rc::Rc<tokio::sync::Semaphore>, String)> {
    let step = order.work.step();
    let reason = JobReason {
        cluster_id: &ctx.installation.cluster_id,
        epoch: ctx.installation.epoch,
        id: order.id,
        generation: order.generation,
        step,
    }
    .to_string();
    ctx.world.change(|world| {
        let backend = world.backends.get_mut(&order.backend)?;
        let client = backend.client.clone()?;
        if backend.window.take(order.id, &order.machine, lane(step)) == Slot::Queued {
            return None;
        }
        let job = Job {
            machine: order.machine.clone(),
            step,
            shape: order.work.shape().cloned(),
            instance: Arc::clone(&order.instance),
            reason: reason.clone(),
            id: None,
            above: backend.last_job,
            submitted: Instant::now(),
            outcome_unknown: false,
            misses: 0,
            ended: None,
        };
        backend.window.fill(order.id, job);
        Some((client, std::rc::Rc::clone(&backend.connections), reason))
    })
}

async fn send(client: &Client, order: &Order, submit: &Submit) -> Answer<JobId> {
    let name = &*order.instance;
    match &order.work {
        Work::Create(creation) => client.create_instance(&body(name, creation), submit).await,
        Work::Start => client.startup_instance(name, submit).await,
        Work::Stop { uuid, timeout_seconds } => {
            let shutdown = ShutdownInstance {
                timeout: Some(*timeout_seconds),
                instance_uuid: Some(uuid.to_string()),
                ..ShutdownInstance::default()
            };
            client.shutdown_instance(name, &shutdown, submit).await
        }
        Work::Remove { uuid } => {
            let delete = DeleteInstance {
                shutdown_timeout: Some(REMOVE_SHUTDOWN_SECONDS),
                instance_uuid: Some(uuid.to_string()),
            };
            client.delete_instance(name, &delete, submit).await
        }
        Work::Reboot { uuid, kind, timeout_seconds } => {
            let reboot = RebootInstance {
                kind: *kind,
                shutdown_timeout: Some(*timeout_seconds),
                instance_uuid: Some(uuid.to_string()),
            };
            client.reboot_instance(name, &reboot, submit).await
        }
        Work::Modify { uuid, shape } => client.modify_instance(name, &reshaped(uuid, shape), submit).await,
        Work::Grow { uuid, shape } => {
            let grow = GrowDisk {
                amount: shape.disk_mib,
                absolute: true,
                wait_for_sync: false,
                instance_uuid: Some(uuid.to_string()),
            };
            client.grow_disk(name, 0, &grow, submit).await
        }
        Work::Detach => detach(client, name, submit).await,
    }
}

/// Takes exactly those tags of ours off that the instance has: one that it has not would fail the job.
async fn detach(client: &Client, name: &str, submit: &Submit) -> Answer<JobId> {
    let tags = client.instance(name).await?.map_or(Vec::new(), |instance| instance.tags);
    let ours = tags.into_iter().filter(|tag| tag.starts_with(names::TAG_ROOT)).collect::<Vec<_>>();
    client.remove_instance_tags(name, &ours, submit).await
}

/// CPUs and memory of a shape.
fn reshaped(uuid: &str, shape: &Shape) -> ModifyInstance {
    let mut modify = ModifyInstance { instance_uuid: Some(uuid.to_owned()), ..ModifyInstance::default() };
    modify.beparams.extend(beparams(shape));
    modify
}

/// A shape in Ganeti's words. Minimum and maximum of the memory are the same: what is promised is kept.
fn beparams(shape: &Shape) -> impl Iterator<Item = (String, serde_json::Value)> {
    [("maxmem", shape.memory_mib), ("minmem", shape.memory_mib), ("vcpus", shape.vcpus.into())]
        .map(|(key, value)| (key.to_owned(), json!(value)))
        .into_iter()
}

fn body(name: &str, creation: &Creation) -> CreateInstance {
    let shape = &creation.shape;
    let mut create = CreateInstance::named(name);
    create.disk_template = Some(shape.disk_template.clone());
    if shape.disk_mib > 0 {
        let more = creation.disk_parameters.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
        create.disks = vec![DiskSpec { size: shape.disk_mib, more, ..DiskSpec::default() }];
    }
    create.os_type = Some(creation.os.clone());
    create.osparams = creation.parameters.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    create.hypervisor.clone_from(&creation.hypervisor);
    create.beparams.extend(beparams(shape));
    create.opportunistic_locking = true;
    create.wait_for_sync = Some(false);
    create.start = Some(creation.start);
    create.tags.clone_from(&creation.tags);
    create
}

/// Nothing was done: the slot is free again, and the cause is noted where it belongs.
fn give_back(ctx: &Ctx, order: &Order, failure: &Failure) {
    let backend_in_trouble = failure.is_queue_drained()
        || matches!(failure, Failure::Unreachable(_) | Failure::UntrustedPeer(_) | Failure::NotAuthorised(_));
    let woken = ctx.world.change(|world| {
        if !backend_in_trouble && let Some(machine) = world.machines.get_mut(&order.machine) {
            setback::refused(machine, failure);
        }
        let Some(backend) = world.backends.get_mut(&order.backend) else { return Vec::new() };
        backend.window.finish(order.id);
        if backend_in_trouble {
            backend.trouble = Some(health_of(failure));
            backend.troubled.notify_one();
            return Vec::new();
        }
        backend.window.offer()
    });
    ctx.wake_machines(woken, Urgency::User);
}

fn with_backend(ctx: &Ctx, order: &Order, change: impl FnOnce(&mut Backend)) {
    let nudge = ctx.world.change(|world| {
        let backend = world.backends.get_mut(&order.backend)?;
        change(backend);
        Some(std::rc::Rc::clone(&backend.nudge))
    });
    if let Some(nudge) = nudge {
        nudge.notify_one();
    }
    ctx.queue.wake(&Key::Vm(order.machine.clone()), Urgency::User);
}
