//! A typed, asynchronous client of the Ganeti Remote API (RAPI), version 2.
//!
//! What this client promises:
//!
//! * **A verified peer or no request.** [`Trust`] is a CA bundle or a list of [`Pin`]s; there is no
//!   third choice. No byte of HTTP, hence no password, is written before the peer has proved that it
//!   holds the key of a trusted certificate. Pins also work with the X.509 v1 certificate that Ganeti
//!   makes for itself.
//! * **One enum for every answer that is not "done"**: [`Failure`]. Above all it tells "nothing was
//!   sent" ([`Failure::Unreachable`]) from "perhaps it was done" ([`Failure::UnknownOutcome`]).
//! * **No hidden retries.** A request that changes something is written to one endpoint at most once.
//! * **A bound on everything**: time, size of the request line and header, size of the answer.
//! * **Streaming queries**: rows of [`Client::query_raw`] borrow from the answer ([`QueryRow`]).
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use ganeti_rapi::{Client, Config, Credentials, Submit, Trust};
//!
//! let pin = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".parse()?;
//! let mut config = Config::new(
//!     ["https://cluster.example.com:5080"],
//!     Credentials::new("operator", "secret"),
//!     Trust::Pins(vec![pin]),
//! );
//! config.user_agent = "example/1.0".into();
//! let client = Client::new(config)?;
//! println!("Ganeti {}", client.info().await?.software_version);
//! let job = client.startup_instance("web1.example.com", &Submit::because("maintenance is over")).await?;
//! println!("job {job}");
//! # Ok(())
//! # }
//! ```

mod api;
mod client;
mod config;
mod error_body;
mod failure;
mod job;
mod model;
mod net;
mod query;
mod word;

pub use api::Submit;
pub use client::Client;
pub use config::{Config, ConfigError, Credentials, Timeouts};
pub use failure::{
    Answer, Attempt, Denied, Failure, Garbled, Obstacle, Refusal, Unknown, Unreachable, Untrusted,
};
pub use job::{
    Dependency, ErrorClass, ErrorCode, Job, JobError, JobId, JobStatus, JobSummary, Retry, Timestamp,
};
pub use model::{
    Action, AddNetwork, AdminState, BeParams, Change, ConnectNetwork, Connection, CreateInstance,
    DeleteInstance, DiskSpec, Group, GrowDisk, Info, Instance, InstanceStatus, Ipolicy, IpolicyRange,
    JobFilter, JobFilterSpec, ModifyInstance, Network, NicSpec, Node, Predicate, RebootInstance, RebootKind,
    ReinstallInstance, SecretParams, ShutdownInstance,
};
pub use net::{Connecting, Connector, Pin, PinError, Stream, Trust};
pub use query::{
    Cell, Cells, ConfigRow, Filter, JobRow, LiveRow, NodeRow, Operand, QueryBody, QueryRow, Resource,
    StrList, Text,
};
