//! From the API server's answer to a changed `spec.powerState` until Ganeti has accepted the job, and the same of a bare
//! client that sees the change on a watch and sends one PUT.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use anyhow::Context as _;
use futures::StreamExt as _;
use ganeti_rapi::{Client, ShutdownInstance, Submit};
use serde_json::json;
use tokio::time::timeout;

use crate::{
    backend::{self, Ganeti},
    jobs::{self, SHUTDOWN, STARTUP},
    manifests::{self, BACKEND, PREFIX},
    objects::{Created, Objects, Seen, Shown},
    observer::Observer,
    pace::Dice,
    phases::patience,
    samples::Samples,
    sizes::IDLE_GAP,
    stand::Stand,
    writes::{Requests, Writes, float},
};

/// How long writes may trail behind the last change.
const TRAIL: Duration = Duration::from_secs(2);
/// Longest time for the bare client's first list.
const LIMIT: Duration = Duration::from_secs(30);

/// What stops and starts took.
#[derive(Debug)]
pub(crate) struct Power {
    /// From the answer to the change until the job was accepted.
    pub(crate) accepted: Samples,
    /// Writes of the operator.
    pub(crate) writes: Writes,
    /// The same per action.
    pub(crate) writes_each: f64,
}

/// Stops and starts the machines `power-0` ….
#[allow(clippy::cast_precision_loss, reason = "some hundreds")]
pub(crate) async fn measure(stand: &Stand, machines: usize, dice: &mut Dice) -> anyhow::Result<Power> {
    let uids = uids(&stand.objects).await?;
    let names: Vec<String> = (0..machines).map(|number| format!("power-{number}")).collect();
    let before = Requests::read(stand.control_plane()).await?;
    let mut all = Samples::default();
    for (state, opcode, so) in [
        ("Stopped", SHUTDOWN, (|seen| seen.ready && !seen.runs) as fn(&Seen) -> bool),
        ("Running", STARTUP, |seen| seen.ready && seen.runs),
    ] {
        let observer = Observer::of(&stand.objects, so).await?;
        let there = observer.count();
        let changed = change(&stand.objects, &names, &uids, state, dice).await?;
        observer.ready(there + machines, patience(machines)).await?;
        all = all.with(jobs::latencies(&changed, &jobs::accepted(&stand.ganeti().rapi, opcode).await?)?);
    }
    tokio::time::sleep(TRAIL).await;
    let mut writes = Requests::read(stand.control_plane()).await?.since(&before);
    // The changes themselves are the client's.
    let actions = 2 * machines as u64;
    writes.ours = writes.ours.saturating_sub(actions);
    Ok(Power { accepted: all, writes_each: float(writes.ours) / float(actions), writes })
}

/// Changes machines one after the other, at jittered gaps.
async fn change(
    objects: &Objects,
    names: &[String],
    uids: &HashMap<String, String>,
    state: &str,
    dice: &mut Dice,
) -> anyhow::Result<Vec<Created>> {
    let mut changed = Vec::with_capacity(names.len());
    for name in names {
        tokio::time::sleep(dice.gap(IDLE_GAP.0, IDLE_GAP.1)).await;
        objects.patch(name, false, &json!({"spec": {"powerState": state}})).await?;
        let uid = uids.get(name).with_context(|| format!("there is no machine {name}"))?.clone();
        changed.push(Created { uid, answered: SystemTime::now() });
    }
    Ok(changed)
}

/// Names and uids of all machines.
pub(crate) async fn uids(objects: &Objects) -> anyhow::Result<HashMap<String, String>> {
    let mut all = HashMap::new();
    let mut shown = Box::pin(objects.watch());
    while let Some(shown) = timeout(LIMIT, shown.next()).await? {
        match shown? {
            Shown::Machine(seen) => all.insert(seen.name().to_owned(), seen.uid().to_owned()),
            Shown::Complete => break,
        };
    }
    Ok(all)
}

/// Stops and starts machines at idle pace, with the bare client as their operator. It has a Ganeti of its own.
pub(crate) async fn floor(objects: &Objects, machines: usize, dice: &mut Dice) -> anyhow::Result<Samples> {
    let ganeti = Ganeti::start(BACKEND)?;
    let mut names = Vec::with_capacity(machines);
    let mut uids = HashMap::new();
    for number in 0..machines {
        let name = format!("floor-{number}");
        let created = objects.create(&manifests::machine(&name)).await?;
        ganeti.rapi.create_instance(&backend::instance(&created.uid, &name), &Submit::default()).await?;
        uids.insert(name.clone(), created.uid);
        names.push(name);
    }
    let (listed, list) = tokio::sync::oneshot::channel();
    let bare = tokio::spawn(serve(objects.clone(), ganeti.rapi.clone(), listed));
    timeout(LIMIT, list).await?.context("the watch does not begin")?;
    let mut all = Samples::default();
    for (state, opcode) in [("Stopped", SHUTDOWN), ("Running", STARTUP)] {
        let changed = change(objects, &names, &uids, state, dice).await?;
        all = all.with(served(&ganeti.rapi, opcode, &changed).await?);
    }
    bare.abort();
    objects.clear().await?;
    Ok(all)
}

/// Waits until there is a job for each change.
async fn served(rapi: &Client, opcode: &str, changed: &[Created]) -> anyhow::Result<Samples> {
    let deadline = tokio::time::Instant::now() + LIMIT;
    loop {
        let accepted = jobs::accepted(rapi, opcode).await?;
        if accepted.len() >= changed.len() || tokio::time::Instant::now() >= deadline {
            return jobs::latencies(changed, &accepted);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The bare client: it remembers what it has done last, and does nothing twice.
async fn serve(objects: Objects, rapi: Client, listed: tokio::sync::oneshot::Sender<()>) {
    let mut listed = Some(listed);
    let mut done: HashMap<String, bool> = HashMap::new();
    let rapi = Arc::new(rapi);
    let mut watch = Box::pin(objects.watch());
    while let Some(shown) = watch.next().await {
        match shown {
            Ok(Shown::Complete) => drop(listed.take().map(|listed| listed.send(()))),
            Ok(Shown::Machine(seen)) => {
                let before = done.insert(seen.uid().to_owned(), seen.wanted).unwrap_or(true);
                if before != seen.wanted {
                    let rapi = Arc::clone(&rapi);
                    // What fails is missing among the jobs.
                    tokio::spawn(async move { switch(&rapi, seen.uid(), seen.wanted).await });
                }
            }
            Err(_) => {}
        }
    }
}

async fn switch(rapi: &Client, uid: &str, on: bool) -> anyhow::Result<()> {
    let name = format!("{PREFIX}{uid}");
    let submit = Submit::because(format!("cyclades/floor/0000000001/{uid}/2/power"));
    if on {
        rapi.startup_instance(&name, &submit).await?;
    } else {
        let shutdown = ShutdownInstance { timeout: Some(120), ..ShutdownInstance::default() };
        rapi.shutdown_instance(&name, &shutdown, &submit).await?;
    }
    Ok(())
}
