//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand};
use ganeti_sim::{Latency, NodeSpec, OsSpec};

const EXAMPLES: &str = "\
Examples:
  ganeti-sim
      One large node, no latency, RAPI on a free port of loopback. Prints one line of JSON when it is ready:
      {\"url\":…,\"control\":…,\"credentials_file\":…,\"certificate_sha256\":…,\"uuid\":…,\"pid\":…}

  ganeti-sim --node node1.example.com:65536:1048576:16 --node node2.example.com:65536:1048576:16 --latency calibrated
      Two nodes of 64 GiB, jobs that take as long as on a real cluster.

  ganeti-sim --preload 10000 --keep-alive
      Ten thousand running instances; connections are not closed after each answer.

  ganeti-sim gnt --control http://127.0.0.1:41234 gnt-instance list -o name,status,tags
      Ganeti's own command, against a running simulator.

It ends with SIGTERM or SIGINT and leaves nothing behind.";

/// A simulated Ganeti 3.0 cluster behind a real RAPI socket.
#[derive(Debug, Parser)]
#[command(name = "ganeti-sim", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub serve: Serve,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run one of Ganeti's own commands against a running simulator.
    Gnt(Gnt),
}

/// Ganeti's own commands.
#[derive(Debug, Args)]
pub struct Gnt {
    /// URL of the simulator's control endpoint.
    #[arg(long, env = "GANETI_SIM_CONTROL", value_name = "URL")]
    pub control: String,
    /// Such as `gnt-instance list -o name,status,tags`; the `gnt-` may be left out.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// A cluster to simulate.
#[derive(Debug, Args)]
pub struct Serve {
    /// Where RAPI listens; port 0 is any free one.
    #[arg(long, env = "GANETI_SIM_LISTEN", default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Where the control endpoint listens; on loopback only.
    #[arg(long, env = "GANETI_SIM_CONTROL_LISTEN", default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    pub control: SocketAddr,
    /// File for user names and passwords, readable by its owner only; removed at the end. [default: one in the
    /// system's temporary folder]
    #[arg(long, env = "GANETI_SIM_CREDENTIALS_FILE", value_name = "FILE")]
    pub credentials_file: Option<PathBuf>,
    /// The cluster's name.
    #[arg(long, env = "GANETI_SIM_NAME", default_value = "cluster.sim.example.com")]
    pub name: String,
    /// Decides about uuids, MAC addresses and latencies.
    #[arg(long, env = "GANETI_SIM_SEED", default_value_t = 1)]
    pub seed: u64,
    /// How long jobs take: `zero`, `calibrated`, or `calibrated:FACTOR`.
    #[arg(long, env = "GANETI_SIM_LATENCY", default_value = "zero", value_parser = latency)]
    pub latency: Latency,
    /// A node: `NAME` or `NAME:MEMORY_MIB:DISK_MIB:CPUS`; may be repeated. [default: one large node]
    #[arg(long = "node", env = "GANETI_SIM_NODES", value_delimiter = ',', value_parser = node)]
    pub nodes: Vec<NodeSpec>,
    /// An enabled hypervisor; may be repeated, the first one is the default.
    #[arg(
        long = "hypervisor",
        env = "GANETI_SIM_HYPERVISORS",
        value_delimiter = ',',
        default_value = "fake"
    )]
    pub hypervisors: Vec<String>,
    /// An enabled disk template; may be repeated, the first one is the default.
    #[arg(
        long = "disk-template",
        env = "GANETI_SIM_DISK_TEMPLATES",
        value_delimiter = ',',
        default_values = ["diskless", "file", "sharedfile"]
    )]
    pub disk_templates: Vec<String>,
    /// An OS definition: `NAME[+VARIANT…][:PARAMETER…]`; may be repeated.
    #[arg(long = "os", env = "GANETI_SIM_OS", value_delimiter = ',', value_parser = os, default_value = "noop:ssh_key:user_data")]
    pub os: Vec<OsSpec>,
    /// A bridge that every node has; may be repeated.
    #[arg(long = "bridge", env = "GANETI_SIM_BRIDGES", value_delimiter = ',', default_value = "br0")]
    pub bridges: Vec<String>,
    /// Virtual per physical processors at most.
    #[arg(long, env = "GANETI_SIM_VCPU_RATIO", default_value_t = 1000.0)]
    pub vcpu_ratio: f64,
    /// Guests may shut themselves down for good.
    #[arg(long, env = "GANETI_SIM_USER_SHUTDOWN")]
    pub user_shutdown: bool,
    /// Connections outlive an answer, unlike the real RAPI's.
    #[arg(long, env = "GANETI_SIM_KEEP_ALIVE")]
    pub keep_alive: bool,
    /// How many connections are served at once.
    #[arg(long, env = "GANETI_SIM_MAX_CLIENTS", default_value_t = 20)]
    pub max_clients: usize,
    /// Threads that do the work.
    #[arg(long, env = "GANETI_SIM_WORKER_THREADS", default_value_t = 1)]
    pub worker_threads: usize,
    /// Start with this many running instances.
    #[arg(long, env = "GANETI_SIM_PRELOAD", default_value_t = 0)]
    pub preload: usize,
}

