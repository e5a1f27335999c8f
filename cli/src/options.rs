//! The commands and their flags, each with a twin in the environment.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser as Boolish;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// What blocks a virtual machine, what the operator would do next, manifests for Git.
#[derive(Debug, Parser)]
#[command(
    name = "kubectl-cyclades",
    bin_name = "kubectl cyclades",
    version,
    after_help = "Examples:\n  kubectl cyclades status                  # every machine that is not Ready, by cause\n  kubectl cyclades status web              # the one thing that blocks it, and who can do something about it\n  kubectl cyclades plan -f web.yaml        # what applying this would lead to\n  kubectl cyclades export -A > vms.yaml    # manifests that keep ids and placement\n  kubectl cyclades import --backend ganeti-1 > found.yaml   # manifests for instances that nobody declared\n\nEnds with status 0 if all is well, 1 if what was asked about is not well, 2 if the command line is wrong, and 3 if it could not be found out: no API server, no such machine, no right to read it."
)]
pub struct Cli {
    /// Where the API server is.
    #[command(flatten)]
    pub connection: Connection,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// Where the API server is.
#[derive(Debug, Args)]
pub struct Connection {
    /// Kubeconfig, or several in the form of a PATH. The default is `~/.kube/config`, else the Pod's ServiceAccount.
    #[arg(long, global = true, env = "KUBECONFIG", value_name = "FILE")]
    pub kubeconfig: Option<OsString>,
    /// Context of the kubeconfig; its current one where absent.
    #[arg(long, global = true, env = "CYCLADES_KUBE_CONTEXT", value_name = "NAME")]
    pub context: Option<String>,
    /// Namespace; that of the context where absent.
    #[arg(short, long, global = true, env = "CYCLADES_KUBE_NAMESPACE", value_name = "NAMESPACE")]
    pub namespace: Option<String>,
    /// How long to wait for an answer of the API server or of Ganeti, such as 30s or 2m.
    #[arg(long, global = true, env = "CYCLADES_REQUEST_TIMEOUT", default_value = "30s", value_parser = duration, value_name = "TIME")]
    pub request_timeout: Duration,
    /// Namespace of the operator, with the Secrets of its backends.
    #[arg(
        long,
        global = true,
        env = "CYCLADES_NAMESPACE",
        default_value = "cyclades-system",
        value_name = "NAMESPACE"
    )]
    pub operator_namespace: String,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// The one thing that blocks a machine; without a name, all that are not Ready, by cause.
    Status(StatusFlags),
    /// Write manifests that can be put in Git: ids and placement filled in, nothing of the API server's own.
    Export(ExportFlags),
    /// What the operator would do next and why, without doing it.
    Plan(PlanFlags),
    /// Write manifests for instances of a Ganeti cluster that nobody declared. Applied, they change nothing.
    Import(ImportFlags),
    /// Instances of ours whose VirtualMachines do not exist, and how many there are that somebody else made.
    Orphans(OrphansFlags),
    /// Who has which address of a network, and what is left; without a name, all networks and the pools of their MACs.
    Pool(PoolFlags),
}

/// Flags of `pool`.
#[derive(Debug, Args)]
#[command(
    after_help = "It reads the operator's IPBlocks, which administrators may; an owner sees the addresses of his machines in their status (kubectl get vm).

Ends with status 1 if one of the networks has no address left.

Examples:
  kubectl cyclades pool                    # the networks of the namespace, and the LinkPools
  kubectl cyclades pool lan -n shop        # each address of one, with its machine
  kubectl cyclades pool -A -o json"
)]
pub struct PoolFlags {
    /// Name of the Network.
    #[arg(value_name = "NETWORK")]
    pub network: Option<String>,
    /// Networks of all namespaces.
    #[arg(short = 'A', long, env = "CYCLADES_ALL_NAMESPACES", value_parser = Boolish::new(), conflicts_with = "network")]
    pub all_namespaces: bool,
    /// Form of the output.
    #[arg(short, long, env = "CYCLADES_OUTPUT", value_enum, default_value_t = Format::Text)]
    pub output: Format,
}

/// Flags of `import`.
#[derive(Debug, Args)]
#[command(
    after_help = "For each instance that no VirtualMachine declares it writes one with managementPolicy: Observe: applied, it looks at the instance and changes nothing, neither by a job nor by a tag. What it refers to is what there is: a Flavor of that shape, an Image of that OS; where there is none, one is written. To have the machine managed, set managementPolicy: Managed.

