//! Where points run, several at a time.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use cyclades_control_plane::{Binaries, ControlPlane, Progress};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};

use crate::ground::Ground;
use crate::lab::Lab;
use crate::real::Real;
use crate::server::Server;
use crate::step::Kind;
use crate::{Outcome, Point, Scenario, run};

/// A point on real parts that takes longer hangs.
const POINT_LIMIT: Duration = Duration::from_secs(400);
/// The API server establishes a kind within a second.
const ESTABLISHED_WITHIN: Duration = Duration::from_secs(60);

/// Where points run, one after the other.
pub enum Lane {
    /// On simulated parts, by a simulated clock.
    Simulated,
    /// On an API server of its own, by the clock on the wall.
    ApiServer(Box<ApiServer>),
    /// On a Ganeti of its own, by the clock on the wall.
    Ganeti(Arc<Lab>),
}

impl std::fmt::Debug for Lane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Simulated => "Simulated",
            Self::ApiServer(_) => "ApiServer",
            Self::Ganeti(_) => "Ganeti",
        })
    }
}

impl Lane {
    /// Lanes on simulated parts.
    #[must_use]
    pub fn simulated(count: usize) -> Vec<Self> {
        (0..count.max(1)).map(|_| Self::Simulated).collect()
    }

    /// Lanes with a real API server each, which end with them. The simulator plays Ganeti.
    ///
    /// # Errors
    /// What keeps an API server from starting.
    pub async fn on_api_servers(count: usize, progress: &dyn Progress) -> Result<Vec<Self>> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let binaries = Binaries::ensure(progress).await?;
        let starts = (0..count.max(1)).map(|_| ApiServer::start(&binaries));
        let servers = futures::future::try_join_all(starts).await?;
        Ok(servers.into_iter().map(|server| Self::ApiServer(Box::new(server))).collect())
    }

    /// Lanes with a real Ganeti each, which end with them. The API server is in memory.
    ///
    /// # Errors
    /// What keeps a Ganeti from starting: it needs root on Debian.
    pub async fn on_ganeti(count: usize, progress: &dyn Progress) -> Result<Vec<Self>> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        ganeti_lab::requirements().map_err(|missing| anyhow!(missing.join(" ")))?;
        ganeti_lab::install(&|line| progress.line(line)).await?;
        let labs = futures::future::try_join_all((1..=count.max(1)).map(Lab::start)).await?;
        Ok(labs.into_iter().map(|lab| Self::Ganeti(Arc::new(lab))).collect())
    }

    /// Runs a point.
    #[must_use]
    pub fn run(&self, scenario: &Scenario, point: &Point) -> Outcome {
        match self {
            Self::Simulated => run::run(scenario, point),
            Self::ApiServer(server) => run::by_the_wall(POINT_LIMIT, async || match server.cleared().await {
                Ok(server) => run::play(scenario, point, Ground::ApiServer(server), None).await,
                Err(error) => Outcome::not_begun(format!("{error:#}")),
            }),
            Self::Ganeti(lab) => run::by_the_wall(POINT_LIMIT, async || {
                let cleared = lab.clear().await.context("what the last point left");
                match cleared.and_then(|last| Real::new(Arc::clone(lab), last)) {
                    Ok(real) => run::play(scenario, point, Ground::Ganeti(real), None).await,
                    Err(error) => Outcome::not_begun(format!("{error:#}")),
                }
            }),
        }
    }
}

/// A real API server with our kinds.
pub struct ApiServer {
    config: kube::Config,
    // In this order they are dropped: the folder last.
    _plane: ControlPlane,
    _dir: Folder,
}

impl ApiServer {
    async fn start(binaries: &Binaries) -> Result<Self> {
        let dir = Folder::new()?;
        let plane = ControlPlane::start(binaries, cyclades_control_plane::Options::in_dir(&dir.0)).await?;
        let kubeconfig = Kubeconfig::read_from(plane.admin_kubeconfig())?;
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
        let server = Self { config, _plane: plane, _dir: dir };
        server.define().await?;
        Ok(server)
    }

    async fn define(&self) -> Result<()> {
        let client = kube::Client::try_from(self.config.clone())?;
        let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
        for definition in cyclades_crds::all() {
            let name = definition.metadata.name.clone().context("a definition without a name")?;
            let parameters = PatchParams::apply("chaos").force();
            definitions.patch(&name, &parameters, &Patch::Apply(&definition)).await?;
        }
        let server = Server::new(client);
        let established = async {
            while server.list(Kind::Vm).await.is_err() || server.clear().await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(ESTABLISHED_WITHIN, established).await.context("our kinds are not served")
    }

    /// The server with nothing of a former point.
    async fn cleared(&self) -> Result<Server> {
        // A client belongs to the runtime that it is made in.
        let server = Server::new(kube::Client::try_from(self.config.clone())?);
        server.clear().await.map_err(anyhow::Error::msg).context("what the last point left")?;
        Ok(server)
    }
}

/// A folder of a lane, which goes with it.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn new() -> Result<Self> {
        let name = format!("cyclades-chaos-{}", uuid::Uuid::new_v4());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
