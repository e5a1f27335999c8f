//! Checks of the house: direction of dependencies, generated files, lints a compiler has not.
//!
//! The library reads the tree; the tests say what must hold.

pub mod cargo;
pub mod manifests;
pub mod sizes;
pub mod tree;
