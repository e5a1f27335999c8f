//! A simulated Ganeti 3.0 cluster behind a real RAPI socket.
//!
//! Everything a client of RAPI can see is there: TLS and HTTP with RAPI's own habits, users, resources,
//! queries, jobs with locks, dependencies, reasons and filters, and Ganeti's own errors. What takes
//! seconds in a real cluster takes no time here, or as long as was measured; what goes wrong goes wrong
//! on demand.
//!
//! ```
//! use ganeti_sim::{Options, Sim};
//!
//! # fn main() -> Result<(), ganeti_sim::Error> {
//! let sim = Sim::start(Options::default())?;
//! println!("{} {}", sim.url(), sim.certificate_sha256());
//! # Ok(())
//! # }
//! ```

mod admin;
mod certificate;
mod clock;
mod control;
mod counts;
mod error;
mod exec;
mod fault;
mod interpose;
mod json;
mod latency;
mod names;
mod observe;
mod opcode;
mod options;
mod preload;
mod query;
mod queue;
mod random;
mod rapi;
mod server;
mod shared;
mod sim;
mod state;
mod users;

pub use certificate::Certificate;
pub use control::{Control, FaultRequest};
pub use counts::Counts;
pub use error::Error;
pub use fault::{Fault, FaultId, FaultKind, Matcher};
pub use interpose::{Interposer, Moment, Seen};
pub use latency::Latency;
pub use observe::{InstanceView, JobView, NetworkView};
pub use options::{NodeSpec, Options, OsSpec, Runtime};
pub use preload::InstanceSpec;
pub use sim::Sim;
pub use users::{Access, Credentials};
