//! Someone between client and RAPI, who sees each request twice and may spoil it.

use std::io;
use std::sync::Arc;

use tokio::io::DuplexStream;

use crate::fault::FaultKind;
use crate::{Sim, server};

/// Bytes that a connection inside of this process holds in each direction, as a socket's buffer would.
const BUFFER_BYTES: usize = 64 * 1024;

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
pub struct Seen<'a> {
    /// Before or after its effect.
    pub moment: Moment,
    /// The number of the client that sent it, as in [`Sim::connect_as`]; 0 over the network.
    pub client: usize,
    /// `GET`, `PUT` …
    pub method: &'a str,
    /// Path and query.
    pub target: &'a str,
}

/// Sees requests, and says what goes wrong with each. After the effect, only [`FaultKind::Hang`],
/// [`FaultKind::CutAfterEffect`] and [`FaultKind::Truncate`] mean anything.
pub type Interposer = Arc<dyn Fn(&Seen<'_>) -> Option<FaultKind> + Send + Sync>;

impl Sim {
    /// Shows every request to this function from now on, in place of the one before. Its answers come before faults that
    /// were added.
    pub fn interpose(&self, interposer: Interposer) {
        self.shared.set_interposer(interposer);
    }

    /// A connection to RAPI within this process, in place of one over the network: TLS and HTTP are spoken over it.
    ///
    /// # Errors
    /// [`io::ErrorKind::ConnectionRefused`] while [`FaultKind::Refuse`] stands.
    pub fn connect(&self) -> io::Result<DuplexStream> {
        self.connect_as(0)
    }

    /// The same of the client of this number, by which an [`Interposer`] tells several from each other.
    ///
    /// # Errors
    /// As [`Sim::connect`].
    pub fn connect_as(&self, client: usize) -> io::Result<DuplexStream> {
        if self.shared.faults().refuses() {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let (ours, theirs) = tokio::io::duplex(BUFFER_BYTES);
        tokio::spawn(server::serve_stream(Arc::clone(&self.shared), client, theirs));
        Ok(ours)
    }
}
