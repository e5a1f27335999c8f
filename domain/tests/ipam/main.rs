//! Addresses: one writer against a model, and many at once against what must hold for all of them.

#![allow(clippy::unwrap_used, clippy::expect_used)] // functions that only tests call

mod claims;
mod cost;
mod history;
mod model;
mod store;
mod support;
