//! Reading a cluster in bulk: one request whatever the number of instances.

use std::{sync::Arc, time::Duration};

use cyclades_crds::condition::Reason;
use cyclades_domain::{backend::Health, term::Term};
use ganeti_rapi::{Answer, Failure, Filter, QueryRow, Resource};
use tokio::sync::Notify;
use tracing::{info, warn};
use uuid::Uuid;

use super::{session::Session, trouble::health_of};
use crate::{
    runtime::{jittered, queue::Urgency},
    world::{
        Key, World,
        inventory::Changes,
        needs::Need,
        rows::{InstanceRow, LeanRow, RefreshRow, StatusRow},
    },
};

/// Failures in a row of one reading that end the session; a single one may be a hiccup.
const FAILURES_TOLERATED: u32 = 1;
/// Most instances that are read whole in one query.
const REFRESH_MAX: usize = 200;
/// Most instances that are read directly after one snapshot, to prove that they are gone.
const DIRECT_READS_MAX: usize = 5;

/// The first reading: nothing is decided before it is there.
pub(crate) async fn synchronise(session: &Session) -> Result<(), Health> {
    snapshot(session).await?;
    let said = |failure: Failure| health_of(&failure);
    if read_statuses(session).await.map_err(said)?.apart > 0 {
        // Nothing is known yet that could make a list suspect but another list.
        snapshot(session).await?;
        let apart = read_statuses(session).await.map_err(said)?.apart;
        if apart > 0 {
            let message = format!(
                "Ganeti's inventory is not believed: two lists, one after the other, differ in {apart} of its instances. Nothing is created or deleted until readings agree."
            );
            return Err(Health::impaired(Reason::InventoryImplausible, message));
        }
    }
    session.ctx.world.change(|world| {
        if let Some(backend) = world.backends.get_mut(&session.backend) {
            backend.inventory.synced = true;
        }
        world.take_census(&session.backend);
    });
    Ok(())
}

/// One reading of a cluster that another replica holds. The first one may be what somebody waits for to be placed.
pub(crate) async fn look_on(session: &Session) -> Result<(), Health> {
    snapshot(session).await?;
    let woken = session.ctx.world.change(|world| {
        let backend = world.backends.get_mut(&session.backend)?;
        let first = !std::mem::replace(&mut backend.inventory.synced, true);
        world.take_census(&session.backend);
        first.then(|| world.needs.met(&Need::Capacity))
    });
    session.ctx.wake_machines(woken.unwrap_or_default(), Urgency::Resync);
    Ok(())
}

/// Reads all instances' configuration, again and again.
pub(crate) async fn configuration(session: &Session) -> Health {
    let every = Duration::from_secs(session.settings.spec.polling.configuration_seconds.into());
    let mut failures = Tolerance::default();
    loop {
        pause(every, &session.snapshot_wanted).await;
        match snapshot(session).await {
            Ok(()) => failures.reset(),
            Err(health) => {
                if let Some(health) = failures.count(health) {
                    return health;
                }
            }
        }
    }
}

/// Reads all instances' live status, again and again.
pub(crate) async fn statuses(session: &Session) -> Health {
    let every = Duration::from_secs(session.settings.spec.polling.status_seconds.into());
    let mut failures = Tolerance::default();
    loop {
        pause(every, &session.status_wanted).await;
        match read_statuses(session).await {
            Ok(told) => {
                failures.reset();
                session.ctx.wake_ids(told.changed, Urgency::User);
            }
            Err(failure) => {
                if let Some(health) = failures.count(health_of(&failure)) {
                    return health;
                }
            }
        }
    }
}

