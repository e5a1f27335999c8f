//! The simulator as a process of its own, which any other process can ask.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use serde::Deserialize;
use tokio::process::Command;

use crate::backend::{Access, backend_name};
use crate::layout::Layout;
use crate::process::{Process, Program};
use crate::{Error, command, files, mark};

/// It makes a key and binds two ports.
const READY_LIMIT: Duration = Duration::from_secs(30);
const READY_POLL: Duration = Duration::from_millis(10);

/// It answers out of its memory.
const COMMAND_LIMIT: Duration = Duration::from_secs(60);

/// It has nothing to lose.
const GRACE: Duration = Duration::from_secs(5);

/// The operating systems of the real Ganeti's bed that examples use, with their parameters.
const SYSTEMS: [&str; 2] = ["guest:user_data:hostname:greeting", "noop"];

/// A running simulator.
#[derive(Debug)]
pub(crate) struct SimProcess {
    process: Process,
    program: PathBuf,
    dir: PathBuf,
    name: String,
    announced: Announced,
}

/// The line of JSON that it prints when it is ready.
#[derive(Debug, Clone, Deserialize)]
struct Announced {
    url: String,
    control: String,
    certificate_sha256: String,
}

#[derive(Deserialize)]
struct Users {
    write: User,
}

#[derive(Deserialize)]
struct User {
    username: String,
    password: SecretText,
}

/// A password on its way from a file.
#[derive(Deserialize)]
#[serde(from = "String")]
struct SecretText(SecretString);

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl SimProcess {
    /// Starts the simulator for cluster `number` and waits until it answers.
    pub(crate) async fn start(
        program: &Path,
        number: usize,
        layout: &Layout,
        detached: bool,
    ) -> Result<Self, Error> {
        let dir = layout.cluster(number);
        files::make_private_folder(&dir)?;
        let name = process_name(number);
        let log = layout.log(&name);
        let mut process = Process::start(&Program {
            name,
            file: program.to_path_buf(),
            args: arguments(number, &dir).into_iter().map(Into::into).collect(),
            environment: Vec::new(),
            dir: layout.dir().to_path_buf(),
            log: log.clone(),
            detached,
        })?;
        let announced = announcement(&mut process, &log).await?;
        Ok(Self { process, program: program.to_path_buf(), dir, name: cluster_name(number), announced })
    }

    /// Takes up the simulator of cluster `number` that another process started.
    pub(crate) fn attach(program: &Path, number: usize, layout: &Layout) -> Result<Self, Error> {
        let name = process_name(number);
        let log = layout.log(&name);
        let gone = || Error::NotRunning {
            dir: layout.dir().to_path_buf(),
            reason: format!("the simulator of cluster {number} has ended, see {}", log.display()),
        };
        let marked = mark::find(layout.dir()).into_iter().find(|part| part.name == name).ok_or_else(gone)?;
        Ok(Self {
            process: Process::adopt(marked, log.clone()),
            program: program.to_path_buf(),
            dir: layout.cluster(number),
            name: cluster_name(number),
            announced: announced(&log).ok_or_else(gone)?,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn pid(&self) -> i32 {
        self.process.pid()
    }

    pub(crate) fn access(&self) -> Result<Access, Error> {
        let file = credentials(&self.dir);
        let text = std::fs::read(&file).map_err(Error::io("read", &file))?;
        let users: Users = serde_json::from_slice(&text).map_err(|error| Error::Malformed {
            what: file.display().to_string(),
            reason: error.to_string(),
        })?;
        Ok(Access {
            endpoint: self.announced.url.clone(),
            pin: self.announced.certificate_sha256.clone(),
            username: users.write.username,
            password: users.write.password.0,
            hypervisor: "fake".to_owned(),
        })
    }

    /// An error with its last words if it ended.
    pub(crate) fn check(&mut self) -> Result<(), Error> {
        self.process.check()
    }

    /// One of Ganeti's own commands.
    fn gnt(&self, argv: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["gnt", "--control", &self.announced.control]).args(argv);
        command
    }

    /// Runs one of Ganeti's commands with this process's terminal.
    pub(crate) async fn exec(&self, argv: &[&str]) -> Result<ExitStatus, Error> {
        self.gnt(argv).status().await.map_err(Error::io("run", &self.program))
    }

    /// Runs one of Ganeti's commands: its standard output.
    pub(crate) async fn run(&self, argv: &[&str]) -> Result<String, Error> {
        command::run(&mut self.gnt(argv), None, COMMAND_LIMIT).await
    }

    /// Ends it and removes its files.
    pub(crate) async fn stop(mut self) -> Result<(), Error> {
        self.process.terminate(GRACE).await?;
        files::remove(&self.dir).map(drop)
    }
}

/// What it prints when it is ready.
async fn announcement(process: &mut Process, log: &Path) -> Result<Announced, Error> {
    let deadline = Instant::now() + READY_LIMIT;
    loop {
        if let Some(announced) = announced(log) {
            return Ok(announced);
        }
        process.check()?;
        if Instant::now() >= deadline {
            let what = format!("{} being ready", process.name());
            return Err(Error::Timeout { what, after: READY_LIMIT, last: files::tail(log) });
        }
        tokio::time::sleep(READY_POLL).await;
    }
}

/// The first whole line of the log that is such a line.
fn announced(log: &Path) -> Option<Announced> {
    let text = std::fs::read_to_string(log).ok()?;
    let whole = &text[..text.rfind('\n')?];
    whole.lines().find_map(|line| serde_json::from_str(line).ok())
}

fn arguments(number: usize, dir: &Path) -> Vec<String> {
    let mut arguments = vec![
        format!("--name={}", cluster_name(number)),
        // Two clusters of one seed would have the same uuid, which no two real ones have.
        format!("--seed={number}"),
        format!("--credentials-file={}", credentials(dir).display()),
        "--user-shutdown".to_owned(),
    ];
    arguments.extend(SYSTEMS.iter().map(|system| format!("--os={system}")));
    arguments
}

fn credentials(dir: &Path) -> PathBuf {
    dir.join("credentials.json")
}

/// Its name among the bed's processes; its log is `sim-N.log`.
fn process_name(number: usize) -> String {
    format!("sim-{number}")
}

/// Ganeti's name of a simulated cluster.
pub(crate) fn cluster_name(number: usize) -> String {
    format!("{}.sim.test", backend_name(number))
}
