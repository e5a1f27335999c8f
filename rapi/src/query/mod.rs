//! Queries of chosen fields, read as a stream of typed rows.

mod body;
mod cell;
mod filter;
mod rows;
mod text;

pub use body::QueryBody;
pub use cell::{Cell, Cells};
pub use filter::{Filter, Operand};
pub use rows::{ConfigRow, JobRow, LiveRow, NodeRow};
pub use text::{StrList, Text};

use serde::de::SeqAccess;

/// What can be queried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    /// Instances.
    Instance,
    /// Nodes.
    Node,
    /// Node groups.
    Group,
    /// Networks.
    Network,
    /// Jobs.
    Job,
    /// Locks of the master.
    Lock,
    /// Exports.
    Export,
    /// Job filters.
    Filter,
}

impl Resource {
    /// The word in the path.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::Node => "node",
            Self::Group => "group",
            Self::Network => "network",
            Self::Job => "job",
            Self::Lock => "lock",
            Self::Export => "export",
            Self::Filter => "filter",
        }
    }
}

/// A typed row of a query.
///
/// ```
/// use ganeti_rapi::{Cells, QueryRow, Text};
/// use serde::de::SeqAccess;
///
/// struct Placed<'a> {
///     name: Text<'a>,
///     /// `None` where the node has no answer.
///     memory: Option<u64>,
/// }
///
/// impl<'de> QueryRow<'de> for Placed<'de> {
///     const FIELDS: &'static [&'static str] = &["name", "oper_ram"];
///
///     fn from_cells<A: SeqAccess<'de>>(cells: &mut Cells<A>) -> Result<Self, A::Error> {
///         Ok(Self { name: cells.required()?, memory: cells.optional()? })
///     }
/// }
/// ```
pub trait QueryRow<'de>: Sized {
    /// The fields to ask for, in the order [`Self::from_cells`] takes them.
    const FIELDS: &'static [&'static str];

    /// Takes one cell for each of [`Self::FIELDS`].
    ///
    /// # Errors
    /// The deserializer's, when a cell is not what is expected.
    fn from_cells<A: SeqAccess<'de>>(cells: &mut Cells<A>) -> Result<Self, A::Error>;
}
