//! One of the bed's own processes: the operator or a simulator.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ganeti_lab::ProcessId;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::mark::{BED, Marked, PART};
use crate::{Error, files, spawner};

/// How often an ending process is looked at.
const EXIT_POLL: Duration = Duration::from_millis(10);

/// SIGKILL needs only the kernel; a process that outlives this is stuck in it.
const KILL_LIMIT: Duration = Duration::from_secs(5);

/// What to run and how.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    /// Name in the bed: log file and mark.
    pub(crate) name: String,
    /// The executable.
    pub(crate) file: PathBuf,
    /// Its arguments.
    pub(crate) args: Vec<OsString>,
    /// Its environment, beside `PATH` and `HOME`: nothing of the caller's gets in.
    pub(crate) environment: Vec<(String, OsString)>,
    /// The bed's folder, which is also its home and working directory.
    pub(crate) dir: PathBuf,
    /// Where its output is appended.
    pub(crate) log: PathBuf,
    /// Whether it outlives the process that starts it.
    pub(crate) detached: bool,
}

/// A started process. Dropping it kills it, unless it is detached or was adopted.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    id: ProcessId,
    log: PathBuf,
    /// None when another process started it.
    child: Option<Child>,
    detached: bool,
}

impl Process {
    /// Starts a program.
    pub(crate) fn start(program: &Program) -> Result<Self, Error> {
        let mut child = spawner::spawn(command(program)?).map_err(Error::io("start", &program.file))?;
        match ProcessId::of(child.id()) {
            Some(id) => Ok(Self {
                name: program.name.clone(),
                id,
                log: program.log.clone(),
                child: Some(child),
                detached: program.detached,
            }),
            None => {
                let _ = child.kill();
                let status = child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
                Err(ended(&program.name, status, &program.log))
            }
        }
    }

    /// A process that an earlier process of ours started.
    pub(crate) fn adopt(marked: Marked, log: PathBuf) -> Self {
        Self { name: marked.name, id: marked.id, log, child: None, detached: true }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn pid(&self) -> i32 {
        self.id.pid()
    }

    /// How it ended, or none while it runs.
    fn status(&mut self) -> Option<String> {
        match &mut self.child {
            Some(child) => match child.try_wait() {
                Ok(status) => status.map(|status| status.to_string()),
                Err(error) => Some(error.to_string()),
            },
            None => (!self.id.is_running()).then(|| "exit status unknown".to_owned()),
        }
    }

    /// An error with its last words, if it ended.
    pub(crate) fn check(&mut self) -> Result<(), Error> {
        self.status().map_or(Ok(()), |status| Err(ended(&self.name, status, &self.log)))
    }

    /// SIGTERM, then SIGKILL after `grace`. True if SIGTERM was enough.
    pub(crate) async fn terminate(&mut self, grace: Duration) -> Result<bool, Error> {
        self.signal(Signal::SIGTERM);
        if self.ends_within(grace).await {
            return Ok(true);
        }
        self.kill().await.map(|()| false)
    }

    /// SIGKILL.
    pub(crate) async fn kill(&mut self) -> Result<(), Error> {
        self.signal(Signal::SIGKILL);
        match self.ends_within(KILL_LIMIT).await {
            true => Ok(()),
            false => Err(Error::StillAlive { name: self.name.clone(), pid: self.id.pid() }),
        }
    }

    fn signal(&mut self, signal: Signal) {
        if self.status().is_none() && self.id.is_running() {
            // The one possible failure is that it ended in between.
            let _ = kill(Pid::from_raw(self.id.pid()), signal);
        }
    }

    async fn ends_within(&mut self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        while self.status().is_none() {
            if Instant::now() >= deadline {
                return false;
            }
            tokio::time::sleep(EXIT_POLL).await;
        }
        true
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let (false, Some(child)) = (self.detached, &mut self.child) {
            let _ = child.kill();
            // SIGKILL cannot be ignored, so this wait is short; without it a zombie would stay.
            let _ = child.wait();
        }
    }
}

fn ended(name: &str, status: String, log: &Path) -> Error {
    Error::Ended { name: name.to_owned(), status, log: log.to_path_buf(), tail: files::tail(log) }
}

/// The program behind `setsid` or `setpriv` (util-linux), which both become it: the pid is the program's.
fn command(program: &Program) -> Result<Command, Error> {
    let log = OpenOptions::new().create(true).append(true).open(&program.log);
    let log = log.map_err(Error::io("open", &program.log))?;
    let errors = log.try_clone().map_err(Error::io("open", &program.log))?;
    let (wrapper, flags): (&str, &[&str]) =
        if program.detached { ("setsid", &[]) } else { ("setpriv", &["--pdeathsig", "KILL"]) };
    let mut command = Command::new(wrapper);
    command.args(flags).arg(&program.file).args(&program.args).current_dir(&program.dir);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", &program.dir);
    command.env(BED, &program.dir).env(PART, &program.name);
    command.envs(program.environment.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(log).stderr(errors);
    if !program.detached {
        // Ctrl-C reaches the terminal's foreground group; the operator ends when the bed says so.
        command.process_group(0);
    }
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(dir: &Path, script: &str) -> Program {
        Program {
            name: "part".to_owned(),
            file: "/bin/sh".into(),
            args: vec!["-c".into(), script.into()],
            environment: vec![("GREETING".to_owned(), "hello".into())],
            dir: dir.to_path_buf(),
            log: dir.join("part.log"),
            detached: false,
        }
    }

    /// Waits until the program has written `text` to its log.
    async fn logged(program: &Program, text: &str) {
        let wait = async {
            while !files::tail(&program.log).contains(text) {
                tokio::time::sleep(EXIT_POLL).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), wait).await.unwrap();
    }

    #[tokio::test]
    async fn what_ends_by_itself_is_an_error_with_its_last_words() {
        let dir = tempfile::tempdir().unwrap();
        let program = shell(dir.path(), "echo $GREETING ${USER-nobody}; exit 7");
        // It may have ended before it can be looked at.
        let error = match Process::start(&program) {
            Err(error) => error,
            Ok(mut process) => {
                assert!(process.ends_within(Duration::from_secs(20)).await);
                process.check().unwrap_err()
            }
        };
        let error = error.to_string();
        assert!(error.contains("exit status: 7") && error.ends_with("hello nobody\n"), "{error}");
    }

    #[tokio::test]
    async fn one_that_ignores_sigterm_is_killed() {
        let dir = tempfile::tempdir().unwrap();
        let program = shell(dir.path(), "trap '' TERM; echo deaf; while :; do sleep 0.1; done");
        let mut process = Process::start(&program).unwrap();
        logged(&program, "deaf").await;
        let polite = process.terminate(Duration::from_millis(50)).await.unwrap();
        assert!(!polite);
        assert!(process.check().is_err());
    }

    #[tokio::test]
    async fn a_detached_one_outlives_its_value_and_is_found_and_ended_by_its_mark() {
        let dir = tempfile::tempdir().unwrap();
        let program = Program { detached: true, ..shell(dir.path(), "echo up; exec sleep 60") };
        let process = Process::start(&program).unwrap();
        logged(&program, "up").await;
        let pid = process.pid();
        drop(process);
        let mut found = crate::mark::find(dir.path());
        assert_eq!(found.len(), 1);
        let mut adopted = Process::adopt(found.remove(0), program.log.clone());
        assert_eq!(adopted.pid(), pid);
        assert!(adopted.terminate(Duration::from_secs(20)).await.unwrap());
        assert!(crate::mark::find(dir.path()).is_empty());
    }
}
