//! The operator as a local process, under exactly the role and environment that the chart gives its Pod.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::chart::Chart;
use crate::layout::Layout;
use crate::process::{Process, Program};
use crate::{Error, files, http};

/// Its name among the bed's processes; its log is `operator.log`.
pub(crate) const NAME: &str = "operator";

/// Reading the first inventories takes well below a second on an idle machine.
const READY_LIMIT: Duration = Duration::from_secs(60);
const READY_POLL: Duration = Duration::from_millis(50);

/// What a stop may take before it becomes a kill: the chart's `terminationGracePeriodSeconds`.
const GRACE: Duration = Duration::from_secs(30);

/// The operator of a bed, running or stopped.
#[derive(Debug)]
pub struct Operator {
    program: Program,
    listen: SocketAddr,
    process: Option<Process>,
}

impl Operator {
    /// How it is to be run; nothing is started yet.
    pub(crate) fn new(
        file: &Path,
        chart: &Chart,
        kubeconfig: &Path,
        layout: &Layout,
        detached: bool,
    ) -> Result<Self, Error> {
        let listen = free_address()?;
        let mut environment: Vec<(String, OsString)> =
            chart.environment()?.into_iter().map(|(name, value)| (name, value.into())).collect();
        // The two things that a Pod has and a process has not: an address of its own, a mounted token.
        environment.retain(|(name, _)| name != "CYCLADES_LISTEN");
        environment.push(("CYCLADES_LISTEN".to_owned(), listen.to_string().into()));
        environment.push(("KUBECONFIG".to_owned(), kubeconfig.into()));
        let program = Program {
            name: NAME.to_owned(),
            file: file.to_path_buf(),
            args: chart.arguments()?.into_iter().map(OsString::from).collect(),
            environment,
            dir: layout.dir().to_path_buf(),
            log: layout.log(NAME),
            detached,
        };
        Ok(Self { program, listen, process: None })
    }

    /// Another replica of it, with a name, a port and a log of its own; nothing is started yet. It ends with the value.
    ///
    /// # Errors
    /// [`Error::Io`] if no port is free.
    pub fn another(&self, replica: &str) -> Result<Self, Error> {
        let listen = free_address()?;
        let mut program = self.program.clone();
        program.name = format!("{NAME}-{replica}");
        program.log = self.program.log.with_file_name(format!("{NAME}-{replica}.log"));
        program.detached = false;
        let mut other = Self { program, listen, process: None };
        other.set_variable("CYCLADES_LISTEN", &listen.to_string());
        other.set_variable("CYCLADES_REPLICA", replica);
        Ok(other)
    }

    /// Its process id while it was started and not stopped.
    #[must_use]
    pub fn pid(&self) -> Option<i32> {
        self.process.as_ref().map(Process::pid)
    }

    /// Its log, over all its starts.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.program.log
    }

    /// The end of its log.
    #[must_use]
    pub fn log_tail(&self) -> String {
        files::tail(self.log())
    }

    /// Where it serves `/metrics`, `/live` and `/ready`.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listen
    }

    /// The kubeconfig of its ServiceAccount.
    #[must_use]
    pub fn kubeconfig(&self) -> Option<PathBuf> {
        let entries = &self.program.environment;
        entries.iter().find(|(name, _)| name == "KUBECONFIG").map(|(_, value)| value.into())
    }

    /// Sets a variable of its environment from the next start on.
    pub fn set_variable(&mut self, name: &str, value: &str) {
        self.program.environment.retain(|(present, _)| present != name);
        self.program.environment.push((name.to_owned(), value.into()));
    }

    /// Starts it, without waiting for anything. Nothing happens if it was started already.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::Ended`] if it ends at once.
    pub fn start(&mut self) -> Result<(), Error> {
        if self.process.is_none() {
            self.process = Some(Process::start(&self.program)?);
        }
        Ok(())
    }

    /// Waits until `/ready` says so.
    ///
    /// # Errors
    /// [`Error::Ended`] or [`Error::Timeout`] with the end of its log.
    pub async fn ready(&mut self) -> Result<(), Error> {
        let deadline = Instant::now() + READY_LIMIT;
        loop {
            self.process.as_mut().ok_or(Error::NoOperator)?.check()?;
            let missing = match http::get(self.listen, "/ready").await {
                Ok((200, _)) => return Ok(()),
                Ok((status, body)) => format!("{status} {}", body.trim()),
                Err(error) => error,
            };
            if Instant::now() >= deadline {
                let last = format!("{missing}; the end of its log:\n{}", files::tail(self.log()));
                return Err(Error::Timeout {
                    what: "the operator being ready".to_owned(),
                    after: READY_LIMIT,
                    last,
                });
            }
            tokio::time::sleep(READY_POLL).await;
        }
    }

    /// SIGTERM and the wait for its end: true if it ended in the time that a kubelet would give it.
    ///
    /// # Errors
    /// [`Error::StillAlive`].
    pub async fn stop(&mut self) -> Result<bool, Error> {
        match self.process.take() {
            Some(mut process) => process.terminate(GRACE).await,
            None => Ok(true),
        }
    }

    /// SIGKILL.
    ///
    /// # Errors
    /// [`Error::StillAlive`].
    pub async fn kill(&mut self) -> Result<(), Error> {
        match self.process.take() {
            Some(mut process) => process.kill().await,
            None => Ok(()),
        }
    }

    /// [`Operator::stop`], [`Operator::start`], [`Operator::ready`].
    ///
    /// # Errors
    /// As these.
    pub async fn restart(&mut self) -> Result<(), Error> {
        self.stop().await?;
        self.start()?;
        self.ready().await
    }

    /// What it says of itself, in the Prometheus text format.
    ///
    /// # Errors
    /// [`Error::Malformed`] if it does not answer with them.
    pub async fn metrics(&self) -> Result<String, Error> {
        let malformed =
            |reason: String| Error::Malformed { what: "the operator's /metrics".to_owned(), reason };
        match http::get(self.listen, "/metrics").await.map_err(malformed)? {
            (200, body) => Ok(body),
            (status, body) => Err(malformed(format!("{status} {body}"))),
        }
    }

    /// An error with its last words if it ended by itself.
    ///
    /// # Errors
    /// [`Error::Ended`].
    pub fn check(&mut self) -> Result<(), Error> {
        self.process.as_mut().map_or(Ok(()), Process::check)
    }
}

/// An address of this machine that is free now.
fn free_address() -> Result<SocketAddr, Error> {
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr();
    bind().map_err(Error::io("bind a port of", Path::new("127.0.0.1")))
}
