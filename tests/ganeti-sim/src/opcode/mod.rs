//! Opcodes: what a job is made of.

mod check;
mod decode;
mod error;
mod fill;
mod op;
mod spec;
mod table;

pub(crate) use decode::decode;
pub(crate) use error::{OpError, ecode};
pub(crate) use fill::{FillError, fill, python_type};
pub(crate) use op::{Op, Reason};
pub(crate) use spec::Kind;
pub(crate) use table::spec_of;
