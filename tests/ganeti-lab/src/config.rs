//! What a cluster shall be like.

use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::Error;

/// A kind of guest Ganeti can run here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hypervisor {
    /// A guest is a file with its size: quick, any number of them.
    Fake,
    /// A guest is QEMU in software emulation with the lab's own small Linux.
    Kvm,
}

impl Hypervisor {
    /// Ganeti's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fake => "fake",
            Self::Kvm => "kvm",
        }
    }
}

/// What [`crate::Cluster::up`] makes.
#[derive(Clone, Debug)]
pub struct Config {
    /// A DNS label; the cluster is called `NAME.cyclades.test`.
    pub name: String,
    /// Which subnet and interface of the lab to take, below [`Config::MAX_INDEX`]; none takes a free one.
    pub index: Option<u32>,
    /// Enabled hypervisors; the first is the default.
    pub hypervisors: Vec<Hypervisor>,
    /// Directory of the cluster: made by `up` (it may exist, empty), removed by `down`.
    pub dir: PathBuf,
    /// Whether the cluster outlives this process. If not, it ends with it, however it ends.
    pub detached: bool,
    /// Virtual CPUs allowed for each CPU of the machine. 1000 never refuses; Ganeti's own default, 4, soon does.
    pub vcpu_ratio: f64,
    /// Cluster's setting for guests that power themselves off: `USER_down` instead of `ERROR_down`.
    pub user_shutdown: bool,
}

impl Config {
    /// How many clusters the lab's address range holds.
    pub const MAX_INDEX: u32 = crate::subnet::COUNT;

    /// A cluster with the fake hypervisor that ends with this process.
    pub fn new(name: impl Into<String>, dir: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            index: None,
            hypervisors: vec![Hypervisor::Fake],
            dir: dir.into(),
            detached: false,
            vcpu_ratio: 1000.0,
            user_shutdown: true,
        }
    }

    /// The same with both hypervisors; fake stays the default.
    #[must_use]
    pub fn with_kvm(mut self) -> Self {
        self.hypervisors = vec![Hypervisor::Fake, Hypervisor::Kvm];
        self
    }

    /// The same, outliving this process.
    #[must_use]
    pub fn detached(mut self) -> Self {
        self.detached = true;
        self
    }

    pub(crate) fn has_kvm(&self) -> bool {
        self.hypervisors.contains(&Hypervisor::Kvm)
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        let wrong = |what: String| Err(Error::Config(what));
        // 40: the node's host name, prefix included, must stay below the kernel's 64.
        let label = !self.name.is_empty()
            && self.name.len() <= 40
            && self.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !self.name.starts_with('-')
            && !self.name.ends_with('-');
        if !label {
            return wrong(format!(
                "name {:?} is not a DNS label of at most 40 lower-case characters",
                self.name
            ));
        }
        if self.index.is_some_and(|index| index >= Self::MAX_INDEX) {
            return wrong(format!("index must be below {}", Self::MAX_INDEX));
        }
        if self.hypervisors.is_empty() {
            return wrong("at least one hypervisor is needed".to_owned());
        }
        if !(self.vcpu_ratio.is_finite() && self.vcpu_ratio > 0.0) {
            return wrong(format!("vcpu_ratio {} is not a positive number", self.vcpu_ratio));
        }
        self.validate_dir()
    }

    /// The cluster puts a private directory over each of these, which would hide its own.
    fn validate_dir(&self) -> Result<(), Error> {
        const HIDDEN: [&str; 7] =
            ["/run", "/var/run", "/srv", "/var/lib/ganeti", "/var/log/ganeti", "/etc/ganeti", "/var/lock"];
        let plain = self.dir.is_absolute() && !self.dir.components().any(|part| part == Component::ParentDir);
        if !plain {
            return Err(Error::Config(format!("dir {} must be absolute, without `..`", self.dir.display())));
        }
        let real = existing_ancestor(&self.dir);
        match HIDDEN.iter().find(|hidden| real.starts_with(hidden) || self.dir.starts_with(hidden)) {
            Some(hidden) => {
                Err(Error::Config(format!("dir {} must not be below {hidden}", self.dir.display())))
            }
            None => Ok(()),
        }
    }
}

/// The nearest existing directory at or above `path`, without symbolic links.
fn existing_ancestor(path: &Path) -> PathBuf {
    path.ancestors().find_map(|ancestor| ancestor.canonicalize().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Config;

    #[test]
    fn refuses_what_would_only_fail_later() {
        assert!(Config::new("a-1", "/tmp/a").validate().is_ok());
        assert!(Config::new("A", "/tmp/a").validate().is_err());
        assert!(Config::new("-a", "/tmp/a").validate().is_err());
        assert!(Config::new("a", "relative").validate().is_err());
        assert!(Config::new("a", "/tmp/../srv/a").validate().is_err());
        assert!(Config::new("a", "/srv/a").validate().is_err());
        assert!(Config::new("a", "/var/run/a").validate().is_err());
        assert!(Config { vcpu_ratio: f64::NAN, ..Config::new("a", "/tmp/a") }.validate().is_err());
        assert!(Config { index: Some(Config::MAX_INDEX), ..Config::new("a", "/tmp/a") }.validate().is_err());
        assert!(Config { hypervisors: vec![], ..Config::new("a", "/tmp/a") }.validate().is_err());
    }
}
