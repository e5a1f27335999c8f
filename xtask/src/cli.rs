//! The verbs and their flags, each with a twin in the environment.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::BoolishValueParser as Boolish;
use clap::{Args, Parser, Subcommand};

/// The project's one menu.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    after_help = "Examples:\n  cargo xtask demo                 # from nothing to a running virtual machine\n  cargo xtask test                 # every test there is\n  eval \"$(cargo xtask up)\"         # a bed to play with; `cargo xtask down` removes it"
)]
pub struct Cli {
    /// Folder for what a running bed writes. The default is `cyclades` in `$XDG_STATE_HOME` or `~/.local/state`.
    #[arg(long, global = true, env = "CYCLADES_STATE", value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// From nothing to a virtual machine on a real Ganeti; stays until Ctrl-C, then leaves nothing.
    Demo(Demo),
    /// Set up all that is needed and run every test.
    Test(Test),
    /// Start control plane, Ganeti clusters and operator in the background.
    Up(Up),
    /// What runs in the background, and how it is.
    #[command(
        after_help = "Ends with status 0 if a whole bed runs, else 1.\n\nExample:\n  cargo xtask status"
    )]
    Status,
    /// End what `up` or `demo` started, also after a crash or a half-finished start.
    #[command(
        after_help = "It may be called at any time and any number of times.\n\nExample:\n  cargo xtask down"
    )]
    Down,
    /// The Ganeti clusters of the bed.
    #[command(subcommand)]
    Lab(Lab),
    /// Write the files that are made from the types in crds/: CustomResourceDefinitions and reference pages.
    Gen(Gen),
    /// Measure, with release builds.
    Bench(Bench),
    /// Kill the operator before and after each of its outside calls, on simulated parts and time.
    Chaos(Chaos),
    /// Make a container image of the operator, without a container engine.
    Image(Image),
    /// rustfmt, clippy, and where they are installed cargo-deny and shellcheck.
    #[command(after_help = "Example:\n  cargo xtask lint")]
    Lint,
}

/// Flags of `demo`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cargo xtask demo                 # real Ganeti and QEMU: root on Debian 12\n  cargo xtask demo --sim           # anywhere\n  cargo xtask demo --once          # create, show, delete, tear down"
)]
pub struct Demo {
    /// Delete the machine, see it gone from Ganeti, tear down and end, instead of staying.
    #[arg(long, env = "CYCLADES_DEMO_ONCE", value_parser = Boolish::new())]
    pub once: bool,
    /// Take the simulator instead of a real Ganeti. The default where a real one cannot run.
    #[arg(long, env = "CYCLADES_SIM", value_parser = Boolish::new())]
    pub sim: bool,
}

/// Flags of `test`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cargo xtask test                 # everything: root on Debian 12\n  cargo xtask test --without-lab   # what runs without a real Ganeti"
)]
pub struct Test {
    /// Leave out what needs a real Ganeti, and say so.
    #[arg(long, env = "CYCLADES_WITHOUT_LAB", value_parser = Boolish::new())]
    pub without_lab: bool,
}

/// Flags of `up`.
#[derive(Debug, Args)]
#[command(
    after_help = "Standard output is only what a shell is to evaluate; everything else goes to standard error.\n\nExamples:\n  eval \"$(cargo xtask up)\" && kubectl get gbe\n  cargo xtask up --kvm             # guests run under QEMU\n  cargo xtask up --clusters 3      # guests are files: quick, and many fit\n  cargo xtask up --sim             # the simulator: no root needed"
)]
pub struct Up {
    /// How many Ganeti clusters, each a GanetiBackend.
    #[arg(long, env = "CYCLADES_CLUSTERS", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub clusters: u8,
    /// Guests of the real Ganeti run under QEMU, instead of being files.
    #[arg(long, env = "CYCLADES_KVM", value_parser = Boolish::new(), conflicts_with = "sim")]
    pub kvm: bool,
    /// Take the simulator instead of a real Ganeti. The default where a real one cannot run.
    #[arg(long, env = "CYCLADES_SIM", value_parser = Boolish::new())]
    pub sim: bool,
}

