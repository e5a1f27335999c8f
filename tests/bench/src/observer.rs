//! Somebody who waits for machines to become Ready, or whatever else is to be seen.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::bail;
use futures::StreamExt as _;
use tokio::{sync::Notify, task::JoinHandle};

use crate::objects::{Objects, Seen, Shown};

/// Counts the machines that have become so, as a watch shows them.
pub(crate) struct Observer {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    ready: Mutex<Ready>,
    changed: Notify,
}

#[derive(Default)]
struct Ready {
    complete: bool,
    names: HashSet<Box<str>>,
    last: Option<Instant>,
}

impl Observer {
    /// Begins to watch for machines that are Ready; returns when what is there has been seen.
    pub(crate) async fn start(objects: &Objects) -> anyhow::Result<Self> {
        Self::of(objects, |seen| seen.ready).await
    }

    /// The same for machines that are `so`.
    pub(crate) async fn of(objects: &Objects, so: fn(&Seen) -> bool) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared::default());
        let task = tokio::spawn(observe(objects.clone(), so, Arc::clone(&shared)));
        let observer = Self { shared, task };
        observer.wait(Duration::from_secs(60), "the first list", |ready| ready.complete).await?;
        Ok(observer)
    }

    /// Number of machines that have become so.
    pub(crate) fn count(&self) -> usize {
        self.look(|ready| ready.names.len())
    }

    /// Waits until so many are; returns when the last of them became it.
    pub(crate) async fn ready(&self, wanted: usize, limit: Duration) -> anyhow::Result<Instant> {
        let what = format!("{wanted} machines");
        self.wait(limit, &what, |ready| ready.names.len() >= wanted).await?;
        Ok(self.look(|ready| ready.last).unwrap_or_else(Instant::now))
    }

    fn look<T>(&self, look: impl FnOnce(&Ready) -> T) -> T {
        look(&self.shared.ready.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn wait(&self, limit: Duration, what: &str, done: impl Fn(&Ready) -> bool) -> anyhow::Result<()> {
        let deadline = tokio::time::Instant::now() + limit;
        loop {
            let changed = self.shared.changed.notified();
            if self.look(&done) {
                return Ok(());
            }
            if tokio::time::timeout_at(deadline, changed).await.is_err() {
                let count = self.count();
                bail!("waited {} s for {what} in vain; {count} are so", limit.as_secs());
            }
        }
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn observe(objects: Objects, so: fn(&Seen) -> bool, shared: Arc<Shared>) {
    let mut shown = Box::pin(objects.watch());
    while let Some(shown) = shown.next().await {
        // The watch heals itself; what it missed it shows again.
        let Ok(shown) = shown else { continue };
        let news = {
            let mut ready = shared.ready.lock().unwrap_or_else(PoisonError::into_inner);
            match shown {
                Shown::Complete => {
                    ready.complete = true;
                    true
                }
                Shown::Machine(seen) if so(&seen) => {
                    let new = ready.names.insert(seen.name().into());
                    if new {
                        ready.last = Some(Instant::now());
                    }
                    new
                }
                Shown::Machine(_) => false,
            }
        };
        if news {
            shared.changed.notify_waiters();
        }
    }
}