fn latency(text: &str) -> Result<Latency, String> {
    match text.split_once(':') {
        None if text == "zero" => Ok(Latency::Zero),
        None if text == "calibrated" => Ok(Latency::Calibrated { scale: 1.0 }),
        Some(("calibrated", scale)) => match scale.parse::<f64>() {
            Ok(scale) if scale > 0.0 && scale <= 1000.0 => Ok(Latency::Calibrated { scale }),
            _ => Err(format!("{scale:?} is no factor above 0 and up to 1000")),
        },
        _ => Err("use zero, calibrated or calibrated:FACTOR".to_owned()),
    }
}

fn node(text: &str) -> Result<NodeSpec, String> {
    let mut parts = text.split(':');
    let name = parts.next().filter(|name| !name.is_empty()).ok_or("a node needs a name")?;
    let rest: Vec<_> =
        parts.map(u64::from_str).collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    match rest[..] {
        [] => Ok(NodeSpec::large(name)),
        [memory_mib, disk_mib, cpus] => Ok(NodeSpec { name: name.to_owned(), memory_mib, disk_mib, cpus }),
        _ => Err("use NAME or NAME:MEMORY_MIB:DISK_MIB:CPUS".to_owned()),
    }
}

fn os(text: &str) -> Result<OsSpec, String> {
    let mut parts = text.split(':');
    let mut names = parts.next().unwrap_or_default().split('+');
    let name = names.next().filter(|name| !name.is_empty()).ok_or("an OS definition needs a name")?;
    Ok(OsSpec {
        name: name.to_owned(),
        variants: names.map(str::to_owned).collect(),
        parameters: parts.map(str::to_owned).collect(),
        create_fails: None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Cli, Command};
    use clap::{CommandFactory, Parser};
    use ganeti_sim::Latency;

    #[test]
    fn is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn nodes_and_latency_are_understood() {
        let line =
            "ganeti-sim --node n1:1024:2048:4 --latency calibrated:0.5 --os guest+a+b:greeting --os noop";
        let serve = Cli::parse_from(line.split(' ')).serve;
        assert_eq!((serve.nodes[0].memory_mib, serve.nodes[0].cpus), (1024, 4));
        assert_eq!(serve.latency, Latency::Calibrated { scale: 0.5 });
        assert_eq!((serve.os[0].variants.len(), serve.os[0].parameters.len()), (2, 1));
        assert_eq!(serve.os.len(), 2);
        for wrong in ["ganeti-sim --latency soon", "ganeti-sim --node n1:1", "ganeti-sim --listen here"] {
            assert!(Cli::try_parse_from(wrong.split(' ')).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ganetis_own_options_reach_its_command() {
        let line = "ganeti-sim gnt --control http://127.0.0.1:1 gnt-instance list --no-headers -o name";
        let Some(Command::Gnt(gnt)) = Cli::parse_from(line.split(' ')).command else { panic!("no command") };
        assert_eq!(gnt.command, ["gnt-instance", "list", "--no-headers", "-o", "name"]);
    }
}
