//! The networks of ours on a cluster.

use std::{
    collections::{BTreeSet, HashMap},
    rc::Rc,
};

use cyclades_domain::network::Flaw;
use tokio::sync::Notify;
use uuid::Uuid;

/// What is known of the networks of ours on a cluster.
#[derive(Debug, Default)]
pub(crate) struct ClusterNetworks {
    /// Ids of those that it has; `None` before it was asked.
    pub(crate) has: Option<BTreeSet<Uuid>>,
    /// Those that machines there need: whether they can have NICs in it.
    pub(crate) standing: HashMap<Uuid, Result<(), Flaw>>,
    /// Asks for what is lacking to be made, and what is not needed any more to be removed.
    pub(crate) wanted: Rc<Notify>,
}
