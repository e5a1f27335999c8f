//! A cluster to run the suite against.

use anyhow::Result;
use futures::future::BoxFuture;
use ganeti_rapi::{Credentials, Pin};

/// A running cluster with the fake hypervisor, disk template `diskless` enabled and `plain` not, at
/// least one node, RAPI users with and without the right to write, and what only its administrator or
/// bad luck can do to it.
pub trait Bed: Send + Sync {
    /// `lab` or `sim`.
    fn name(&self) -> &'static str;

    /// RAPI's URL.
    fn url(&self) -> String;

    /// The fingerprint of RAPI's certificate.
    fn pin(&self) -> Pin;

    /// A user with the right to write.
    fn writer(&self) -> Credentials;

    /// A user with the right to read only.
    fn reader(&self) -> Credentials;

    /// An OS definition that takes the parameter [`Self::os_parameter`].
    fn os(&self) -> String;

    /// A parameter of [`Self::os`].
    fn os_parameter(&self) -> String;

    /// `gnt-cluster queue drain` and `undrain`.
    fn drain(&self, drained: bool) -> BoxFuture<'_, Result<()>>;

    /// Makes a running instance's process vanish.
    fn crash<'a>(&'a self, instance: &'a str) -> BoxFuture<'a, Result<()>>;
}
