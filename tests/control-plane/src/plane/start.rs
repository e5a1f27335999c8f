//! Ways to a [`ControlPlane`]: start one, or attach to one that was left running.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::api::Api;
use super::apiserver::{self, Apiserver};
use super::etcd::Etcd;
use super::launch::Launch;
use super::layout::Layout;
use super::state::State;
use super::{ControlPlane, audit, controller_manager, credentials, shutdown};
use crate::process::Daemon;
use crate::{Binaries, Error, files};

/// The programs without which a control plane is not whole.
const PARTS: [&str; 3] = ["etcd", "kube-apiserver", "kube-controller-manager"];

/// How a control plane is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder for all its files, made if missing. It belongs to this control plane alone.
    pub dir: PathBuf,
    /// Whether it outlives this process; then [`ControlPlane::down`] ends it.
    pub detached: bool,
    /// Whether etcd waits for the disk at each write, as it must where data matters.
    pub fsync: bool,
    /// Whether requests are logged for [`ControlPlane::audit_events`].
    pub audit: bool,
    /// What etcd begins with: a folder that [`ControlPlane::save`] wrote. Where absent, what is in `dir`, or nothing.
    pub saved: Option<PathBuf>,
}

impl Options {
    /// For a test: ends with this process, does not wait for the disk, logs no requests.
    #[must_use]
    pub fn in_dir(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), detached: false, fsync: false, audit: false, saved: None }
    }
}

impl ControlPlane {
    /// Starts all programs on free ports of 127.0.0.1 and returns when the API server is ready, which takes
    /// about 3 s. The controller manager starts to work some seconds later.
    ///
    /// When this fails or is dropped half-way, what was started is killed.
    ///
    /// # Errors
    /// [`Error::AlreadyRunning`]; [`Error::Exited`] or [`Error::Timeout`] with the end of the program's log;
    /// [`Error::NoProgram`] without util-linux; [`Error::Io`].
    pub async fn start(binaries: &Binaries, options: Options) -> Result<Self, Error> {
        let layout = Layout::create(&options.dir)?;
        if !shutdown::survivors(&layout, State::read(&layout)?.as_ref()).is_empty() {
            return Err(Error::AlreadyRunning { dir: layout.dir().to_path_buf() });
        }
        if let Some(saved) = &options.saved {
            files::remove(&layout.etcd_data())?;
            files::copy(saved, &layout.etcd_data())?;
        }
        credentials::ensure_service_account_keys(&layout)?;
        let token = credentials::ensure_admin_token(&layout)?;
        if options.audit {
            audit::write_policy(&layout)?;
        }
        let mut launch = Launch::new(&layout, &binaries.kubectl, options.audit);
        start_servers(&mut launch, binaries, &options, &layout, &token).await?;
        launch.run(&controller_manager::program(
            &binaries.kube_controller_manager,
            &layout,
            options.detached,
        ))?;
        let (state, daemons) = launch.finish(options.detached)?;
        Self::assemble(layout, &state, token, daemons)
    }

    /// The detached control plane in `dir`. Dropping the value leaves it running.
    ///
    /// # Errors
    /// [`Error::NotRunning`] if a part of it is missing; [`Error::Io`], [`Error::Malformed`].
    pub fn attach(dir: &Path) -> Result<Self, Error> {
        let missing = |reason: String| Error::NotRunning { dir: dir.to_path_buf(), reason };
        if !dir.exists() {
            return Err(missing("there is no such folder".to_owned()));
        }
        let layout = Layout::open(dir)?;
        let state = State::read(&layout)?.ok_or_else(|| missing("it has no state.json".to_owned()))?;
        if !state.complete {
            return Err(missing("its start was not finished".to_owned()));
        }
        let daemons = state.running(&layout);
        if let Some(part) = PARTS.iter().find(|part| !daemons.iter().any(|daemon| daemon.name == **part)) {
            return Err(missing(format!("{part} has ended, see {}", layout.log(part).display())));
        }
        let token = credentials::read_admin_token(&layout)?;
        Self::assemble(layout, &state, token, daemons)
    }

    fn assemble(
        layout: Layout,
        state: &State,
        token: SecretString,
        daemons: Vec<Daemon>,
    ) -> Result<Self, Error> {
        let server = state.server.clone().ok_or_else(|| Error::NotRunning {
            dir: layout.dir().to_path_buf(),
            reason: "its state.json names no server".to_owned(),
        })?;
        let ca_pem = apiserver::read_ca(&layout)?;
        Ok(Self {
            api: Api::new(&server, &ca_pem, token)?,
            admin_kubeconfig: layout.admin_kubeconfig(),
            kubectl: state.kubectl.clone(),
            audit: state.audit,
            layout,
            server,
            ca_pem,
            daemons,
        })
    }
}

/// etcd, then the API server, then the administrator's kubeconfig.
async fn start_servers(
    launch: &mut Launch<'_>,
    binaries: &Binaries,
    options: &Options,
    layout: &Layout,
    token: &SecretString,
) -> Result<(), Error> {
    let etcd = Etcd::new(&binaries.etcd, layout, options.detached, options.fsync)?;
    let [etcd_port, _] = launch.listen(&etcd).await?;
    let apiserver = Apiserver {
        file: &binaries.kube_apiserver,
        layout,
        detached: options.detached,
        audit: options.audit,
        etcd_port,
        token,
    };
    let [port] = launch.listen(&apiserver).await?;
    let server = apiserver::url(port);
    let ca = apiserver::read_ca(layout)?;
    let config = credentials::kubeconfig(&server, &ca, credentials::ADMIN, "default", token)?;
    files::write_private(&layout.admin_kubeconfig(), config.as_bytes())?;
    launch.state.server = Some(server);
    Ok(())
}
