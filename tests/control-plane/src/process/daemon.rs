//! A long-running program with a log, an owner and a bounded end.

use std::ffi::{OsStr, OsString};
use std::fs::OpenOptions;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::{MARKER, identity::Identity, spawner};
use crate::{Environment, Error, files};

/// How often an ending process is looked at.
const EXIT_POLL: Duration = Duration::from_millis(20);

/// SIGKILL needs only the kernel; a process that outlives this is stuck in it.
const KILL_LIMIT: Duration = Duration::from_secs(5);

/// What to run and how.
#[derive(Debug)]
pub(crate) struct Program<'a> {
    /// Name for messages and the state file.
    pub(crate) name: &'static str,
    /// The executable.
    pub(crate) file: &'a Path,
    /// Its arguments.
    pub(crate) args: Vec<OsString>,
    /// Where its output is appended.
    pub(crate) log: PathBuf,
    /// The control plane's folder: working directory, and the mark by which a sweep finds the process.
    pub(crate) dir: &'a Path,
    /// Whether it outlives the process that starts it.
    pub(crate) detached: bool,
}

/// A running program. Dropping it kills it, unless it was [released](Daemon::release).
#[derive(Debug)]
pub(crate) struct Daemon {
    pub(crate) name: String,
    pub(crate) identity: Identity,
    log: PathBuf,
    /// `None` when another process started it.
    child: Option<Child>,
    owned: bool,
}

impl Daemon {
    /// Starts a program, tied to the life of this process unless detached.
    pub(crate) fn start(program: &Program<'_>) -> Result<Self, Error> {
        let command = command(program)?;
        let mut child = spawner::spawn(command).map_err(Error::io("start", program.file))?;
        let identity = i32::try_from(child.id()).map_err(std::io::Error::other).and_then(Identity::of);
        match identity {
            Ok(identity) => Ok(Self {
                name: program.name.to_owned(),
                identity,
                log: program.log.clone(),
                child: Some(child),
                owned: true,
            }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(Error::io("read the start time of", program.file)(error))
            }
        }
    }

    /// A program that an earlier process started.
    pub(crate) fn adopt(name: String, identity: Identity, log: PathBuf) -> Self {
        Self { name, identity, log, child: None, owned: false }
    }

    /// From here on the program outlives this value.
    pub(crate) fn release(&mut self) {
        self.owned = false;
    }

    /// The end of its log.
    pub(crate) fn log_tail(&self) -> String {
        files::tail(&self.log)
    }

    /// How it ended, or `None` while it runs.
    pub(crate) fn ended(&mut self) -> Option<String> {
        match &mut self.child {
            Some(child) => match child.try_wait() {
                Ok(status) => status.map(|status| status.to_string()),
                Err(error) => Some(error.to_string()),
            },
            None => (!self.identity.runs()).then(|| "exit status unknown".to_owned()),
        }
    }

    /// An error that says how it ended and shows its last words, if it ended.
    pub(crate) fn check(&mut self) -> Result<(), Error> {
        self.ended().map_or(Ok(()), |status| {
            let tail = self.log_tail();
            Err(Error::Exited { name: self.name.clone(), status, log: self.log.clone(), tail })
        })
    }

    /// SIGTERM, then SIGKILL after `grace`.
    pub(crate) async fn terminate(&mut self, grace: Duration) -> Result<(), Error> {
        for (signal, limit) in [(Signal::SIGTERM, grace), (Signal::SIGKILL, KILL_LIMIT)] {
            if self.ended().is_none() {
                self.identity.signal(signal).map_err(Error::io("signal", Path::new(&self.name)))?;
            }
            if self.ends_within(limit).await {
                return Ok(());
            }
        }
        Err(Error::StillAlive { name: self.name.clone(), pid: self.identity.pid })
    }

    async fn ends_within(&mut self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        loop {
            if self.ended().is_some() {
                return true;
            }
            if Instant::now() >= deadline {
                return false;
            }
            tokio::time::sleep(EXIT_POLL).await;
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let (true, Some(child)) = (self.owned, &mut self.child) {
            let _ = child.kill();
            // SIGKILL cannot be ignored, so this wait is short; without it a zombie would stay.
            let _ = child.wait();
        }
    }
}

/// All programs are Go's. They may take more memory for less work: with Go's default a quarter of the API server's time
/// goes into collecting garbage, and requests wait for it in bursts.
const GARBAGE_COLLECTION: [(&str, &str); 2] = [("GOGC", "400"), ("GOMEMLIMIT", "2GiB")];

/// The program behind `setsid` or `setpriv` (util-linux), which both become it: the pid is the program's.
fn command(program: &Program<'_>) -> Result<Command, Error> {
    let (wrapper, flags): (&str, &[&str]) =
        if program.detached { ("setsid", &[]) } else { ("setpriv", &["--pdeathsig", "KILL"]) };
    let environment = Environment::from_process()?;
    let wrapper = environment.on_path(wrapper).ok_or_else(|| Error::NoProgram {
        place: "PATH".to_owned(),
        program: wrapper.to_owned(),
        cure: "install util-linux (on Debian: apt-get install util-linux)",
    })?;
    let log = OpenOptions::new().create(true).append(true).open(&program.log);
    let log = log.map_err(Error::io("open", &program.log))?;
    let errors = log.try_clone().map_err(Error::io("open", &program.log))?;
    let mut command = Command::new(wrapper);
    command.args(flags).arg(program.file).args(&program.args).current_dir(program.dir);
    command.stdin(Stdio::null()).stdout(log).stderr(errors);
    // An empty environment: etcd takes any ETCD_* of the caller for a flag, Go any proxy for the API server.
    command.env_clear().env("PATH", &environment.path).env("HOME", program.dir).env(MARKER, program.dir);
    command.envs(GARBAGE_COLLECTION);
    if !program.detached {
        // Ctrl-C reaches the foreground's process group. The owner still needs the API server to clean up.
        command.process_group(0);
    }
    Ok(command)
}

/// `--flag=value` for values that are paths, which need not be UTF-8.
pub(crate) fn flag(name: &str, value: impl AsRef<OsStr>) -> OsString {
    let mut text = OsString::from(format!("--{name}="));
    text.push(value);
    text
}
