//! What a stage stands on.

use crate::pace::Pace;
use crate::real::Real;
use crate::server::Server;

/// What a stage stands on.
#[derive(Debug)]
pub(crate) enum Ground {
    /// All is simulated, the clock too.
    Memory,
    /// A real API server; Ganeti is simulated.
    ApiServer(Server),
    /// A real Ganeti; the API server is in memory.
    Ganeti(Real),
}

impl Ground {
    /// How fast things go there.
    pub fn pace(&self) -> Pace {
        match self {
            Self::Memory => Pace::SIMULATED,
            Self::ApiServer(_) => Pace::API_SERVER,
            Self::Ganeti(_) => Pace::GANETI,
        }
    }
}
