//! The simulator as its clients see it, end to end.

#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests

mod bed;
mod lifecycle;
