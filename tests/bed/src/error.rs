//! What can go wrong between "nothing" and "a bed whose backends are Ready", in words that say what to do.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A failure of the bed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The Kubernetes part.
    #[error(transparent)]
    ControlPlane(#[from] cyclades_control_plane::Error),
    /// The real Ganeti.
    #[error(transparent)]
    Lab(#[from] ganeti_lab::Error),
    /// The simulated Ganeti.
    #[error(transparent)]
    Sim(#[from] ganeti_sim::Error),
    /// A file or folder could not be used.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb: "write".
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A command could not be run or failed.
    #[error("`{command}` failed ({status}): {output}")]
    Command {
        /// The command line.
        command: String,
        /// How it ended.
        status: String,
        /// The end of what it said.
        output: String,
    },
    /// A wait was given up.
    #[error("gave up after {} s waiting for {what}{}", after.as_secs(), detail(last))]
    Timeout {
        /// What was waited for.
        what: String,
        /// How long.
        after: Duration,
        /// The last thing seen, empty if nothing.
        last: String,
    },
    /// One of the bed's programs ended by itself.
    #[error("{name} ended by itself ({status}); the end of {}:\n{tail}", log.display())]
    Ended {
        /// The program.
        name: String,
        /// Its exit status.
        status: String,
        /// Its log.
        log: PathBuf,
        /// The end of its log.
        tail: String,
    },
    /// A process outlived SIGKILL.
    #[error("{name} (pid {pid}) is still there after SIGKILL; see /proc/{pid}/status")]
    StillAlive {
        /// The program.
        name: String,
        /// Its process id.
        pid: i32,
    },
    /// A program of this repository is missing.
    #[error("{program} is not built: {cure}")]
    NotBuilt {
        /// The program's file name.
        program: String,
        /// What to do.
        cure: String,
    },
    /// The chart renders to something a bed cannot run.
    #[error("the rendered chart {0}")]
    Chart(String),
    /// A file or answer does not have the form it should have.
    #[error("{what} cannot be read: {reason}")]
    Malformed {
        /// The file or answer.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The bed in the folder is not whole.
    #[error("no complete bed runs in {}: {reason}", dir.display())]
    NotRunning {
        /// The folder.
        dir: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// The bed has no such cluster.
    #[error("there is no cluster {wanted}: this bed has {have}, counted from 1")]
    NoCluster {
        /// The number asked for.
        wanted: usize,
        /// How many there are.
        have: usize,
    },
    /// Something was asked of a cluster that only another kind of cluster can do.
    #[error("cluster {number} is {what}")]
    WrongKind {
        /// Its number, counted from 1.
        number: usize,
        /// What it is, and why that does not do.
        what: &'static str,
    },
    /// The bed was started without an operator.
    #[error("this bed was started without an operator")]
    NoOperator,
}

impl Error {
    /// For `map_err`: a failed use of a file.
    pub(crate) fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { what, path, source }
    }
}

fn detail(last: &str) -> String {
    if last.is_empty() { String::new() } else { format!("; last seen: {last}") }
}
