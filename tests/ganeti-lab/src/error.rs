//! What can go wrong, in words that say what to do.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// A failure of the lab.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The machine cannot run a lab cluster as it is; each sentence says what is missing and how to cure it.
    #[error("this machine cannot run a Ganeti lab: {}", .0.join(" "))]
    Requirements(Vec<String>),
    /// Something that `install` provides is not there.
    #[error(
        "the Ganeti lab is not installed ({0} is missing): run `cargo xtask lab install`, or call `ganeti_lab::install`"
    )]
    NotInstalled(String),
    /// A value of the configuration is unusable.
    #[error("unusable lab configuration: {0}")]
    Config(String),
    /// A file operation failed.
    #[error("{what} {}: {source}", path.display())]
    File {
        /// What was tried, such as "write".
        what: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A command could not be started, or ended with another status than 0.
    #[error("`{command}` failed ({status}): {output}")]
    Command {
        /// The command line.
        command: String,
        /// How it ended.
        status: String,
        /// The end of what it printed.
        output: String,
    },
    /// A wait was given up.
    #[error("gave up after {after:?}: {what}")]
    Timeout {
        /// What was waited for, with what is known about why it did not come.
        what: String,
        /// How long was waited.
        after: Duration,
    },
    /// The cluster's first process is not running (any more).
    #[error("the lab cluster in {} is not running", .0.display())]
    NotRunning(PathBuf),
    /// A file of the cluster does not have the expected content.
    #[error("unexpected content in {}: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl Error {
    /// For `map_err` on a file operation.
    pub(crate) fn file(what: &'static str, path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        move |source| Self::File { what, path, source }
    }

    /// For content that cannot be understood.
    pub(crate) fn content(path: impl AsRef<Path>, reason: impl ToString) -> Self {
        Self::Content { path: path.as_ref().to_path_buf(), reason: reason.to_string() }
    }
}
