//! Every field of every kind, by the schemas that the API server has: changed and changed back.
//!
//! [`account`] walks a schema. What else a field may be follows from its schema or is said in `tables`; a field for which
//! neither knows a value is an error, so that no new one is forgotten. [`Play`] makes the changes on a bed and compares
//! what Ganeti has in the end with a fresh apply of the same manifest.

mod change;
mod dump;
mod play;
mod schema;
mod tables;
mod thing;

pub use change::{Change, End, account};
pub use dump::Ganeti;
pub use play::{Ground, Play};
pub use tables::{Subject, backend, catalog, machine, networks};
