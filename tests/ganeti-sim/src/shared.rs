//! What all parts of a running simulator share.

use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::certificate::Certificate;
use crate::counts::Counters;
use crate::fault::{FaultKind, RequestFaults};
use crate::interpose::{Interposer, Seen};
use crate::options::Options;
use crate::state::State;
use crate::users::Users;

/// What all parts of a running simulator share.
pub(crate) struct Shared {
    pub options: Options,
    pub counters: Counters,
    state: Mutex<State>,
    faults: Mutex<RequestFaults>,
    interposer: RwLock<Option<Interposer>>,
    users: RwLock<Users>,
    certificate: RwLock<Certificate>,
    /// Counts changes.
    changed: watch::Sender<u64>,
    refusing: watch::Sender<bool>,
    work: Notify,
}

impl Shared {
    pub fn new(options: Options, certificate: Certificate, users: Users) -> Self {
        let state = State::new(&options);
        Self {
            options,
            counters: Counters::default(),
            state: Mutex::new(state),
            faults: Mutex::default(),
            interposer: RwLock::default(),
            users: RwLock::new(users),
            certificate: RwLock::new(certificate),
            changed: watch::Sender::new(0),
            refusing: watch::Sender::new(false),
            work: Notify::new(),
        }
    }

    // A panic while the lock was held is reported by its own thread; the state stays usable.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn faults(&self) -> MutexGuard<'_, RequestFaults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set_interposer(&self, interposer: Interposer) {
        *self.interposer.write().unwrap_or_else(PoisonError::into_inner) = Some(interposer);
    }

    /// What whoever is in between does to this request.
    pub fn interpose(&self, seen: &Seen<'_>) -> Option<FaultKind> {
        let interposer = self.interposer.read().unwrap_or_else(PoisonError::into_inner).clone();
        interposer.and_then(|interposer| interposer(seen))
    }

    pub fn users(&self) -> RwLockReadGuard<'_, Users> {
        self.users.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn users_mut(&self) -> RwLockWriteGuard<'_, Users> {
        self.users.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn certificate(&self) -> RwLockReadGuard<'_, Certificate> {
        self.certificate.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set_certificate(&self, certificate: Certificate) {
        *self.certificate.write().unwrap_or_else(PoisonError::into_inner) = certificate;
    }

    /// Tells the queue that there may be work, and everyone that something changed.
    pub fn wake(&self) {
        self.changed.send_modify(|count| *count += 1);
        self.work.notify_one();
    }

    /// Changes from now on. Subscribe before looking at the state, so that none is missed.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Whether connections are to be refused, and when that changes.
    pub fn refusing(&self) -> watch::Receiver<bool> {
        self.refusing.subscribe()
    }

    /// Takes up what the faults say about refusing connections.
    pub fn update_refusal(&self) {
        let refuses = self.faults().refuses();
        self.refusing.send_if_modified(|now| std::mem::replace(now, refuses) != refuses);
    }

    /// Waits until the state is as wanted.
    pub async fn wait_until(&self, wanted: impl Fn(&State) -> bool) {
        let mut changes = self.changes();
        while !wanted(&self.state()) {
            if changes.changed().await.is_err() {
                break;
            }
        }
    }

    /// Moves jobs for ever.
    pub async fn run_queue(&self) {
        loop {
            let progress = self.state().advance(Instant::now());
            if progress.changed {
                self.changed.send_modify(|count| *count += 1);
            }
            if progress.more {
                tokio::task::yield_now().await;
                continue;
            }
            let work = self.work.notified();
            match progress.next {
                None => work.await,
                Some(at) => {
                    tokio::select! {
                        () = work => {}
                        () = tokio::time::sleep_until(at) => {}
                    }
                }
            }
        }
    }
}

/// Waits for the next change, or until the deadline; whether there was one.
pub(crate) async fn changed_before(changes: &mut watch::Receiver<u64>, deadline: Instant) -> bool {
    matches!(tokio::time::timeout_at(deadline, changes.changed()).await, Ok(Ok(())))
}
