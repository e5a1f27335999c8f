//! The clusters the suite runs against.

pub mod lab;
