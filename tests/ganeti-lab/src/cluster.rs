//! One running cluster.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output};
use std::time::Duration;

use crate::command::{self, Limit};
use crate::config::Config;
use crate::credentials::{Credentials, InitialUsers};
use crate::install::guest;
use crate::layout::Names;
use crate::namespaces::{self, Hold};
use crate::state::State;
use crate::subnet::Subnet;
use crate::{Error, ProcessId, bootstrap, certificate, credentials, layout, requirements};

/// Bound of a command inside a cluster, where the caller names none.
const COMMAND: Duration = Duration::from_secs(120);

/// A real Ganeti in namespaces of its own.
///
/// Dropping it ends it and removes its directory, unless it is detached or was [attached](Cluster::attach) to.
pub struct Cluster {
    dir: PathBuf,
    state: State,
    subnet: Subnet,
    users: InitialUsers,
    owned: Option<Owned>,
}

/// What was begun by this process. While it is armed, its end is the end of the cluster.
struct Owned {
    dir: PathBuf,
    state: State,
    hold: Option<Hold>,
    armed: bool,
}

impl Drop for Owned {
    fn drop(&mut self) {
        if self.armed && namespaces::end_blocking(&self.state, self.hold.take()) && self.has_directory() {
            // Nobody is left to be told: what stays behind is a directory without processes.
            let _ = std::fs::remove_dir_all(&self.dir);
        }
    }
}

impl Owned {
    /// False if another one ended this cluster and its directory is now that of a new one.
    fn has_directory(&self) -> bool {
        !matches!(State::read(&self.dir), Ok(Some(state)) if state.init != self.state.init)
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Cluster")
            .field("name", &self.name())
            .field("dir", &self.dir)
            .finish_non_exhaustive()
    }
}

impl Cluster {
    /// Makes a cluster; on two idle cores in about 4 s.
    ///
    /// If it fails, or is given up by dropping the future or by the end of this process, everything it began is ended
    /// and removed; a detached cluster is detached when it is complete.
    ///
    /// # Errors
    /// [`Error::Config`], [`Error::NotInstalled`], or whatever went wrong with a command's own words.
    pub async fn up(config: Config) -> Result<Self, Error> {
        config.validate()?;
        requirements::root().map_or(Ok(()), |missing| Err(Error::Requirements(vec![missing])))?;
        let guest = installed(&config)?;
        layout::create_directory(&config.dir)?;
        let mut owned =
            Owned { dir: config.dir.clone(), state: initial_state(&config), hold: None, armed: true };
        owned.state.write(&config.dir)?;
        layout::write(&config)?;
        owned.hold = Some(namespaces::begin(&config.dir, &mut owned.state, guest.as_deref()).await?);
        let init = owned.state.init.ok_or_else(|| Error::NotRunning(config.dir.clone()))?;
        let subnet = Subnet::claim(init, config.index).await?;
        owned.state.subnet = Some(subnet);
        owned.state.write(&config.dir)?;
        layout::write_hosts(&config, subnet)?;
        let users = InitialUsers::random();
        users.write_to(&config.dir)?;
        credentials::write_users(init, &users.list())?;
        bootstrap::init(&config, init, subnet).await?;
        owned.state.complete = true;
        owned.state.write(&config.dir)?;
        if let Some(hold) = owned.hold.as_mut().filter(|_| config.detached) {
            hold.stay().map_err(Error::file("detach", &config.dir))?;
            owned.armed = false;
        }
        Ok(Self { dir: config.dir, state: owned.state.clone(), subnet, users, owned: Some(owned) })
    }

    /// Takes up a cluster that another process made.
    ///
    /// # Errors
    /// [`Error::NotRunning`] if there is none, or if it is not complete or has ended.
    pub fn attach(dir: impl Into<PathBuf>) -> Result<Self, Error> {
        let dir = dir.into();
        let gone = || Error::NotRunning(dir.clone());
        let state = State::read(&dir)?.filter(|state| state.complete).ok_or_else(gone)?;
        state.init.filter(ProcessId::is_running).ok_or_else(gone)?;
        let subnet = state.subnet.ok_or_else(gone)?;
        let users = InitialUsers::read_from(&dir)?;
        Ok(Self { dir, state, subnet, users, owned: None })
    }

    /// Ends the cluster and removes its directory.
    ///
    /// # Errors
    /// [`Error::Timeout`] if its processes do not end, [`Error::File`] if the directory cannot be removed.
    pub async fn down(mut self) -> Result<(), Error> {
        let hold = self.owned.as_mut().and_then(|owned| {
            owned.armed = false;
            owned.hold.take()
        });
        namespaces::end(&self.state, hold).await?;
        remove(&self.dir)
    }

    /// Ends whatever is in `dir`, a complete cluster or a half-made one, and removes the directory.
    /// It is no error if there is no such directory.
    ///
    /// # Errors
    /// [`Error::Config`] if the directory is not one of a cluster; else as [`Cluster::down`].
    pub async fn down_dir(dir: impl AsRef<Path>) -> Result<(), Error> {
        let dir = dir.as_ref();
        if !dir.exists() {
            return Ok(());
        }
        match State::read(dir)? {
            Some(state) => namespaces::end(&state, None).await?,
            None if is_empty(dir)? => {}
            None => return Err(Error::Config(format!("{} is not a lab cluster's directory", dir.display()))),
        }
        remove(dir)
    }

