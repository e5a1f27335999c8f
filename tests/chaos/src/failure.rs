//! What a point can fail with.

use std::time::Duration;

/// Why a point failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Something that must hold did not.
    #[error("{0}")]
    Broken(String),
    /// What the scenario waits for did not come.
    #[error("{what} did not come within {} s; {instead}", .within.as_secs())]
    TooLate {
        /// The step.
        what: String,
        /// How long it was waited for, by the simulated clock.
        within: Duration,
        /// What was there in its place.
        instead: String,
    },
    /// A step of the scenario could not be done.
    #[error("the step `{step}` could not be done: {why}")]
    Step {
        /// The step.
        step: String,
        /// Why.
        why: String,
    },
    /// A part of the operator panicked.
    #[error("the operator panicked: {0}")]
    Panic(String),
    /// The stage could not be set up; no fault of the operator.
    #[error("the stage could not be set up: {0}")]
    Stage(String),
}
