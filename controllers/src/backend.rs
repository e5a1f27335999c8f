//! Backends: one actor per Ganeti cluster.

pub(crate) mod actor;
pub(crate) mod ahead;
pub(crate) mod claim;
mod effect;
pub(crate) mod feed;
pub(crate) mod fence;
mod networks;
pub(crate) mod order;
mod plug;
pub(crate) mod poll;
pub(crate) mod proof;
pub(crate) mod recover;
pub(crate) mod request;
pub(crate) mod session;
pub(crate) mod setback;
pub(crate) mod submit;
pub(crate) mod trouble;