/// Verbs below `lab`.
#[derive(Debug, Subcommand)]
pub enum Lab {
    /// Run a command on cluster N, as its administrator would on the master node.
    #[command(
        after_help = "Ends with the command's own status.\n\nExamples:\n  cargo xtask lab exec 1 -- gnt-instance list -o name,status,tags\n  cargo xtask lab exec 1 -- gnt-job list"
    )]
    Exec {
        /// The cluster, counted from 1: cluster 1 is the GanetiBackend ganeti-1.
        #[arg(value_name = "N")]
        number: usize,
        /// The command and its arguments.
        #[arg(last = true, required = true, value_name = "CMD")]
        command: Vec<String>,
    },
    /// Fetch what a real Ganeti needs: Debian packages and the guests' kernel. `up`, `demo` and `test` do it by themselves.
    #[command(after_help = "Example:\n  cargo xtask lab install")]
    Install,
}

/// Flags of `gen`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cargo xtask gen\n  cargo xtask gen --check          # writes nothing; fails if a file is out of date"
)]
pub struct Gen {
    /// Write nothing; fail if a file is out of date.
    #[arg(long, env = "CYCLADES_GEN_CHECK", value_parser = Boolish::new())]
    pub check: bool,
}

/// Flags of `image`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cargo xtask image\n  cargo xtask image --tag cyclades-operator:1.0 --output /tmp/operator.tar\n  skopeo copy oci-archive:/tmp/operator.tar docker://registry.example.com/cyclades-operator:1.0"
)]
pub struct Image {
    /// The archive to write. The default is `cyclades-operator.oci.tar` where cargo puts what it builds.
    #[arg(long, env = "CYCLADES_IMAGE_OUTPUT", value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Name and tag of the image. The default is `cyclades-operator` with the version, which the chart takes by itself.
    #[arg(long, env = "CYCLADES_IMAGE_TAG", value_name = "NAME:TAG")]
    pub tag: Option<String>,
}

/// Flags of `bench`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cargo xtask bench apply --json figures.json\n  cargo xtask bench actions           # stop and start, drift, a cluster that hangs\n  cargo xtask bench fleet             # fifty thousand machines on twenty clusters\n  cargo xtask bench ganeti            # a real Ganeti: root on Debian 12\n  cargo xtask bench apply -- --help   # flags of the bench itself"
)]
pub struct Bench {
    /// Which bench.
    pub name: String,
    /// Where the figures are written as JSON.
    #[arg(long, env = "CYCLADES_BENCH_JSON", value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Passed through.
    #[arg(last = true, value_name = "ARGS")]
    pub arguments: Vec<OsString>,
}

/// Flags of `chaos`: they are the program's own, which names them.
#[derive(Debug, Args)]
#[command(
    disable_help_flag = true,
    after_help = "Examples:\n  cargo xtask chaos --help\n  cargo xtask chaos --points 10000\n  cargo xtask chaos --scenario create --seed 42 --kill-before 7"
)]
pub struct Chaos {
    /// Passed through.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FLAGS")]
    pub arguments: Vec<OsString>,
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
    fn the_lines_that_scripts_of_others_call() {
        for line in [
            "x demo",
            "x demo --once --sim",
            "x test",
            "x up",
            "x up --clusters 3 --kvm",
            "x up --sim",
            "x status",
            "x lab exec 1 -- gnt-instance list -o name,status,tags",
            "x down",
            "x gen",
            "x bench apply",
            "x bench apply --json figures.json",
            "x chaos",
            "x chaos --points 10000 --seed 7",
            "x chaos --help",
            "x chaos --scenario create --seed 42 --kill-before 7",
            "x lint",
        ] {
            assert!(parse(line).is_ok(), "{line}: {}", parse(line).unwrap_err());
        }
        assert!(parse("x up --kvm --sim").is_err());
        assert!(parse("x up --clusters 0").is_err());
        assert!(parse("x lab exec 1").is_err());
    }

    #[test]
    fn a_command_for_the_lab_keeps_its_flags() {
        let Verb::Lab(Lab::Exec { number, command }) =
            parse("x lab exec 2 -- gnt-instance list --help").unwrap().verb
        else {
            panic!("another verb");
        };
        assert_eq!((number, command), (2, vec!["gnt-instance".into(), "list".into(), "--help".into()]));
    }
}
