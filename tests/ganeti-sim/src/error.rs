//! What can go wrong around a simulated cluster, as opposed to in it.

use std::net::SocketAddr;
use std::time::Duration;

/// The simulator could not do what the test asked of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is taken or not ours.
    #[error("cannot listen on {address}: {source}. Use port 0 for any free one")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// The system's answer.
        source: std::io::Error,
    },
    /// No certificate could be made or used.
    #[error("cannot make a certificate: {0}")]
    Certificate(String),
    /// No runtime could be started.
    #[error("cannot start a runtime: {0}")]
    Runtime(std::io::Error),
    /// [`crate::Runtime::Current`] was asked for outside of a runtime.
    #[error("there is no current tokio runtime; use Runtime::Own")]
    NoRuntime,
    /// There is no such object in the cluster.
    #[error("there is no {kind} {name:?} in the simulated cluster")]
    Unknown {
        /// `instance`, `node` …
        kind: &'static str,
        /// The name asked for.
        name: String,
    },
    /// The object exists but is in another state.
    #[error("{0}")]
    State(String),
    /// What was waited for did not come.
    #[error("{what}: not so after {after:?}")]
    Timeout {
        /// What was waited for.
        what: String,
        /// How long.
        after: Duration,
    },
}
