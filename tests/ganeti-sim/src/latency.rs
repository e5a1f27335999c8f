//! How long things take.

use std::time::Duration;

use crate::random::Random;

/// How long jobs take. The effects are the same.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Latency {
    /// A job ends as soon as the queue gets to it: well below a millisecond after its submission.
    #[default]
    Zero,
    /// As measured on a real one-node cluster with the fake hypervisor on two cores: a diskless create
    /// takes 0.9–1.9 s and 1.7 of them end each second, other jobs take 0.45–0.7 s.
    Calibrated {
        /// All durations are multiplied by this: 1.0 is as measured, 0.1 ten times as fast.
        scale: f64,
    },
}

/// What a job costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cost {
    /// Precheck failed: only the process was started.
    Refused,
    /// A new instance.
    Create,
    /// Anything else that asks a node.
    Common,
}

impl Cost {
    /// Shortest and longest duration on an idle cluster, seconds.
    fn range(self) -> (f64, f64) {
        match self {
            Self::Refused => (0.3, 0.4),
            Self::Create => (0.9, 1.9),
            Self::Common => (0.45, 0.7),
        }
    }

    /// The share of it that the master's cores can only do for one job at a time, seconds:
    /// 20 creates at once end after 11.7 s.
    fn exclusive(self) -> f64 {
        match self {
            Self::Refused => 0.12,
            Self::Create => 0.58,
            Self::Common => 0.22,
        }
    }
}

impl Latency {
    /// The duration of a job on an idle cluster, and how long it keeps the master busy.
    pub(crate) fn of(self, cost: Cost, random: &mut Random) -> (Duration, Duration) {
        match self {
            Self::Zero => (Duration::ZERO, Duration::ZERO),
            Self::Calibrated { scale } => {
                let (least, most) = cost.range();
                let seconds = least + (most - least) * random.unit();
                let scaled = |seconds: f64| Duration::from_secs_f64((seconds * scale).clamp(0.0, 3600.0));
                (scaled(seconds), scaled(cost.exclusive()))
            }
        }
    }

    /// A duration that Ganeti itself waits for, such as a guest's shutdown.
    pub(crate) fn scaled(self, seconds: f64) -> Duration {
        match self {
            Self::Zero => Duration::ZERO,
            Self::Calibrated { scale } => Duration::from_secs_f64((seconds * scale).clamp(0.0, 86400.0)),
        }
    }
}
