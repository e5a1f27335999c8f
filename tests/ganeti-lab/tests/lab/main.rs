//! The lab, tried on this machine. Needs root and says so.

mod fake;
mod half_made;
mod kvm;
mod support;
