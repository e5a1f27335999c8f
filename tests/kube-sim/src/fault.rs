//! What can be made to go wrong.

use std::sync::Arc;
use std::time::Duration;

/// When a request is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// It has been read and nothing was done.
    Before,
    /// What it asks for is done, and the answer not yet sent.
    After,
}

/// A request as it passes by.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Before or after its effect.
    pub moment: Moment,
    /// The number of the client that sent it, as in [`crate::KubeSim::client_of`].
    pub client: usize,
    /// `GET`, `POST`, `PATCH`, `PUT` or `DELETE`.
    pub method: &'a str,
    /// Path and query.
    pub target: &'a str,
}

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoil {
    /// No answer ever comes. Seen before its effect, it is not done.
    Hang,
    /// The connection ends without an answer. Seen before its effect, it is not done.
    Cut,
    /// This HTTP status instead of an answer; nothing is done. After the effect it means nothing.
    Status(u16),
}

/// Sees each request before and after its effect, and says what goes wrong with it.
pub type Interposer = Arc<dyn Fn(&Call<'_>) -> Option<Spoil> + Send + Sync>;

/// What is wrong with watches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WatchFaults {
    /// Each event comes late by up to this much, each kind's events by themselves: what was written last may be seen
    /// first if it is of another kind.
    pub lag: Duration,
    /// Each event comes twice.
    pub duplicated: bool,
    /// The connection breaks after so many events, without the end of a watch in good order.
    pub breaks_after: Option<u32>,
    /// Whoever resumes a watch after a break is told that its version has expired (410), and has to list again.
    pub expires: bool,
}
