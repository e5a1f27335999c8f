//! The lab, tried on this machine. Needs root and says so.

// The configured leave for tests covers test functions only, not what they share.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod emulated;
mod fake;
mod half_made;
mod support;
