//! The floor: a bare client that sees the object on a watch, sends one patch and one POST, and does nothing else.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use anyhow::Context as _;
use futures::StreamExt as _;
use ganeti_rapi::{Client, Submit};
use tokio::{sync::mpsc, time::timeout};

use crate::{
    backend::{self, Ganeti},
    jobs::{self, CREATE},
    manifests::{self, BACKEND},
    objects::{Created, Objects, Seen, Shown},
    pace::Dice,
    samples::Samples,
    sizes::IDLE_GAP,
};

/// Longest time for one machine.
const LIMIT: Duration = Duration::from_secs(30);

/// Times of the bare client.
#[derive(Debug, Clone, Default)]
pub(crate) struct Floor {
    /// From the answer to the create until Ganeti had accepted the job.
    pub(crate) accepted: Samples,
    /// The same until the client had the POST's answer.
    pub(crate) answered: Samples,
}

impl Floor {
    /// Both measurements as one.
    pub(crate) fn with(self, other: Self) -> Self {
        Self { accepted: self.accepted.with(other.accepted), answered: self.answered.with(other.answered) }
    }
}

/// Creates machines at idle pace and measures. It has a Ganeti of its own: the operator never sees these instances.
pub(crate) async fn measure(objects: &Objects, machines: usize, dice: &mut Dice) -> anyhow::Result<Floor> {
    let ganeti = Ganeti::start(BACKEND)?;
    let (done, mut posted) = mpsc::channel(machines.max(1));
    let (listed, list) = tokio::sync::oneshot::channel();
    let bare = tokio::spawn(serve(objects.clone(), ganeti.rapi.clone(), listed, done));
    list.await.context("the watch does not begin")?;
    let mut created = Vec::with_capacity(machines);
    for number in 0..machines {
        tokio::time::sleep(dice.gap(IDLE_GAP.0, IDLE_GAP.1)).await;
        created.push(objects.create(&manifests::machine(&format!("floor-{number}"))).await?);
    }
    let mut answers = HashMap::new();
    while answers.len() < machines {
        let (uid, at) = timeout(LIMIT, posted.recv()).await?.context("the bare client has ended")??;
        answers.insert(uid, at);
    }
    bare.abort();
    let accepted = jobs::latencies(&created, &jobs::accepted(&ganeti.rapi, CREATE).await?)?;
    objects.clear().await?;
    Ok(Floor { accepted, answered: until(&created, &answers)? })
}

fn until(created: &[Created], answers: &HashMap<String, SystemTime>) -> anyhow::Result<Samples> {
    let time = |machine: &Created| {
        let at = answers.get(&machine.uid).context("a machine was not served")?;
        Ok(at.duration_since(machine.answered).unwrap_or_default())
    };
    created.iter().map(time).collect()
}

type Posted = anyhow::Result<(String, SystemTime)>;

/// The bare client.
async fn serve(
    objects: Objects,
    rapi: Client,
    listed: tokio::sync::oneshot::Sender<()>,
    done: mpsc::Sender<Posted>,
) {
    let mut listed = Some(listed);
    let mut watch = Box::pin(objects.watch());
    while let Some(shown) = watch.next().await {
        match shown {
            Ok(Shown::Complete) => drop(listed.take().map(|listed| listed.send(()))),
            Ok(Shown::Machine(seen)) if !seen.placed => {
                let (objects, rapi, done) = (objects.clone(), rapi.clone(), done.clone());
                tokio::spawn(async move {
                    // Nobody listens any more once enough has been measured.
                    let _ = done.send(place(&objects, &rapi, &seen).await).await;
                });
            }
            Ok(Shown::Machine(_)) => {}
            Err(error) => drop(done.send(Err(error)).await),
        }
    }
}

async fn place(objects: &Objects, rapi: &Client, seen: &Seen) -> Posted {
    objects.patch(seen.name(), false, &manifests::placement()).await?;
    let reason = format!("cyclades/floor/0000000001/{}/2/create", seen.uid());
    rapi.create_instance(&backend::instance(seen.uid(), seen.name()), &Submit::because(reason)).await?;
    Ok((seen.uid().to_owned(), SystemTime::now()))
}
