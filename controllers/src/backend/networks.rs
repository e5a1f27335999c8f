//! Networks on a cluster: made before the first machine there needs them, and removed after the last one.
//!
//! One job at a time, decided on what the cluster has at that moment: whatever a job before it came to, the next reading
//! shows.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    rc::Rc,
    time::Duration,
};

use cyclades_crds::{condition::Reason, network::NetworkType, virtual_machine::ManagementPolicy};
use cyclades_domain::{
    backend::Health,
    network::{
        Flaw, Ranges,
        ganeti::{self, Seen, Step, Wanted, ganeti_name, ganeti_tags},
    },
};
use ganeti_rapi::{AddNetwork, Answer, ConnectNetwork, JobId, Network, Submit};
use tokio::time::sleep;
use tracing::{info, warn};
use uuid::Uuid;

use super::{
    poll::{Tolerance, pause},
    session::Session,
    trouble::health_of,
};
use crate::{
    runtime::{jittered, queue::Urgency},
    world::{Backend, Key, Machine, ObjectName, World, needs::Need},
};

/// Synnefo's tag of a network whose MACs have a prefix of its own, by which its scripts on the nodes know it.
const FILTERED_TAG: &str = "private-filtered";
/// Pause after a job that failed: Ganeti refuses some while instances come and go.
const AFTER_FAILURE: Duration = Duration::from_secs(3);

/// What a round came to.
#[derive(Debug)]
enum Round {
    /// All is as it should be, or cannot be helped.
    Rest,
    /// A job is done: there may be more to do.
    Again,
    /// A job failed.
    Failed,
}

/// A network that machines on the cluster need.
#[derive(Debug)]
struct Needed {
    id: Uuid,
    wanted: Result<Wanted, Flaw>,
}

/// Keeps the networks of a cluster as its machines need them, until the session ends.
pub(crate) async fn keep(session: &Session) -> Health {
    let every = Duration::from_secs(session.settings.spec.polling.cluster_seconds.into());
    let wanted = session.ctx.world.look(|world| {
        world.backends.get(&session.backend).map(|backend| Rc::clone(&backend.networks.wanted))
    });
    let Some(wanted) = wanted else { return Health::Synchronising };
    // What nobody waits for is not asked for in the first moments of a session, which are others'.
    if session.ctx.world.look(|world| needed(world, session).is_empty()) {
        pause(every, &wanted).await;
    }
    let mut failures = Tolerance::default();
    loop {
        match round(session).await {
            Ok(Round::Again) => failures.reset(),
            Ok(Round::Rest) => {
                failures.reset();
                pause(every, &wanted).await;
            }
            Ok(Round::Failed) => {
                failures.reset();
                sleep(jittered(AFTER_FAILURE)).await;
            }
            Err(health) => match failures.count(health) {
                Some(health) => return health,
                None => sleep(jittered(AFTER_FAILURE)).await,
            },
        }
    }
}

/// Reads which networks of ours a cluster has, to know when one is gone from everywhere.
pub(crate) async fn look_on(session: &Session) -> Answer<()> {
    let all = session.ask("networks", session.client.networks()).await?;
    let has = ours(&session.ctx.installation.cluster_id, &all).into_keys().collect();
    note(session, &has, &HashMap::new());
    Ok(())
}

async fn round(session: &Session) -> Result<Round, Health> {
    let (world, cluster_id) = (&session.ctx.world, &session.ctx.installation.cluster_id);
    let is_idle = world.look(|world| {
        let has = world.backends.get(&session.backend).and_then(|backend| backend.networks.has.as_ref());
        has.is_some_and(BTreeSet::is_empty) && needed(world, session).is_empty()
    });
    if is_idle {
        return Ok(Round::Rest);
    }
    let said = |failure| health_of(&failure);
    let all = session.ask("networks", session.client.networks()).await.map_err(said)?;
    let groups = session.ask("groups", session.client.groups()).await.map_err(said)?;
    let groups: Vec<String> = groups.into_iter().map(|group| group.name).collect();
    // From here to the job nothing else runs: a machine that is placed after this reading is seen in the next round.
    let (needed, before) = world.look(|world| {
        let backend = world.backends.get(&session.backend);
        let standing = backend.map(|backend| backend.networks.standing.clone());
        (needed(world, session), standing.unwrap_or_default())
    });
    let Plan { has, mut standing, todo } = Plan::new(cluster_id, &groups, &all, needed, &before);
    note(session, &has, &standing);
    let Some(todo) = todo else { return Ok(Round::Rest) };
    let Some(why) = work(session, &todo).await? else { return Ok(Round::Again) };
    if todo.wanted.is_some() {
        let message = format!(
            "Ganeti cannot make network {} on {}: {why} It is tried again.",
            todo.name, session.backend
        );
        standing.insert(todo.id, Err(Flaw { reason: Reason::NetworkNotReady, message }));
        note(session, &has, &standing);
    }
    Ok(Round::Failed)
}

