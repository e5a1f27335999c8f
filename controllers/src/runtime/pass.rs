//! A pass: how it ends.

use std::time::Duration;

use super::kube_api::WriteError;

/// What a pass asks for next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing: the world wakes the object when it concerns it.
    Rest,
    /// Another pass at once.
    Again,
    /// Another pass after a while.
    After(Duration),
}

/// A pass that could not be finished.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct PassError(#[from] pub(crate) WriteError);
