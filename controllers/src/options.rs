//! Settings of the operator: flags, each with a twin in the environment.

use std::net::SocketAddr;

use clap::{Parser, ValueEnum};

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
