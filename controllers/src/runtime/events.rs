//! Events: one per transition, written apart from the work and never faster than the API server should bear.

use std::{cell::RefCell, collections::VecDeque, rc::Rc, time::Duration};

use kube::Client;
use tokio::{
    sync::Notify,
    time::{Instant, timeout},
};
use tracing::debug;

use super::{clock::Clock, metrics::Metrics, recorder::Recorder, told::Told};

/// Most events that wait; beyond that the oldest is dropped, and counted.
const WAITING_MAX: usize = 10_000;
/// Events written at once before the pace below holds.
const BURST: u32 = 50;
/// Least time between events after a burst: ten a second leave the API server to those who wait for it.
const PACE: Duration = Duration::from_millis(100);
/// Longest time an event may take to be written.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// The queue of events. Cloning shares it.
#[derive(Clone, Debug)]
pub(crate) struct Events {
    waiting: Rc<RefCell<VecDeque<Told>>>,
    ready: Rc<Notify>,
    metrics: Metrics,
}

impl Events {
    pub(crate) fn new(metrics: Metrics) -> Self {
        Self { waiting: Rc::default(), ready: Rc::new(Notify::new()), metrics }
    }

    /// Queues an event.
    pub(crate) fn tell(&self, told: Told) {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.len() >= WAITING_MAX {
            waiting.pop_front();
            self.metrics.event("dropped");
        }
        waiting.push_back(told);
        self.ready.notify_one();
    }

    /// Writes events until the process ends.
    pub(crate) async fn write(self, client: Client, identity: String, clock: Clock) {
        let mut recorder = Recorder::new(client, identity, clock);
        let mut allowance = BURST;
        let mut since = Instant::now();
        loop {
            let next = self.waiting.borrow_mut().pop_front();
            let Some(told) = next else {
                self.ready.notified().await;
                continue;
            };
            let earned = u32::try_from(since.elapsed().as_millis() / PACE.as_millis()).unwrap_or(BURST);
            if earned > 0 {
                allowance = allowance.saturating_add(earned).min(BURST);
                since = Instant::now();
            }
            if allowance == 0 {
                tokio::time::sleep(PACE).await;
            }
            allowance = allowance.saturating_sub(1);
            let outcome = match timeout(WRITE_TIMEOUT, recorder.publish(&told)).await {
                Ok(Ok(())) => "written",
                Ok(Err(error)) => {
                    debug!(about = %told.about, %error, "an event could not be written");
                    "failed"
                }
                Err(_) => "timeout",
            };
            self.metrics.event(outcome);
        }
    }
}
