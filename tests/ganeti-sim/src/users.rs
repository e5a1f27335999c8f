//! Who may use RAPI.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};

use crate::Error;

/// Not from the cluster's own generator: passwords are not to follow from a seed.
fn new_password() -> Result<String, Error> {
    let mut bytes = [0; 24];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut bytes).map_err(|_| Error::Certificate("the system gives no randomness".to_owned()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// A RAPI user and its password.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The user's name.
    pub username: String,
    /// Its password.
    pub password: SecretString,
}

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everything.
    Write,
    /// Read, queries included.
    Read,
    /// Only what needs no right.
    Plain,
}

/// The users RAPI knows.
#[derive(Debug, Clone)]
pub(crate) struct Users {
    known: Vec<(Credentials, Access)>,
}

impl Users {
    /// `operator` may write, `reader` may read.
    pub fn initial() -> Result<Self, Error> {
        let user = |name: &str, access| {
            let password = new_password()?.into();
            Ok((Credentials { username: name.to_owned(), password }, access))
        };
        Ok(Self { known: vec![user("operator", Access::Write)?, user("reader", Access::Read)?] })
    }

    /// The first user with this access.
    pub fn with(&self, access: Access) -> Option<&Credentials> {
        self.known.iter().find(|(_, has)| *has == access).map(|(user, _)| user)
    }

    /// Adds a user or gives a known one another password and right.
    pub fn set(&mut self, credentials: Credentials, access: Access) {
        self.known.retain(|(user, _)| user.username != credentials.username);
        self.known.push((credentials, access));
    }

    /// Checks an `Authorization` header's value.
    pub fn check(&self, header: &str) -> Option<Access> {
        let (scheme, encoded) = header.trim().split_once(char::is_whitespace)?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let decoded = STANDARD.decode(encoded.trim()).ok()?;
        // As Ganeti, which knows no credentials outside ASCII.
        let text = std::str::from_utf8(&decoded).ok().filter(|text| text.is_ascii())?;
        let (name, password) = text.split_once(':')?;
        let (user, access) = self.known.iter().find(|(user, _)| user.username == name)?;
        (user.password.expose_secret() == password).then_some(*access)
    }
}

#[cfg(test)]
mod tests {
    use super::{Access, Users};
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use secrecy::ExposeSecret;

    #[test]
    fn a_password_opens_its_own_door_only() {
        let users = Users::initial().unwrap();
        let reader = users.with(Access::Read).unwrap();
        let header =
            |name: &str, password: &str| format!("Basic {}", STANDARD.encode(format!("{name}:{password}")));
        let password = reader.password.expose_secret();
        assert_eq!(users.check(&header("reader", password)), Some(Access::Read));
        assert_eq!(users.check(&header("operator", password)), None);
        assert_eq!(users.check(&header("reader", "")), None);
        assert_eq!(users.check("Bearer abc"), None);
        assert!(!format!("{users:?}").contains(password));
    }
}
