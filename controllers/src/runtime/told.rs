//! What an event tells.

use uuid::Uuid;

use crate::world::Key;

/// An event to be written.
#[derive(Debug)]
pub(crate) struct Told {
    /// What it is about.
    pub(crate) about: Key,
    /// uid of that object.
    pub(crate) uid: Uuid,
    /// Whether it is a warning.
    pub(crate) warning: bool,
    /// Reason, in PascalCase.
    pub(crate) reason: &'static str,
    /// What was done.
    pub(crate) action: &'static str,
    /// For people.
    pub(crate) message: String,
}
