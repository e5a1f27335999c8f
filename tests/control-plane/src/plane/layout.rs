//! The files of one control plane, all in one folder.

use std::path::{Path, PathBuf};

use crate::{Error, files};

/// Everything that is ever made in the folder, so that taking it down removes that and nothing else.
const ENTRIES: &[&str] = &[
    "etcd",
    "apiserver",
    "controller-manager",
    "service-accounts",
    "kubectl-cache",
    "etcd.log",
    "kube-apiserver.log",
    "kube-controller-manager.log",
    "audit.log",
    "audit-policy.yaml",
    "sa.key",
    "sa.pub",
    "tokens.csv",
    "kubeconfig",
    "state.json",
    // Where `kubectl` and the programs look for a home directory.
    ".kube",
];

/// Names of the files in a control plane's folder.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    dir: PathBuf,
}

impl Layout {
    /// Makes the folder, for its owner alone: it holds keys and an administrator's token.
    pub(crate) fn create(dir: &Path) -> Result<Self, Error> {
        files::make_private_folder(dir)?;
        Self::open(dir)
    }

    /// The folder must exist. Its path is made canonical: processes are found by it.
    pub(crate) fn open(dir: &Path) -> Result<Self, Error> {
        let dir = dir.canonicalize().map_err(Error::io("open", dir))?;
        Ok(Self { dir })
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn etcd_data(&self) -> PathBuf {
        self.dir.join("etcd")
    }

    /// The API server writes its self-signed pair here.
    pub(crate) fn apiserver_certificates(&self) -> PathBuf {
        self.dir.join("apiserver")
    }

    /// The API server's certificate with the CA that signed it.
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.apiserver_certificates().join("apiserver.crt")
    }

    pub(crate) fn controller_manager_certificates(&self) -> PathBuf {
        self.dir.join("controller-manager")
    }

    pub(crate) fn service_account_key(&self) -> PathBuf {
        self.dir.join("sa.key")
    }

    pub(crate) fn service_account_public_key(&self) -> PathBuf {
        self.dir.join("sa.pub")
    }

    pub(crate) fn tokens(&self) -> PathBuf {
        self.dir.join("tokens.csv")
    }

    pub(crate) fn admin_kubeconfig(&self) -> PathBuf {
        self.dir.join("kubeconfig")
    }

    /// Neither a namespace nor a name of a ServiceAccount can hold a slash, which the API server checked.
    pub(crate) fn service_account_kubeconfig(&self, namespace: &str, name: &str) -> PathBuf {
        self.dir.join("service-accounts").join(format!("{namespace}.{name}.kubeconfig"))
    }

    pub(crate) fn audit_policy(&self) -> PathBuf {
        self.dir.join("audit-policy.yaml")
    }

    pub(crate) fn audit_log(&self) -> PathBuf {
        self.dir.join("audit.log")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.dir.join("state.json")
    }

    pub(crate) fn kubectl_cache(&self) -> PathBuf {
        self.dir.join("kubectl-cache")
    }

    pub(crate) fn log(&self, program: &str) -> PathBuf {
        self.dir.join(format!("{program}.log"))
    }

    /// Removes our files, and the folder if nothing else is in it.
    pub(crate) fn remove(&self) -> Result<(), Error> {
        for entry in ENTRIES {
            files::remove(&self.dir.join(entry))?;
        }
        match std::fs::remove_dir(&self.dir) {
            Err(error) if error.kind() == std::io::ErrorKind::DirectoryNotEmpty => Ok(()),
            other => other.map_err(Error::io("remove", &self.dir)),
        }
    }
}
