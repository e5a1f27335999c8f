//! The bed that the cases of a suite share.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use cyclades_bed::{Bed, CargoOutput, Options, Profile, Programs};
use cyclades_control_plane::{Progress as _, progress::Stderr};
use kube::config::{KubeConfigOptions, Kubeconfig};
use tokio::sync::{RwLock, RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard};

use crate::space;

/// What a suite's cases act on.
pub struct Stage {
    bed: RwLock<Option<Bed>>,
    client: kube::Client,
    dir: PathBuf,
    log: Option<PathBuf>,
    progress: Stderr,
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stage").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl Stage {
    /// Starts a bed, with flavors to make machines of.
    pub(crate) async fn start(options: Options) -> Result<Self> {
        // One provider for all of TLS; a second installation would only fail, which is no harm.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let progress = Stderr::new();
        if options.clusters.iter().any(|kind| kind.is_lab()) {
            if let Err(missing) = ganeti_lab::requirements() {
                bail!("{}; CYCLADES_LAB=off leaves out what needs a real Ganeti", missing.join("; "));
            }
            ganeti_lab::install(&|line| progress.line(line)).await?;
        }
        let programs = Programs::ensure(Profile::Debug, CargoOutput::Kept, &progress).await?;
        let mut bed = Bed::start(options, &programs, &progress).await?;
        let kubeconfig = Kubeconfig::read_from(bed.kubeconfig())?;
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
        let log = bed.operator().ok().map(|operator| operator.log().to_path_buf());
        let stage = Self {
            client: kube::Client::try_from(config)?,
            dir: bed.dir().to_path_buf(),
            log,
            progress,
            bed: RwLock::new(Some(bed)),
        };
        stage.apply(&space::catalog()).await?;
        Ok(stage)
    }

    /// Another installation with the same settings, beside this one: a Kubernetes cluster of its own and an operator that
    /// has the same name, and no cluster of its own to manage. `saved` is what its etcd begins with; nothing where absent.
    ///
    /// # Errors
    /// Whatever went wrong, with the last words of the part that is to blame.
    pub async fn beside(&self, saved: Option<PathBuf>) -> Result<Self> {
        let options = Options { backends: false, saved, ..Options::for_test(Vec::new()) };
        self.tell("  another Kubernetes cluster starts");
        Self::start(options).await
    }

    /// The API server, as administrator.
    #[must_use]
    pub fn client(&self) -> kube::Client {
        self.client.clone()
    }

    /// The bed, to be looked at. Whoever changes it waits meanwhile: not to be kept.
    ///
    /// # Panics
    /// After the end of the suite.
    pub async fn bed(&self) -> RwLockReadGuard<'_, Bed> {
        RwLockReadGuard::map(self.bed.read().await, |bed| match bed {
            Some(bed) => bed,
            None => unreachable!("no case runs after the end of its suite"),
        })
    }

    /// The bed, to be changed: its operator killed or started.
    ///
    /// # Panics
    /// After the end of the suite.
    pub async fn bed_mut(&self) -> RwLockMappedWriteGuard<'_, Bed> {
        RwLockWriteGuard::map(self.bed.write().await, |bed| match bed {
            Some(bed) => bed,
            None => unreachable!("no case runs after the end of its suite"),
        })
    }

    /// Says something on standard error.
    pub(crate) fn tell(&self, text: &str) {
        self.progress.line(text);
    }

    /// The bed's folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The last lines of the operator's log.
    pub(crate) fn log_tail(&self) -> String {
        const LINES: usize = 30;
        let log = self.operator_log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LINES)..].join("\n")
    }

    /// The whole log of the operator, over all its starts.
    #[must_use]
    pub fn operator_log(&self) -> String {
        self.log.as_deref().map(read).unwrap_or_default()
    }

    /// Ends the bed; nothing of it may be left.
    ///
    /// # Errors
    /// With what is left.
    pub async fn end(&self) -> Result<()> {
        let Some(bed) = self.bed.write().await.take() else { return Ok(()) };
        bed.stop().await.context("the bed does not end")?;
        ensure!(!self.dir.exists(), "{} is left", self.dir.display());
        let left = processes_of(&self.dir);
        ensure!(left.is_empty(), "these processes are left: {left:?}");
        Ok(())
    }
}

fn read(path: &Path) -> String {
    std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// Command lines of processes that name the folder.
fn processes_of(dir: &Path) -> Vec<String> {
    let dir = dir.to_string_lossy();
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    lines
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(&*dir))
        .collect()
}
