//! A real etcd, kube-apiserver and kube-controller-manager for tests.
//!
//! [`Binaries::ensure`] finds the programs or builds them once from their Go modules,
//! [`ControlPlane::start`] runs them on free ports of 127.0.0.1 without root. What a test sees is the API
//! server that users have: CEL rules, admission policies, RBAC, garbage collection and namespace deletion.

pub mod binaries;
mod environment;
mod error;
mod files;
pub mod plane;
mod process;
pub mod progress;

pub use binaries::{Binaries, ensure_helm, ensure_helm_in};
pub use environment::Environment;
pub use error::Error;
pub use plane::audit::AuditEvent;
pub use plane::{ControlPlane, Options};
pub use progress::Progress;
