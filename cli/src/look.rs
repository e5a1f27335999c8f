//! Looking at an object that may not be there, or may not be looked at.

use std::fmt::Debug;

use anyhow::{Result, anyhow};
use kube::Api;
use serde::de::DeserializeOwned;

/// What a look at an object found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Look<T> {
    /// It is there.
    Found(T),
    /// There is none.
    Absent,
    /// The API server does not let this user look.
    Hidden,
}

impl<T> Look<T> {
    /// The object, where it was found.
    pub(crate) fn found(&self) -> Option<&T> {
        match self {
            Self::Found(object) => Some(object),
            Self::Absent | Self::Hidden => None,
        }
    }
}

/// Looks at an object.
///
/// # Errors
/// The API server's, but for "not found" and "forbidden".
pub(crate) async fn look<K>(api: &Api<K>, name: &str) -> Result<Look<K>>
where
    K: Clone + DeserializeOwned + Debug,
{
    match api.get_opt(name).await {
        Ok(Some(object)) => Ok(Look::Found(object)),
        Ok(None) => Ok(Look::Absent),
        Err(error) if code(&error) == Some(403) => Ok(Look::Hidden),
        Err(error) => Err(said(error)),
    }
}

/// HTTP status of the API server's refusal, if it is one.
pub(crate) fn code(error: &kube::Error) -> Option<u16> {
    match error {
        kube::Error::Api(status) => Some(status.code),
        _ => None,
    }
}

/// An error in the API server's own words.
pub(crate) fn said(error: kube::Error) -> anyhow::Error {
    match error {
        kube::Error::Api(status) => anyhow!("{}", status.message),
        other => anyhow::Error::new(other).context("the API server does not answer"),
    }
}