With --orphans it writes the machines of instances that carry the tags of this installation and whose objects are gone, as after a restore of etcd: with the id, the namespace and the name that the tags say. Applied, they are managed as before.

It reads Ganeti with the Secret of the backend, which you must be allowed to read.

Examples:
  kubectl cyclades import --backend ganeti-1 -n legacy > legacy.yaml
  kubectl cyclades import --backend ganeti-1 -n legacy --dir legacy/ web.example.com
  kubectl cyclades import --backend ganeti-1 --orphans | kubectl apply -f -"
)]
pub struct ImportFlags {
    /// Names of instances; all that nobody declared where absent.
    #[arg(value_name = "INSTANCE")]
    pub instances: Vec<String>,
    /// GanetiBackend whose instances to look at.
    #[arg(short, long, env = "CYCLADES_BACKEND", value_name = "NAME")]
    pub backend: String,
    /// Instances of ours whose VirtualMachines do not exist, in place of those that somebody else made.
    #[arg(long, env = "CYCLADES_ORPHANS", value_parser = Boolish::new())]
    pub orphans: bool,
    /// Folder to write each manifest into, as a file of its own; standard output where absent.
    #[arg(long, env = "CYCLADES_DIR", value_name = "FOLDER")]
    pub dir: Option<PathBuf>,
}

/// Flags of `orphans`.
#[derive(Debug, Args)]
#[command(
    after_help = "Who may read the Secret of a backend sees its cluster as it is now; for everybody else it is what the backend's status says, which names at most 20. Nothing is ever done to what it lists.

Ends with status 1 if there is an instance of ours without its VirtualMachine.

Examples:
  kubectl cyclades orphans
  kubectl cyclades orphans --backend ganeti-1 -o json"
)]
pub struct OrphansFlags {
    /// GanetiBackend whose instances to look at; all where absent.
    #[arg(short, long, env = "CYCLADES_BACKEND", value_name = "NAME")]
    pub backend: Option<String>,
    /// Form of the output.
    #[arg(short, long, env = "CYCLADES_OUTPUT", value_enum, default_value_t = Format::Text)]
    pub output: Format,
}

/// Flags of `status`.
#[derive(Debug, Args)]
#[command(
    after_help = "It follows the machine's references: its flavor and that flavor's volume type, its image, its backend and the Secret of that; and says of the first that is in the way what it is, what to do about it, and who can.\n\nEnds with status 1 if the machine, or any of those it lists, is not Ready.\n\nExamples:\n  kubectl cyclades status web\n  kubectl cyclades status web -n shop -o json\n  kubectl cyclades status -A               # one line for each cause, however many machines it stops"
)]
pub struct StatusFlags {
    /// Name of the VirtualMachine.
    #[arg(value_name = "VM", value_parser = machine)]
    pub machine: Option<String>,
    /// Machines of all namespaces.
    #[arg(short = 'A', long, env = "CYCLADES_ALL_NAMESPACES", value_parser = Boolish::new(), conflicts_with = "machine")]
    pub all_namespaces: bool,
    /// Form of the output.
    #[arg(short, long, env = "CYCLADES_OUTPUT", value_enum, default_value_t = Format::Text)]
    pub output: Format,
}

/// Form of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Lines for people.
    Text,
    /// One JSON object.
    Json,
}

/// Flags of `export`.
#[derive(Debug, Args)]
#[command(
    after_help = "A manifest has spec.id, so that the machine keeps its identity, and its instance, when it is applied to another Kubernetes cluster; and spec.backendName, where it is placed. To create an object with spec.backendName takes the verb `pin` on virtualmachines, which ordinary users do not have: for them, --no-placement leaves it out, and the operator finds the instance by its id.\n\nFlavors, VolumeTypes and Images are written as they are: their ids cannot be added once they exist.\n\nExamples:\n  kubectl cyclades export web > web.yaml\n  kubectl cyclades export --with-references > shop.yaml\n  kubectl cyclades export -A -l tier=web --no-placement"
)]
pub struct ExportFlags {
    /// Names of VirtualMachines; all of the namespace where absent.
    #[arg(value_name = "VM", value_parser = machine)]
    pub machines: Vec<String>,
    /// Machines of all namespaces.
    #[arg(short = 'A', long, env = "CYCLADES_ALL_NAMESPACES", value_parser = Boolish::new(), conflicts_with = "machines")]
    pub all_namespaces: bool,
    /// Machines with these labels, such as tier=web.
    #[arg(short = 'l', long, env = "CYCLADES_SELECTOR", value_name = "LABELS", conflicts_with = "machines")]
    pub selector: Option<String>,
    /// Also the Flavors, VolumeTypes and Images that they refer to.
    #[arg(long, env = "CYCLADES_WITH_REFERENCES", value_parser = Boolish::new())]
    pub with_references: bool,
    /// Leave out spec.backendName.
    #[arg(long, env = "CYCLADES_NO_PLACEMENT", value_parser = Boolish::new())]
    pub no_placement: bool,
}

