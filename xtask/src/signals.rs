//! Ctrl-C, SIGTERM and SIGHUP: the wish to end, which must leave nothing behind.

use std::future::Future;
use std::pin::pin;

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Exit status of a verb that was interrupted: 128 + SIGINT, as shells have it.
pub const INTERRUPTED: u8 = 130;

/// From its making on, signals do not end this process by themselves.
pub struct Wish {
    signals: [Signal; 3],
}

impl Wish {
    /// Listens from now on.
    pub fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen to signals");
        Ok(Self {
            signals: [
                listen(SignalKind::interrupt())?,
                listen(SignalKind::terminate())?,
                listen(SignalKind::hangup())?,
            ],
        })
    }

    /// Waits for the wish.
    pub async fn come(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }

    /// Does `work`, or drops it half-way at the wish: none then.
    pub async fn unless<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let work = pin!(work);
        tokio::select! {
            biased;
            () = self.come() => None,
            done = work => Some(done),
        }
    }
}
