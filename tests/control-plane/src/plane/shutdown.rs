//! The end of a control plane, in the order that keeps it short.

use std::path::Path;
use std::time::Duration;

use super::ControlPlane;
use super::layout::Layout;
use super::state::State;
use crate::Error;
use crate::process::{self, Daemon};

/// Programs in the order in which they end and how long each may take before SIGKILL.
///
/// The API server goes before etcd: with etcd gone it hangs for minutes in its own shutdown. The controller
/// manager goes before both, as it does so at once and only complains when it is left alone.
const ORDER: [(&str, Duration); 3] = [
    ("kube-controller-manager", Duration::from_secs(5)),
    ("kube-apiserver", Duration::from_secs(10)),
    ("etcd", Duration::from_secs(5)),
];

/// A process that carries our mark but that no record names: nothing is known of it, so it gets no grace.
const UNRECORDED: &str = "unrecorded";

/// Ends all of them, each in its turn. One that cannot be ended does not save the others.
pub(crate) async fn end(daemons: &mut [Daemon]) -> Result<(), Error> {
    let place = |daemon: &Daemon| ORDER.iter().position(|(name, _)| *name == daemon.name);
    daemons.sort_by_key(|daemon| place(daemon).unwrap_or(ORDER.len()));
    let mut outcome = Ok(());
    for daemon in daemons {
        let grace = place(daemon).map_or(Duration::ZERO, |index| ORDER[index].1);
        outcome = outcome.and(daemon.terminate(grace).await);
    }
    outcome
}

/// The processes of the control plane in this folder that still run, recorded or not.
pub(crate) fn survivors(layout: &Layout, state: Option<&State>) -> Vec<Daemon> {
    let mut daemons = state.map(|state| state.running(layout)).unwrap_or_default();
    for identity in process::marked(layout.dir()) {
        if !daemons.iter().any(|daemon| daemon.identity == identity) {
            daemons.push(Daemon::adopt(UNRECORDED.to_owned(), identity, layout.log(UNRECORDED)));
        }
    }
    daemons
}

impl ControlPlane {
    /// Takes down the control plane in `dir`, whole or half-started, running or crashed, and removes its
    /// files; returns the names of the programs that still ran. Nothing there is fine.
    ///
    /// # Errors
    /// [`Error::StillAlive`] or [`Error::Io`]; what could be ended is ended.
    pub async fn down(dir: &Path) -> Result<Vec<String>, Error> {
        if !dir.exists() {
            return Ok(Vec::new());
        }
        let layout = Layout::open(dir)?;
        // A record that cannot be read leaves the mark that each process carries.
        let state = State::read(&layout).ok().flatten();
        let mut daemons = survivors(&layout, state.as_ref());
        end(&mut daemons).await?;
        // Only a folder that a control plane was started in: a mistyped path must not lose files.
        if layout.tokens().exists() || layout.state().exists() {
            layout.remove()?;
        }
        Ok(daemons.iter().map(|daemon| daemon.name.clone()).collect())
    }
}
