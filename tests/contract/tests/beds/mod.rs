//! The clusters the suite runs against.

pub mod lab;
pub mod sim;
