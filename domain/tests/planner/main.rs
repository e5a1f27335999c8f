//! The planner and the report over everything a machine can be: all combinations, not samples of them.

mod decisions;
mod reports;
mod world;
