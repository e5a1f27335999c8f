//! How an opcode fails.

use crate::json;

/// Ganeti's error codes (`errors.ECODE_*`).
pub(crate) mod ecode {
    pub const NORES: &str = "insufficient_resources";
    pub const INVAL: &str = "wrong_input";
    pub const STATE: &str = "wrong_state";
    pub const NOENT: &str = "unknown_entity";
    pub const EXISTS: &str = "already_exists";
    pub const NOTUNIQUE: &str = "resource_not_unique";
    pub const ENVIRON: &str = "environment_error";
}

/// A failed opcode: the class of the exception and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpError {
    pub class: &'static str,
    pub message: String,
    pub ecode: Option<&'static str>,
}

impl OpError {
    /// Refused in the prechecks, before any effect.
    pub fn prereq(message: impl Into<String>, ecode: &'static str) -> Self {
        Self { class: "OpPrereqError", message: message.into(), ecode: Some(ecode) }
    }

    /// Failed while it was carried out.
    pub fn exec(message: impl Into<String>) -> Self {
        Self::of("OpExecError", message)
    }

    /// An exception of another class, without a code.
    pub fn of(class: &'static str, message: impl Into<String>) -> Self {
        Self { class, message: message.into(), ecode: None }
    }

    pub fn unknown(kind: &str, name: &str) -> Self {
        Self::prereq(format!("{kind} '{name}' not known"), ecode::NOENT)
    }

    /// `[class, [message, code]]`.
    pub fn to_json(&self) -> Box<str> {
        let arguments: Vec<&str> = std::iter::once(self.message.as_str()).chain(self.ecode).collect();
        let bytes = json::bytes_of(&(self.class, arguments));
        String::from_utf8_lossy(&bytes).into_owned().into_boxed_str()
    }
}

#[cfg(test)]
mod tests {
    use super::{OpError, ecode};

    #[test]
    fn has_ganetis_shape() {
        let error = OpError::prereq("Instance 'x' is already in the cluster", ecode::EXISTS);
        let text = r#"["OpPrereqError",["Instance 'x' is already in the cluster","already_exists"]]"#;
        assert_eq!(&*error.to_json(), text);
        assert_eq!(&*OpError::exec("a").to_json(), r#"["OpExecError",["a"]]"#);
    }
}