/// How the networks of a cluster stand, and what is to be done next.
#[derive(Debug)]
struct Plan {
    has: BTreeSet<Uuid>,
    standing: HashMap<Uuid, Result<(), Flaw>>,
    todo: Option<Todo>,
}

/// One step on a network.
#[derive(Debug)]
struct Todo {
    id: Uuid,
    name: String,
    step: Step,
    /// What it is to become; `None` where it is to go.
    wanted: Option<Wanted>,
}

impl Plan {
    /// What a job failed on `before` is told until one succeeds.
    fn new(
        cluster_id: &str,
        groups: &[String],
        all: &[Network],
        needed: Vec<Needed>,
        before: &HashMap<Uuid, Result<(), Flaw>>,
    ) -> Self {
        let ours: BTreeMap<Uuid, (&str, Seen)> = ours(cluster_id, all);
        let mut plan = Self { has: ours.keys().copied().collect(), standing: HashMap::new(), todo: None };
        let ids: BTreeSet<Uuid> = needed.iter().map(|needed| needed.id).collect();
        for Needed { id, wanted } in needed {
            let wanted = match wanted {
                Ok(wanted) => wanted,
                Err(flaw) => {
                    plan.standing.insert(id, Err(flaw));
                    continue;
                }
            };
            let there = all.iter().find(|network| network.name == wanted.name).map(seen);
            match ganeti::keep(&wanted, id, cluster_id, groups, there.as_ref()) {
                Step::Rest | Step::Leave => drop(plan.standing.insert(id, Ok(()))),
                Step::Stuck(flaw) => drop(plan.standing.insert(id, Err(flaw))),
                step => {
                    if let Some(failed @ Err(_)) = before.get(&id) {
                        plan.standing.insert(id, failed.clone());
                    }
                    plan.next(Todo { id, name: wanted.name.clone(), step, wanted: Some(wanted) });
                }
            }
        }
        for (id, (name, seen)) in ours.iter().filter(|(id, _)| !ids.contains(id)) {
            match ganeti::drop(*id, cluster_id, Some(seen)) {
                Step::Rest | Step::Leave | Step::Stuck(_) => {}
                step => plan.next(Todo { id: *id, name: (*name).to_owned(), step, wanted: None }),
            }
        }
        plan
    }

    fn next(&mut self, todo: Todo) {
        self.todo.get_or_insert(todo);
    }
}

/// What the machines on a cluster need; those that only look at an instance need nothing made.
fn needed(world: &World, session: &Session) -> Vec<Needed> {
    let Some(backend) = world.backends.get(&session.backend) else { return Vec::new() };
    let cluster_id = &session.ctx.installation.cluster_id;
    let machines = world.machines.on_backend(&backend.name).filter_map(|key| world.machines.get(key));
    let machines = machines.filter(|machine| machine.management == ManagementPolicy::Managed);
    let names: BTreeSet<ObjectName> = machines.flat_map(Machine::networks).collect();
    names.iter().filter_map(|name| need(world, backend, cluster_id, name)).collect()
}

/// A network as a cluster is to have it; `None` where it is not known, or has no prefix or no addresses: machines wait for
/// that.
fn need(world: &World, backend: &Backend, cluster_id: &str, name: &ObjectName) -> Option<Needed> {
    let network = world.networks.get(name)?;
    let (id, prefix, spec) = (network.id, network.prefix?, &network.entry.spec);
    let ranges = world.networks.ranges(name);
    if ranges == Ranges::default() {
        return None;
    }
    let of_backend = &backend.object.spec;
    let is_filtered = spec.kind == NetworkType::MacFiltered;
    let link = if is_filtered { of_backend.mac_filtered_bridge.as_deref() } else { spec.link.as_deref() };
    let Some(link) = link else {
        let message = format!(
            "GanetiBackend {} names no bridge for networks of type MACFiltered: set spec.macFilteredBridge.",
            backend.name
        );
        return Some(Needed { id, wanted: Err(Flaw { reason: Reason::NetworkNotReady, message }) });
    };
    let there = ganeti_name(&of_backend.instance_name_prefix, id);
    let tags = ganeti_tags(cluster_id, id, is_filtered.then_some(FILTERED_TAG));
    Some(Needed { id, wanted: Ok(Wanted::new(there, &ranges, prefix, link, tags)) })
}

