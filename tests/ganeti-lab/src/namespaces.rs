//! The namespaces of one cluster: how they begin and how they end.

use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use crate::state::State;
use crate::{Error, ProcessId, wait};

/// How often a condition is looked at that comes true within milliseconds.
const SOON: Duration = Duration::from_millis(5);
/// Bound for each step of making or unmaking namespaces; each takes well below a second on an idle machine.
const STEP: Duration = Duration::from_secs(30);

/// The starter's hold on the namespaces it began.
pub(crate) struct Hold {
    keeper: Child,
    /// Its end ends the cluster; none once it was told to stay.
    stdin: Option<ChildStdin>,
}

/// Begins namespaces whose first process runs `init.sh` of `dir`, and writes them down before it does anything.
///
/// # Errors
/// [`Error::Command`] or [`Error::Timeout`] if they do not come up.
pub(crate) async fn begin(dir: &Path, state: &mut State, guest: Option<&Path>) -> Result<Hold, Error> {
    let mut hold = spawn(dir, guest)?;
    let keeper_pid = hold.keeper.id();
    let found = wait::until("the cluster's first process", STEP, SOON, || {
        let keeper = ProcessId::of(keeper_pid)?;
        Some((keeper, keeper.child()?))
    });
    let (keeper, init) = found.await.map_err(|error| with_log(dir, error))?;
    (state.keeper, state.init) = (Some(keeper), Some(init));
    state.write(dir)?;
    hold.say("go\n").map_err(Error::file("start", dir))?;
    let ready = dir.join("ready");
    let done = wait::until("the cluster's view of the file system", STEP, SOON, || {
        (ready.exists() || !init.is_running()).then_some(())
    });
    done.await.map_err(|error| with_log(dir, error))?;
    if !ready.exists() {
        return Err(with_log(dir, Error::NotRunning(dir.to_path_buf())));
    }
    Ok(hold)
}

/// `setsid`, so that a terminal's interrupt does not reach Ganeti before the starter had its say.
fn spawn(dir: &Path, guest: Option<&Path>) -> Result<Hold, Error> {
    let log_file = dir.join("log/lab-init.log");
    let log = std::fs::File::create(&log_file).map_err(Error::file("create", &log_file))?;
    let mut command = Command::new("setsid");
    command
        .args(["unshare", "--fork", "--kill-child", "--pid", "--net", "--uts", "--ipc", "--mount"])
        .args(["--propagation", "private", "--", "bash"])
        .arg(dir.join("init.sh"))
        .arg(dir)
        .args(guest)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(log);
    let mut keeper = command.spawn().map_err(|error| Error::Command {
        command: "setsid unshare".to_owned(),
        status: "not started".to_owned(),
        output: error.to_string(),
    })?;
    let stdin = keeper.stdin.take();
    Ok(Hold { keeper, stdin })
}

/// What the first process said, as the reason of `error`.
fn with_log(dir: &Path, error: Error) -> Error {
    let log = std::fs::read_to_string(dir.join("log/lab-init.log")).unwrap_or_default();
    Error::Command {
        command: "init.sh".to_owned(),
        status: error.to_string(),
        output: crate::command::tail(log.trim()).to_owned(),
    }
}

impl Hold {
    fn say(&mut self, word: &str) -> std::io::Result<()> {
        use std::io::Write;
        self.stdin.as_mut().map_or(Ok(()), |stdin| stdin.write_all(word.as_bytes()))
    }

    /// From now on the cluster outlives this process.
    pub fn stay(&mut self) -> std::io::Result<()> {
        self.say("stay\n")?;
        self.stdin = None;
        Ok(())
    }

    /// Takes note of the end of the process, which stays a zombie otherwise.
    fn reap(&mut self) -> bool {
        !matches!(self.keeper.try_wait(), Ok(None))
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // Only for a cluster whose making was given up half-way: the end of its input ends it.
        if self.stdin.take().is_some() {
            wait::until_blocking(STEP, SOON, || self.reap());
        }
    }
}

/// Ends the processes of `state` and waits until nothing of them is left.
///
/// # Errors
/// [`Error::Timeout`] if the kernel does not let go of them.
pub(crate) async fn end(state: &State, hold: Option<Hold>) -> Result<(), Error> {
    let mut ending = Ending::begin(state, hold);
    wait::until(&format!("the end of cluster {}", state.name), STEP, SOON, || ending.is_over().then_some(()))
        .await
}

/// [`end`] for `Drop`: true if it came in time.
pub(crate) fn end_blocking(state: &State, hold: Option<Hold>) -> bool {
    let mut ending = Ending::begin(state, hold);
    wait::until_blocking(STEP, SOON, || ending.is_over())
}

struct Ending<'a> {
    state: &'a State,
    hold: Option<Hold>,
}

impl<'a> Ending<'a> {
    fn begin(state: &'a State, mut hold: Option<Hold>) -> Self {
        // The first process's end is the end of all others in its PID namespace; it goes before its input does,
        // so that it does not start to clean up by itself.
        for process in [state.init, state.keeper].into_iter().flatten() {
            process.end();
        }
        if let Some(hold) = &mut hold {
            hold.stdin = None;
        }
        Self { state, hold }
    }

    fn is_over(&mut self) -> bool {
        let reaped = self.hold.as_mut().is_none_or(Hold::reap);
        let processes = [self.state.init, self.state.keeper];
        reaped
            && !processes.into_iter().flatten().any(|process| process.is_running())
            && !self.state.subnet.is_some_and(|subnet| subnet.is_wired())
    }
}
