//! Who may use a cluster's RAPI.

use std::fs::Permissions;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::User;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::{Error, ProcessId};

/// A name and its password.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// RAPI user.
    pub username: String,
    /// Its password.
    pub password: SecretString,
}

impl Credentials {
    /// A user with a fresh random password.
    pub fn random(username: impl Into<String>) -> Self {
        let password = SecretString::from(uuid::Uuid::new_v4().simple().to_string());
        Self { username: username.into(), password }
    }
}

/// What a RAPI user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everything.
    Write,
    /// Queries, those included that need a right of their own.
    Read,
    /// Only what any known user may read.
    Plain,
}

/// One line of RAPI's users file.
#[derive(Clone, Debug)]
pub struct RapiUser {
    /// Name and password.
    pub credentials: Credentials,
    /// Rights.
    pub access: Access,
}

impl RapiUser {
    fn line(&self) -> String {
        let Credentials { username, password } = &self.credentials;
        let options = match self.access {
            Access::Write => " write",
            Access::Read => " read",
            Access::Plain => "",
        };
        format!("{username} {}{options}\n", password.expose_secret())
    }
}

/// The two users each cluster starts with.
#[derive(Clone, Debug)]
pub(crate) struct InitialUsers {
    pub write: Credentials,
    pub read: Credentials,
}

impl InitialUsers {
    pub fn random() -> Self {
        Self { write: Credentials::random("operator"), read: Credentials::random("reader") }
    }

    pub fn list(&self) -> [RapiUser; 2] {
        [
            RapiUser { credentials: self.write.clone(), access: Access::Write },
            RapiUser { credentials: self.read.clone(), access: Access::Read },
        ]
    }

    fn file(dir: &Path) -> PathBuf {
        dir.join("credentials.json")
    }

    /// Keeps them for [`crate::Cluster::attach`].
    pub fn write_to(&self, dir: &Path) -> Result<(), Error> {
        let pair =
            |of: &Credentials| json!({"username": of.username, "password": of.password.expose_secret()});
        let text = json!({"write": pair(&self.write), "read": pair(&self.read)}).to_string();
        write_private(&Self::file(dir), &text)
    }

    pub fn read_from(dir: &Path) -> Result<Self, Error> {
        let file = Self::file(dir);
        let text = std::fs::read_to_string(&file).map_err(Error::file("read", &file))?;
        let value: Value = serde_json::from_str(&text).map_err(|error| Error::content(&file, error))?;
        let pair = |name: &str| {
            let field = |key: &str| value[name][key].as_str().map(str::to_owned);
            let missing = || Error::content(&file, format!("no {name} user"));
            Ok::<_, Error>(Credentials {
                username: field("username").ok_or_else(missing)?,
                password: field("password").ok_or_else(missing)?.into(),
            })
        };
        Ok(Self { write: pair("write")?, read: pair("read")? })
    }
}

/// Replaces the users file of the cluster as a whole. RAPI reads it when it sees the new one, within milliseconds;
/// it must belong to RAPI's user at that moment, or RAPI knows nobody from then on.
pub(crate) fn write_users(init: ProcessId, users: &[RapiUser]) -> Result<(), Error> {
    let directory = init.view("/var/lib/ganeti/rapi");
    std::fs::create_dir_all(&directory).map_err(Error::file("create", &directory))?;
    let (next, file) = (directory.join("users.new"), directory.join("users"));
    let text: String = users.iter().map(RapiUser::line).collect();
    write_private(&next, &text)?;
    let owner = User::from_name("gnt-rapi")
        .ok()
        .flatten()
        .ok_or_else(|| Error::NotInstalled("user gnt-rapi of package ganeti".to_owned()))?;
    std::os::unix::fs::chown(&next, Some(owner.uid.as_raw()), Some(owner.gid.as_raw()))
        .map_err(Error::file("hand over", &next))?;
    std::fs::rename(&next, &file).map_err(Error::file("replace", &file))
}

fn write_private(file: &Path, text: &str) -> Result<(), Error> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    let mut handle = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)
        .map_err(Error::file("create", file))?;
    // The mode above counts only for a new file.
    handle.set_permissions(Permissions::from_mode(0o600)).map_err(Error::file("protect", file))?;
    handle.write_all(text.as_bytes()).map_err(Error::file("write", file))
}

#[cfg(test)]
mod tests {
    use super::{Access, Credentials, InitialUsers, RapiUser};
    use secrecy::ExposeSecret;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn are_kept_privately_and_never_shown() {
        let dir = tempfile::tempdir().unwrap();
        let users = InitialUsers::random();
        users.write_to(dir.path()).unwrap();
        let again = InitialUsers::read_from(dir.path()).unwrap();
        assert_eq!(again.write.password.expose_secret(), users.write.password.expose_secret());
        assert_ne!(again.write.password.expose_secret(), again.read.password.expose_secret());
        assert!(!format!("{users:?}").contains(users.write.password.expose_secret()));
        let mode = InitialUsers::file(dir.path()).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_line_has_ganetis_form() {
        let credentials = Credentials { username: "a".into(), password: "b".to_owned().into() };
        let line = |access| RapiUser { credentials: credentials.clone(), access }.line();
        assert_eq!(line(Access::Write), "a b write\n");
        assert_eq!(line(Access::Read), "a b read\n");
        assert_eq!(line(Access::Plain), "a b\n");
    }
}