fn seen(network: &Network) -> Seen {
    let connections =
        network.connections.iter().map(|it| (it.0.clone(), it.1.clone(), it.2.clone())).collect();
    Seen {
        range: network.network.clone(),
        connections,
        instances: network.instances,
        tags: network.tags.clone(),
    }
}

/// Those of this installation, by id.
fn ours<'a>(cluster_id: &str, all: &'a [Network]) -> BTreeMap<Uuid, (&'a str, Seen)> {
    let mine = all.iter().filter_map(|network| {
        let id = ganeti::id_of(cluster_id, &network.tags)?;
        Some((id, (network.name.as_str(), seen(network))))
    });
    mine.collect()
}

/// Notes how the networks stand, and wakes who waits for that.
fn note(session: &Session, has: &BTreeSet<Uuid>, standing: &HashMap<Uuid, Result<(), Flaw>>) {
    let (machines, networks) = session.ctx.world.change(|world| {
        let Some(backend) = world.backends.get_mut(&session.backend) else { return Default::default() };
        let known = &mut backend.networks;
        let leaving = match known.has.replace(has.clone()) {
            Some(before) if before == *has => Vec::new(),
            _ => world.networks.leaving().cloned().collect(),
        };
        if known.standing == *standing {
            return (Vec::new(), leaving);
        }
        known.standing.clone_from(standing);
        (world.needs.met(&Need::NetworksOn(session.backend.clone())), leaving)
    });
    session.ctx.wake_machines(machines, Urgency::User);
    networks.into_iter().for_each(|name| session.ctx.queue.wake(&Key::Network(name), Urgency::User));
}

/// Does one step, and waits for its end. Returns Ganeti's words where it failed.
async fn work(session: &Session, todo: &Todo) -> Result<Option<String>, Health> {
    let Todo { name, step, .. } = todo;
    info!(backend = %session.backend, network = name, ?step, "working on a network");
    let submitted = session.ask("network", submit(session, todo)).await;
    let Some(job) = submitted.map_err(|failure| health_of(&failure))? else { return Ok(None) };
    let ended = session.ended(job, "a network").await?;
    if let Some(error) = &ended {
        warn!(backend = %session.backend, network = name, ?step, %error, "a job on a network failed");
    }
    Ok(ended.map(|error| error.to_string()))
}

async fn submit(session: &Session, todo: &Todo) -> Answer<Option<JobId>> {
    let (client, name, submit) = (&session.client, &todo.name, Submit::default());
    let job = match (&todo.step, &todo.wanted) {
        (Step::Add, Some(wanted)) => client.add_network(&added(wanted), &submit).await?,
        (Step::Connect { group }, Some(wanted)) => {
            client.connect_network(name, &connected(group, wanted), &submit).await?
        }
        (Step::Disconnect { group }, _) => client.disconnect_network(name, group, &submit).await?,
        (Step::Remove, _) => client.remove_network(name, &submit).await?,
        (Step::Add | Step::Connect { .. } | Step::Rest | Step::Leave | Step::Stuck(_), _) => return Ok(None),
    };
    Ok(Some(job))
}

fn added(wanted: &Wanted) -> AddNetwork {
    AddNetwork {
        network_name: wanted.name.clone(),
        network: wanted.range.clone(),
        gateway: wanted.gateway.clone(),
        network6: wanted.range6.clone(),
        gateway6: wanted.gateway6.clone(),
        mac_prefix: Some(wanted.mac_prefix.clone()),
        add_reserved_ips: Vec::new(),
        // Two tenants may have the same range on one cluster.
        conflicts_check: false,
        tags: wanted.tags.clone(),
    }
}

fn connected(group: &str, wanted: &Wanted) -> ConnectNetwork {
    ConnectNetwork {
        group_name: group.to_owned(),
        network_mode: "bridged".to_owned(),
        network_link: wanted.link.clone(),
        network_vlan: String::new(),
        conflicts_check: false,
    }
}
