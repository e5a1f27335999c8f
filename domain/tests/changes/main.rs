//! What is done to a machine that exists: another flavor, an action, a suspension, a protection, letting it go. Each is
//! played to its end against a small Ganeti, with the operator killed between any two steps.

#![allow(clippy::unwrap_used)] // functions that only tests call

mod actions;
mod adoption;
mod extras;
mod guards;
mod rebuild;
mod rescue;
mod shape;
mod story;
mod tags;
