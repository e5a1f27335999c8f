//! The programs of a control plane: taken from where they are, else built once and cached.

mod compile;
mod console;
mod go;
mod helm;
mod module;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::environment::is_executable;
use crate::progress::Progress;
use crate::{Environment, Error};

pub use helm::{ensure_helm, ensure_helm_in};
pub use module::{ETCD_VERSION, HELM_VERSION, KUBERNETES_VERSION};

/// Where the programs of a control plane are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binaries {
    /// etcd.
    pub etcd: PathBuf,
    /// The API server.
    pub kube_apiserver: PathBuf,
    /// The controller manager: namespace deletion and garbage collection are its work.
    pub kube_controller_manager: PathBuf,
    /// kubectl of the same release.
    pub kubectl: PathBuf,
}

const ETCD: &str = "etcd";
const APISERVER: &str = "kube-apiserver";
const CONTROLLER_MANAGER: &str = "kube-controller-manager";
const KUBECTL: &str = "kubectl";

impl Binaries {
    /// The binaries that this process's environment leads to; see [`Binaries::ensure_in`].
    ///
    /// # Errors
    /// As of [`Binaries::ensure_in`], and [`Error::NoCacheFolder`].
    pub async fn ensure(progress: &dyn Progress) -> Result<Self, Error> {
        Self::ensure_in(&Environment::from_process()?, progress).await
    }

    /// In this order: `KUBEBUILDER_ASSETS` if set (the controller manager also from `PATH`, else built);
    /// our cache; a build from Go modules into our cache, which takes minutes and a Go toolchain.
    ///
    /// # Errors
    /// [`Error::NoProgram`] for an incomplete `KUBEBUILDER_ASSETS`, [`Error::NoGo`] without a toolchain,
    /// [`Error::Command`] or [`Error::Timeout`] for a build that failed, [`Error::Io`] for the cache.
    pub async fn ensure_in(environment: &Environment, progress: &dyn Progress) -> Result<Self, Error> {
        match &environment.assets {
            Some(folder) => Self::from_assets(folder, environment, progress).await,
            None => {
                Ok(Self::in_folder(&compile::ensure(&module::CONTROL_PLANE, environment, progress).await?))
            }
        }
    }

    fn in_folder(folder: &Path) -> Self {
        Self {
            etcd: folder.join(ETCD),
            kube_apiserver: folder.join(APISERVER),
            kube_controller_manager: folder.join(CONTROLLER_MANAGER),
            kubectl: folder.join(KUBECTL),
        }
    }

    async fn from_assets(
        folder: &Path,
        environment: &Environment,
        progress: &dyn Progress,
    ) -> Result<Self, Error> {
        let mut binaries = Self::in_folder(folder);
        for file in [&binaries.etcd, &binaries.kube_apiserver, &binaries.kubectl] {
            require(file)?;
        }
        if !is_executable(&binaries.kube_controller_manager) {
            // `setup-envtest` brings none, and without it no namespace is ever deleted.
            binaries.kube_controller_manager = match environment.on_path(CONTROLLER_MANAGER) {
                Some(file) => file,
                None => Self::built_controller_manager(environment, progress).await?,
            };
        }
        Ok(binaries)
    }

    async fn built_controller_manager(
        environment: &Environment,
        progress: &dyn Progress,
    ) -> Result<PathBuf, Error> {
        let all = module::CONTROL_PLANE.cached(environment);
        let folder = match all {
            Some(folder) => folder,
            None => compile::ensure(&module::CONTROLLER_MANAGER_ALONE, environment, progress).await?,
        };
        Ok(folder.join(CONTROLLER_MANAGER))
    }
}

fn require(file: &Path) -> Result<(), Error> {
    if is_executable(file) {
        return Ok(());
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder = file.parent().unwrap_or(file).display();
    Err(Error::NoProgram {
        place: format!("KUBEBUILDER_ASSETS={folder}"),
        program: name,
        cure: "complete the folder, or unset the variable so that the programs are built once and cached",
    })
}
