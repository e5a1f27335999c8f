//! Debian's packages start their daemons when they are installed, unless `policy-rc.d` says no.

use std::path::{Path, PathBuf};

use crate::Error;
use crate::layout::write_executable;

/// Status 101 means "do not" (Debian's `invoke-rc.d`, policy-rc.d interface).
const REFUSE: &str =
    "#!/bin/sh\n# For the time the Ganeti lab installs packages: start no daemon.\nexit 101\n";

/// While it lives, no package starts a daemon. What was there before comes back at its end, or, if that did not
/// come about, with the next one.
pub(super) struct QuietServices {
    policy: PathBuf,
    aside: PathBuf,
}

impl QuietServices {
    pub fn begin() -> Result<Self, Error> {
        Self::begin_in(Path::new("/usr/sbin"))
    }

    fn begin_in(directory: &Path) -> Result<Self, Error> {
        let quiet = Self {
            policy: directory.join("policy-rc.d"),
            aside: directory.join("policy-rc.d.before-ganeti-lab"),
        };
        quiet.restore()?;
        if quiet.policy.exists() {
            std::fs::rename(&quiet.policy, &quiet.aside).map_err(Error::file("set aside", &quiet.policy))?;
        }
        write_executable(&quiet.policy, REFUSE)?;
        Ok(quiet)
    }

    /// Brings back what was there before.
    pub fn end(self) -> Result<(), Error> {
        self.restore()
    }

    fn restore(&self) -> Result<(), Error> {
        if std::fs::read_to_string(&self.policy).is_ok_and(|text| text == REFUSE) {
            std::fs::remove_file(&self.policy).map_err(Error::file("remove", &self.policy))?;
        }
        if self.aside.exists() && !self.policy.exists() {
            std::fs::rename(&self.aside, &self.policy).map_err(Error::file("bring back", &self.policy))?;
        }
        Ok(())
    }
}

impl Drop for QuietServices {
    fn drop(&mut self) {
        // The next one tries again, and tells.
        let _ = self.restore();
    }
}

#[cfg(test)]
mod tests {
    use super::{QuietServices, REFUSE};

    fn policy(dir: &tempfile::TempDir) -> Option<String> {
        std::fs::read_to_string(dir.path().join("policy-rc.d")).ok()
    }

    #[test]
    fn leaves_nothing_where_there_was_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let quiet = QuietServices::begin_in(dir.path()).unwrap();
        assert_eq!(policy(&dir).as_deref(), Some(REFUSE));
        quiet.end().unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn brings_back_the_machines_own_even_after_a_crash() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("policy-rc.d"), "own").unwrap();
        std::mem::forget(QuietServices::begin_in(dir.path()).unwrap());
        assert_eq!(policy(&dir).as_deref(), Some(REFUSE));
        drop(QuietServices::begin_in(dir.path()).unwrap());
        assert_eq!(policy(&dir).as_deref(), Some("own"));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
