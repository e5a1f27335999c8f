//! This replica among the others: its Lease, who else lives, what it holds.

pub(crate) mod assess;
pub(crate) mod holding;
pub(crate) mod lease;
pub(crate) mod state;
