//! Processes that leave nothing behind: identity, start, end, and a sweep for the forgotten.

mod daemon;
mod identity;
mod spawner;
mod sweep;

pub(crate) use daemon::{Daemon, Program, flag};
pub(crate) use identity::Identity;
pub(crate) use sweep::marked;

/// The environment variable that each of our processes carries; its value is the control plane's folder.
pub(crate) const MARKER: &str = "CYCLADES_CONTROL_PLANE";
