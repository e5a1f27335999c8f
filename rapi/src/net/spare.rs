//! Connections opened ahead of the request that uses them.
//!
//! RAPI closes every connection after its answer, so each call pays for a handshake. Who knows that a request is about
//! to come, but has something else to finish first, has the handshake done meanwhile.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::exchange::{Broken, Line};

/// The spare connections of one client.
#[derive(Debug, Default)]
pub(crate) struct Spares {
    queue: Mutex<VecDeque<Spare>>,
}

/// A connection that is open or being opened.
#[derive(Debug)]
struct Spare {
    /// Index of its endpoint.
    endpoint: usize,
    line: oneshot::Receiver<Line>,
    /// Dropped when somebody takes the spare.
    idle: oneshot::Sender<()>,
}

impl Spares {
    /// Opens a connection and keeps it until somebody takes it, but not longer than `hold`.
    pub(crate) async fn offer(
        &self,
        endpoint: usize,
        open: impl Future<Output = Result<Line, Broken>>,
        hold: Duration,
    ) -> Result<(), Broken> {
        let (ready, line) = oneshot::channel();
        let (idle, taken) = oneshot::channel::<()>();
        self.queue().push_back(Spare { endpoint, line, idle });
        let opened = open.await;
        let outcome = match opened {
            // Nobody waits for it any more: then it is closed again.
            Ok(line) => {
                let _ = ready.send(line);
                let _ = timeout(hold, taken).await;
                Ok(())
            }
            Err(broken) => {
                drop(taken);
                Err(broken)
            }
        };
        self.forget_old();
        outcome
    }

    /// Takes the oldest spare connection to an endpoint. One that is still being opened is waited for; `None` where
    /// there is none, or it could not be opened.
    pub(crate) async fn take(&self, endpoint: usize) -> Option<Line> {
        let spare = {
            let mut queue = self.queue();
            let offered = |spare: &Spare| spare.endpoint == endpoint && !spare.idle.is_closed();
            let at = queue.iter().position(offered)?;
            queue.remove(at)?
        };
        drop(spare.idle);
        spare.line.await.ok()
    }

    /// Drops what nobody offers any more.
    fn forget_old(&self) {
        self.queue().retain(|spare| !spare.idle.is_closed());
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, VecDeque<Spare>> {
        // What is behind the lock is whole at every moment.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
