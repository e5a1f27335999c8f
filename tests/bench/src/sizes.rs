//! How much is measured.

use std::time::Duration;

use crate::options::Common;

/// Numbers of machines and lengths of windows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    /// Machines of each latency measured at idle pace.
    pub(crate) idle: usize,
    /// Machines created in open loop.
    pub(crate) loaded: usize,
    /// Machines created as fast as possible.
    pub(crate) burst: usize,
    /// Machines at rest.
    pub(crate) rest: usize,
    /// How long the rest is watched.
    pub(crate) rest_window: Duration,
    /// Restarts with that many machines.
    pub(crate) restarts: usize,
    /// Machines that are stopped and started.
    pub(crate) power: usize,
    /// Changes made in Ganeti.
    pub(crate) drift: usize,
    /// Machines of the fleet.
    pub(crate) fleet: usize,
    /// Machines on the real Ganeti.
    pub(crate) ganeti: usize,
}

impl Sizes {
    /// What figures are made of.
    pub(crate) const FULL: Self = Self {
        idle: 400,
        loaded: 2_500,
        burst: 2_000,
        rest: 10_000,
        rest_window: Duration::from_secs(60),
        restarts: 3,
        power: 200,
        drift: 20,
        fleet: 50_000,
        ganeti: 100,
    };

    /// A tenth of it.
    pub(crate) const QUICK: Self = Self {
        idle: 40,
        loaded: 250,
        burst: 200,
        rest: 1_000,
        rest_window: Duration::from_secs(10),
        restarts: 1,
        power: 20,
        drift: 3,
        fleet: 5_000,
        ganeti: 10,
    };

    /// What was asked for.
    pub(crate) fn of(options: &Common) -> Self {
        if options.quick { Self::QUICK } else { Self::FULL }
    }
}

/// Gap between two creates at idle pace: longer than one takes, and never in step with a poll.
pub(crate) const IDLE_GAP: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(60));

/// Creates a second in open loop.
pub(crate) const LOADED_PER_SECOND: f64 = 100.0;

/// Clients that create as fast as they can.
pub(crate) const CLIENTS: usize = 16;

/// User data of a machine at rest, bytes.
pub(crate) const USER_DATA_BYTES: usize = 1_200;

/// Clusters of the fleet.
pub(crate) const FLEET_CLUSTERS: usize = 20;