/// Flags of `plan`.
#[derive(Debug, Args)]
#[command(
    group = clap::ArgGroup::new("about").required(true).args(["machine", "file"]),
    after_help = "The plan is made by the operator's own planner, from the objects in the API server and, where you may read the Secret of the backend, from the instance as Ganeti shows it now; else from what the machine's status says. It tells which. With a file, the API server is asked what it would make of it (dryRun), and nothing is stored.\n\nEnds with status 1 if the machine would not become Ready by itself: the file is refused, or something is waited for.\n\nExamples:\n  kubectl cyclades plan web\n  kubectl cyclades plan -f web.yaml\n  kubectl get vm web -o yaml | sed 's/Running/Stopped/' | kubectl cyclades plan -f -"
)]
pub struct PlanFlags {
    /// Name of the VirtualMachine.
    #[arg(value_name = "VM", value_parser = machine)]
    pub machine: Option<String>,
    /// Manifests to plan for, `-` for standard input. Flavors, VolumeTypes and Images in it count as applied.
    #[arg(short, long, env = "CYCLADES_PLAN_FILE", value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// A machine's name, also as kubectl prints it: `virtualmachine.cyclades.io/web`.
fn machine(text: &str) -> Result<String, String> {
    let name = match text.split_once('/') {
        Some(("vm" | "virtualmachine" | "virtualmachines" | "virtualmachine.cyclades.io", name)) => name,
        Some((kind, _)) => return Err(format!("{kind} is not a kind of machine: write vm/NAME or NAME")),
        None => text,
    };
    if name.is_empty() || name.contains('/') {
        return Err("write the name of a VirtualMachine, such as web".to_owned());
    }
    Ok(name.to_owned())
}

fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no time to wait: write whole seconds or minutes, such as 30s or 2m");
    let (number, unit) = match text.strip_suffix('m') {
        Some(minutes) => (minutes, 60),
        None => (text.strip_suffix('s').unwrap_or(text), 1),
    };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).ok_or_else(wrong)?;
    if !(1..=3_600).contains(&seconds) {
        return Err("wait between 1 s and 1 hour".to_owned());
    }
    Ok(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_definition_is_consistent() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn every_command_shows_examples() {
        let command = <Cli as clap::CommandFactory>::command();
        for verb in command.get_subcommands() {
            let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Examples:\n  kubectl cyclades "), "{}: {help}", verb.get_name());
        }
    }

    #[test]
    fn every_flag_has_a_twin_in_the_environment() {
        let command = <Cli as clap::CommandFactory>::command();
        let all = std::iter::once(&command).chain(command.get_subcommands());
        for argument in all.flat_map(clap::Command::get_arguments).filter(|it| !it.is_positional()) {
            let built_in = ["help", "version"].contains(&argument.get_id().as_str());
            assert!(built_in || argument.get_env().is_some(), "{}", argument.get_id());
        }
    }

    #[test]
    fn flags_of_the_connection_stand_anywhere() {
        let cli = parse("x status vm/web -n shop --context prod --request-timeout 2m").unwrap();
        assert_eq!(cli.connection.namespace.as_deref(), Some("shop"));
        assert_eq!(cli.connection.request_timeout, Duration::from_secs(120));
        let Verb::Status(flags) = cli.verb else { panic!("another verb") };
        assert_eq!(flags.machine.as_deref(), Some("web"));
        assert!(parse("x -n shop export a b").is_ok());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            "x",
            "x plan",
            "x plan web -f a",
            "x status web -A",
            "x export web -A",
            "x export web -l a=b",
            "x status flavor/small",
            "x status --request-timeout 0",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }
}
