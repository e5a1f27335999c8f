//! What RAPI says with an answer that is no success.

use serde::Deserialize;

/// RAPI's error object.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ErrorBody {
    pub(crate) message: String,
    pub(crate) explain: String,
}

impl ErrorBody {
    /// Its words.
    pub(crate) fn words(self) -> String {
        if self.message.is_empty() { self.explain } else { self.message }
    }
}
