//! Settings of the operator: flags, each with a twin in the environment.

use std::net::SocketAddr;

use clap::{Parser, ValueEnum};
use cyclades_crds::names;

use crate::operator::LEASE_DEFAULT;

/// Keeps Ganeti clusters as the custom resources of Cyclades declare them.
///
/// Talks to the cluster that KUBECONFIG, ~/.kube/config or the Pod's ServiceAccount leads to.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "cyclades-operator",
    version,
    after_help = "Examples:\n  cyclades-operator --cluster-id prod\n  CYCLADES_CLUSTER_ID=prod KUBECONFIG=./kubeconfig cyclades-operator --log debug --listen 127.0.0.1:8080"
)]
pub struct Options {
    /// Name of this installation. It stands in tags and job reasons in Ganeti: keep it in Git, never change it.
    #[arg(long, env = "CYCLADES_CLUSTER_ID", value_parser = cluster_id)]
    pub cluster_id: String,
    /// Namespace with the Secrets of RAPI credentials.
    #[arg(long, env = "CYCLADES_NAMESPACE", default_value = "cyclades-system")]
    pub namespace: String,
    /// Address of /metrics, /live and /ready.
    #[arg(long, env = "CYCLADES_LISTEN", default_value = "0.0.0.0:8080")]
    pub listen: SocketAddr,
    /// Name of this replica, which no other that runs may have: in Kubernetes, the name of its Pod. One that is started
    /// anew under its former name takes over from itself at once.
    #[arg(long, env = "CYCLADES_REPLICA", default_value = "operator", value_parser = replica)]
    pub replica: String,
    /// Seconds that this replica may act without renewing its Lease. Others wait for as long before they take over from
    /// one that has died; they do not wait for one that ends in good order.
    #[arg(long, env = "CYCLADES_LEASE_SECONDS", default_value_t = LEASE_DEFAULT.as_secs(), value_parser = clap::value_parser!(u64).range(2..=300))]
    pub lease_seconds: u64,
    /// What is logged: error, warn, info, debug, trace, or a filter such as `info,ganeti_rapi=debug`.
    #[arg(long, env = "CYCLADES_LOG", default_value = "info")]
    pub log: String,
    /// Form of the log.
    #[arg(long, env = "CYCLADES_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
}

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Longest name of an installation; with prefix and incarnation it must fit into a Ganeti tag of 128 characters.
const CLUSTER_ID_LENGTH_MAX: usize = 40;

/// Longest name of a replica: a Pod's, less what stands before it in the name of its Lease.
const REPLICA_LENGTH_MAX: usize = 253 - names::LEASE_PREFIX.len();

fn replica(text: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let inner = |byte: u8| plain(byte) || matches!(byte, b'-' | b'.');
    let ends = [text.bytes().next(), text.bytes().last()].into_iter().all(|end| end.is_some_and(plain));
    if ends && text.len() <= REPLICA_LENGTH_MAX && text.bytes().all(inner) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "{text:?} is no name of a replica: use lower-case letters, digits, dashes and dots, as Pods' names do"
    ))
}

fn cluster_id(text: &str) -> Result<String, String> {
    let fits = (1..=CLUSTER_ID_LENGTH_MAX).contains(&text.len());
    let plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if fits && plain {
        return Ok(text.to_owned());
    }
    Err(format!(
        "{text:?} is no name of an installation: use 1 to {CLUSTER_ID_LENGTH_MAX} lower-case letters, digits and dashes"
    ))
}
