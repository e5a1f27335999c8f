//! The simulator as its clients see it, end to end.

#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests

mod admin;
mod bed;
mod capacity;
mod changes;
mod dialect;
mod faults;
mod jobs;
mod lifecycle;
mod networks;
mod process;
mod queries;
mod raw;
mod within;