    /// Where RAPI is reached from this machine: `https://IP:5080`, at the node's address.
    pub fn rapi_url(&self) -> String {
        format!("https://{}:{}", self.node_address(), bootstrap::RAPI_PORT)
    }

    /// A RAPI user who may do everything.
    pub fn write_credentials(&self) -> &Credentials {
        &self.users.write
    }

    /// A RAPI user who may read everything.
    pub fn read_credentials(&self) -> &Credentials {
        &self.users.read
    }

    /// RAPI's present certificate, PEM, without its key.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Content`].
    pub fn certificate_pem(&self) -> Result<String, Error> {
        certificate::pem(&self.view("/var/lib/ganeti/rapi.pem")?)
    }

    /// SHA-256 of the DER form of RAPI's present certificate, lower-case hexadecimal.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Content`].
    pub fn certificate_sha256(&self) -> Result<String, Error> {
        certificate::sha256(&self.view("/var/lib/ganeti/rapi.pem")?)
    }

    /// The cluster's UUID.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Content`].
    pub fn uuid(&self) -> Result<String, Error> {
        let file = self.view("/var/lib/ganeti/config.data")?;
        let bytes = std::fs::read(&file).map_err(Error::file("read", &file))?;
        let config: serde_json::Value =
            serde_json::from_slice(&bytes).map_err(|error| Error::content(&file, error))?;
        let uuid = config["cluster"]["uuid"].as_str();
        uuid.map(str::to_owned).ok_or_else(|| Error::content(&file, "no cluster uuid"))
    }

    /// The name given in [`Config::name`].
    pub fn name(&self) -> &str {
        &self.state.name
    }

    /// Ganeti's name of the cluster.
    pub fn cluster_name(&self) -> String {
        Names::of(&self.state.name).cluster
    }

    /// Ganeti's name of the only node.
    pub fn node_name(&self) -> String {
        Names::of(&self.state.name).node
    }

    /// The node's address; RAPI listens there.
    pub fn node_address(&self) -> Ipv4Addr {
        self.subnet.node()
    }

    /// The cluster's address, where RAPI listens as well.
    pub fn cluster_address(&self) -> Ipv4Addr {
        self.subnet.cluster()
    }

    /// The directory with the cluster's files: `log`, `srv`, `state.json`, `credentials.json`.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Runs a command inside, from `/`, for at most two minutes, and gives whatever came of it.
    ///
    /// # Errors
    /// [`Error::NotRunning`], [`Error::Timeout`]; a status other than 0 is none.
    pub async fn exec(&self, argv: &[&str]) -> Result<Output, Error> {
        self.exec_within(argv, COMMAND).await
    }

    /// [`Cluster::exec`] with another bound.
    ///
    /// # Errors
    /// As [`Cluster::exec`].
    pub async fn exec_within(&self, argv: &[&str], limit: Duration) -> Result<Output, Error> {
        command::output_in(self.init()?, argv, None, Limit(limit)).await
    }

    /// Runs a command inside with this process's terminal, for as long as it likes.
    ///
    /// # Errors
    /// [`Error::NotRunning`]; a status other than 0 is none.
    pub async fn exec_status(&self, argv: &[&str]) -> Result<ExitStatus, Error> {
        command::status_in(self.init()?, argv).await
    }

    /// Runs a command inside and gives its standard output.
    ///
    /// # Errors
    /// As [`Cluster::exec`], and [`Error::Command`] for a status other than 0.
    pub async fn run(&self, argv: &[&str]) -> Result<String, Error> {
        command::run_in(self.init()?, argv, None, Limit(COMMAND)).await
    }

    /// The first process of the cluster's namespaces, if it runs.
    pub(crate) fn init(&self) -> Result<ProcessId, Error> {
        self.state.init.filter(ProcessId::is_running).ok_or_else(|| Error::NotRunning(self.dir.clone()))
    }

    pub(crate) fn subnet(&self) -> Subnet {
        self.subnet
    }

    /// A path of the cluster, for a reader on the machine; usable as long as the cluster runs.
    pub(crate) fn view(&self, path: &str) -> Result<PathBuf, Error> {
        Ok(self.init()?.view(path))
    }

    /// A path below the cluster's `/srv`, on the machine; usable as long as the directory is there.
    pub(crate) fn on_machine(&self, path: &str) -> PathBuf {
        self.dir.join(path.trim_start_matches('/'))
    }
}

fn initial_state(config: &Config) -> State {
    State {
        name: config.name.clone(),
        hypervisors: config.hypervisors.clone(),
        detached: config.detached,
        init: None,
        keeper: None,
        subnet: None,
        complete: false,
    }
}

/// The guests' directory if it is needed.
fn installed(config: &Config) -> Result<Option<PathBuf>, Error> {
    for program in ["/usr/sbin/gnt-cluster", "/usr/sbin/ganeti-rapi"] {
        if !Path::new(program).exists() {
            return Err(Error::NotInstalled(program.to_owned()));
        }
    }
    if !config.has_kvm() {
        return Ok(None);
    }
    let directory = guest::directory();
    match guest::is_built(&directory) {
        true => Ok(Some(directory)),
        false => Err(Error::NotInstalled(directory.display().to_string())),
    }
}

fn is_empty(dir: &Path) -> Result<bool, Error> {
    Ok(std::fs::read_dir(dir).map_err(Error::file("read", dir))?.next().is_none())
}

fn remove(dir: &Path) -> Result<(), Error> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::file("remove", dir)(error)),
        _ => Ok(()),
    }
}
