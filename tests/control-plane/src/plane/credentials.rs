//! Keys, tokens and kubeconfigs.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::layout::Layout;
use crate::{Error, files};

/// The user behind the administrator's token.
pub(crate) const ADMIN: &str = "admin";

/// Makes the key pair that signs ServiceAccount tokens, unless the folder has one of an earlier run.
pub(crate) fn ensure_service_account_keys(layout: &Layout) -> Result<(), Error> {
    let private = layout.service_account_key();
    if private.exists() {
        return Ok(());
    }
    let malformed = |error: rcgen::Error| Error::Malformed {
        what: "a new EC key pair".to_owned(),
        reason: error.to_string(),
    };
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).map_err(malformed)?;
    files::write_private(&layout.service_account_public_key(), pair.public_key_pem().as_bytes())?;
    // The private half last: its presence says that both are there.
    files::write_private(&private, pair.serialize_pem().as_bytes())
}

/// The administrator's token: that of an earlier run in this folder, else a new random one.
pub(crate) fn ensure_admin_token(layout: &Layout) -> Result<SecretString, Error> {
    if layout.tokens().exists() {
        return read_admin_token(layout);
    }
    // Two version 4 UUIDs: 244 random bits from the system.
    let token = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
    let line = format!("{token},{ADMIN},{ADMIN},\"system:masters\"\n");
    files::write_private(&layout.tokens(), line.as_bytes())?;
    Ok(token.into())
}

/// The administrator's token out of the API server's token file.
pub(crate) fn read_admin_token(layout: &Layout) -> Result<SecretString, Error> {
    let path = layout.tokens();
    let text = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    let token = text.split_once(',').map(|(token, _)| token.to_owned());
    token.map(SecretString::from).ok_or_else(|| Error::Malformed {
        what: path.display().to_string(),
        reason: "it has no line TOKEN,USER,UID,GROUPS".to_owned(),
    })
}

/// A kubeconfig with one cluster, one user and one context.
pub(crate) fn kubeconfig(
    server: &str,
    ca_pem: &str,
    user: &str,
    namespace: &str,
    token: &SecretString,
) -> Result<String, Error> {
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "cyclades", "cluster": {
            "server": server,
            "certificate-authority-data": BASE64_STANDARD.encode(ca_pem),
        }}],
        "users": [{"name": user, "user": {"token": token.expose_secret()}}],
        "contexts": [{"name": "cyclades", "context": {
            "cluster": "cyclades", "user": user, "namespace": namespace,
        }}],
        "current-context": "cyclades",
    });
    serde_yaml::to_string(&config)
        .map_err(|error| Error::Malformed { what: "a new kubeconfig".to_owned(), reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_in_a_folder_keeps_keys_and_token() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::create(dir.path()).unwrap();
        ensure_service_account_keys(&layout).unwrap();
        let key = std::fs::read(layout.service_account_key()).unwrap();
        let token = ensure_admin_token(&layout).unwrap();
        ensure_service_account_keys(&layout).unwrap();
        assert_eq!(std::fs::read(layout.service_account_key()).unwrap(), key);
        assert_eq!(ensure_admin_token(&layout).unwrap().expose_secret(), token.expose_secret());
        assert_eq!(token.expose_secret().len(), 64);
    }
}