/// Reads the cluster itself, again and again: it must stay the same one, and ours.
pub(crate) async fn cluster(session: &Session, term: Term) -> Health {
    let every = Duration::from_secs(session.settings.spec.polling.cluster_seconds.into());
    let mut failures = Tolerance::default();
    loop {
        tokio::time::sleep(jittered(every)).await;
        let read = match session.read_cluster().await {
            Ok(()) => session.tend_fence(term).await,
            Err(health) => Err(health),
        };
        match read {
            Ok(()) => {
                failures.reset();
                let key = Key::Backend(session.backend.as_ref().into());
                session.ctx.queue.wake(&key, Urgency::Resync);
            }
            Err(health) => {
                if let Some(health) = failures.count(health) {
                    return health;
                }
            }
        }
    }
}

pub(crate) async fn pause(every: Duration, wanted: &Notify) {
    tokio::select! {
        biased;
        () = tokio::time::sleep(jittered(every)) => {}
        () = wanted.notified() => {}
    }
}

/// Counts failures in a row; trouble that a second look cannot cure counts at once.
#[derive(Debug, Default)]
pub(crate) struct Tolerance(u32);

impl Tolerance {
    pub(crate) fn reset(&mut self) {
        self.0 = 0;
    }

    /// The health to end the session with, once enough is enough.
    pub(crate) fn count(&mut self, health: Health) -> Option<Health> {
        self.0 += 1;
        let passing = matches!(health.reason(), Reason::Unreachable | Reason::RapiFailing);
        (!passing || self.0 > FAILURES_TOLERATED).then_some(health)
    }
}

/// One reading of all instances' configuration: whole at first, later without tags, and then what is new or has changed
/// is read whole.
pub(crate) async fn snapshot(session: &Session) -> Result<(), Health> {
    let said = |failure: Failure| health_of(&failure);
    let synced = session
        .ctx
        .world
        .look(|world| world.backends.get(&session.backend).is_some_and(|b| b.inventory.synced));
    let fields = if synced { LeanRow::FIELDS } else { InstanceRow::FIELDS };
    let query = session.client.query_raw(Resource::Instance, fields, None);
    let body = session.ask("query_instances", query).await.map_err(said)?;
    let read = session.ctx.world.change(|world| {
        let backend = world.backends.get_mut(&session.backend)?;
        let inventory = &mut backend.inventory;
        let mut snapshot = inventory.open();
        let cluster_id = &session.ctx.installation.cluster_id;
        let rows = if synced {
            body.for_each(|row: LeanRow<'_>| inventory.show_lean(&mut snapshot, &row))
        } else {
            body.for_each(|row: InstanceRow<'_>| inventory.show(&mut snapshot, &row, cluster_id))
        };
        Some(rows.map(|_| inventory.close(snapshot, &backend.window.leaving())))
    });
    drop(body);
    let Some(read) = read else { return Ok(()) };
    let changes = read.map_err(|garbled| health_of(&Failure::Garbled(garbled)))?;
    session.ctx.metrics.polled(&session.backend);
    for names in changes.to_refresh.chunks(REFRESH_MAX) {
        refresh(session, names, Sample::OneOfSeveral).await.map_err(said)?;
    }
    if changes.without_status {
        session.status_wanted.notify_one();
    }
    session.ctx.wake_ids(changes.machines.iter().copied(), Urgency::User);
    if synced && session.ctx.world.change(|world| world.take_census(&session.backend)) {
        session.ctx.queue.wake(&Key::Backend(session.backend.as_ref().into()), Urgency::Resync);
    }
    let explained = verify_absent(session, &changes).await.map_err(said)?;
    settle(session, changes, explained)
}

/// What is missing twice is read directly; only then is it gone. Returns how many are.
async fn verify_absent(session: &Session, changes: &Changes) -> Answer<usize> {
    let mut gone_for_good = 0;
    for (id, name) in changes.to_verify.iter().take(DIRECT_READS_MAX) {
        if session.ask("instance", session.client.instance(name)).await?.is_none() {
            info!(backend = %session.backend, instance = %name, "the instance is gone from Ganeti");
            gone(session, *id, name);
            gone_for_good += 1;
        }
    }
    Ok(gone_for_good)
}

/// An instance is proved gone: its machine is told.
pub(crate) fn gone(session: &Session, id: Uuid, name: &Arc<str>) {
    session.ctx.world.change(|world| {
        if let Some(backend) = world.backends.get_mut(&session.backend) {
            backend.inventory.confirm_absent(id, name);
        }
    });
    session.ctx.wake_ids([id], Urgency::User);
}

/// An implausible snapshot ends the session, unless direct reads have explained all that is missing.
fn settle(session: &Session, changes: Changes, explained: usize) -> Result<(), Health> {
    let Some(why) = changes.implausible else { return Ok(()) };
    if changes.missing > 0 && explained == changes.missing {
        return Ok(());
    }
    warn!(backend = %session.backend, why, "the inventory is not believed");
    Err(Health::impaired(
        Reason::InventoryImplausible,
        format!(
            "Ganeti's inventory is not believed: {why}. Nothing is created or deleted until readings agree; instances that are really gone are confirmed one by one."
        ),
    ))
}

/// What a reading of live statuses told.
#[derive(Debug, Default)]
struct Told {
    /// Machines whose status changed.
    changed: Vec<Uuid>,
    /// Instances that only one has: this reading or the inventory. Counted at first readings.
    apart: usize,
}

/// One reading of all instances' live status.
async fn read_statuses(session: &Session) -> Answer<Told> {
    let query = session.client.query_raw(Resource::Instance, StatusRow::FIELDS, None);
    let body = session.ask("query_statuses", query).await?;
    let mut told = Told::default();
    let rows = session.ctx.world.change(|world| {
        let World { backends, machines, .. } = world;
        let inventory = &mut backends.get_mut(&session.backend)?.inventory;
        let crashed = |id| machines.is_told_crashed(id);
        let (first, mut shown, mut known) = (!inventory.synced, 0, 0);
        let rows = body.for_each(|row: StatusRow<'_>| {
            shown += 1;
            known += usize::from(first && inventory.knows(&row.name));
            told.changed.extend(inventory.take_status(&row, false, crashed));
        });
        if first {
            told.apart = (shown - known) + inventory.len().saturating_sub(known);
        }
        Some(rows)
    });
    if let Some(rows) = rows {
        rows.map_err(Failure::Garbled)?;
    }
    Ok(told)
}

/// What one status of an instance is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sample {
    /// A job on the instance has just ended: what it shows is believed.
    AfterJob,
    /// It was read in passing: bad news needs a second sample.
    OneOfSeveral,
}

