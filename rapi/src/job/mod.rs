//! Jobs: ids, states, objects and the errors they end with.

mod error;
mod id;
mod object;

pub use error::{ErrorClass, ErrorCode, JobError, Retry};
pub use id::JobId;
pub(crate) use object::RawJob;
pub use object::{Dependency, Job, JobStatus, JobSummary, Timestamp};
