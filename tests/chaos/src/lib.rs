//! Chaos: the operator killed before and after each of its outside calls, and every kind of bad answer.
//!
//! A [`Scenario`] is a text that a person can read. A [`Point`] is one run of it in which one thing goes wrong: the
//! operator is killed at call 7, the answer to call 12 is lost, watches lag. Each point has the operator whole, inside of
//! this process, between an API server in memory (`kube-sim`) and a simulated Ganeti cluster (`ganeti-sim`), under a clock
//! that stands still while anyone works: a minute of the machine's life takes some milliseconds. Everything that is left to
//! chance follows from the point's seed, so a point that failed fails again. A [`Lane`] may also have a real API server or a
//! real Ganeti, by the clock on the wall.
//!
//! What must hold is in [`check`](mod@check): it is looked at after every call, and once more at the end.

mod act;
mod addresses;
mod between;
mod blow;
mod calls;
pub mod campaign;
mod catalog;
mod check;
mod clocks;
mod failure;
mod fate;
mod foretell;
mod ganeti;
mod ground;
mod kubernetes;
mod lab;
mod lane;
mod line;
mod operators;
mod pace;
mod point;
mod real;
mod report;
mod run;
mod scenario;
mod scene;
mod server;
mod simulated;
mod stage;
mod step;
mod story;
mod weather;

pub use blow::{Blow, BlowKind};
pub use failure::Failure;
pub use lab::Lab;
pub use lane::{ApiServer, Lane};
pub use line::Line;
pub use point::{Point, past_failures};
pub use report::Report;
pub use run::{Outcome, run};
pub use scenario::{Scenario, scenarios};
pub use step::Step;
pub use story::story;
pub use weather::Weather;