/// Reads some instances whole.
pub(crate) async fn refresh(session: &Session, names: &[Arc<str>], sample: Sample) -> Answer<()> {
    // An `or` of nothing but names fails as a whole when one is unknown; the last arm, never true, keeps it a filter.
    let arms =
        names.iter().map(|name| Filter::equal("name", name.as_ref())).chain([Filter::less("serial_no", 0)]);
    let filter = Filter::Or(arms.collect());
    let query = session.client.query_raw(Resource::Instance, RefreshRow::FIELDS, Some(filter));
    let body = session.ask("query_some", query).await?;
    let mut changed = Vec::new();
    let rows = session.ctx.world.change(|world| {
        let World { backends, machines, .. } = world;
        let backend = backends.get_mut(&session.backend)?;
        let crashed = |id| machines.is_told_crashed(id);
        let mut snapshot = backend.inventory.reopen();
        let cluster_id = &session.ctx.installation.cluster_id;
        let rows = body.for_each(|row: RefreshRow<'_>| {
            backend.inventory.show(&mut snapshot, &row.instance, cluster_id);
            let status = StatusRow { name: row.instance.lean.name, status: row.status };
            let at_once = sample == Sample::AfterJob;
            changed.extend(backend.inventory.take_status(&status, at_once, crashed));
        });
        changed.extend(snapshot.into_changes().machines);
        Some(rows)
    });
    if let Some(rows) = rows {
        rows.map_err(Failure::Garbled)?;
    }
    session.ctx.wake_ids(changed, Urgency::User);
    Ok(())
}
