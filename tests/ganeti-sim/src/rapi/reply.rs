//! Answers.

use crate::json;
use crate::opcode::{FillError, OpError};

/// A status and a JSON text.
#[derive(Debug)]
pub(crate) struct Reply {
    pub code: u16,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(body: impl Into<Vec<u8>>) -> Self {
        Self { code: 200, body: body.into() }
    }
}

/// An error that RAPI answers with.
#[derive(Debug)]
pub(crate) struct HttpError {
    pub code: u16,
    pub message: String,
}

impl HttpError {
    pub fn new(code: u16, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// An error with nothing to say but its name.
    pub fn of(code: u16) -> Self {
        Self::new(code, texts(code).0)
    }

    pub fn unauthorized() -> Self {
        Self::of(401)
    }

    /// An exception that RAPI does not know: its text with 500. A code shows as Python shows a tuple.
    pub fn internal(error: &OpError) -> Self {
        let Some(code) = error.ecode else { return Self::new(500, &error.message) };
        let quote = if error.message.contains('\'') { '"' } else { '\'' };
        Self::new(500, format!("({quote}{}{quote}, '{code}')", error.message))
    }

    /// What RAPI answers when it stumbles over an empty list.
    pub fn out_of_range() -> Self {
        Self::new(500, "list index out of range")
    }

    pub fn reply(&self) -> Reply {
        let body = serde_json::json!({
            "code": self.code,
            "message": escape(&self.message),
            "explain": texts(self.code).1,
        });
        Reply { code: self.code, body: json::bytes_of(&body) }
    }
}

impl From<FillError> for HttpError {
    fn from(error: FillError) -> Self {
        match error {
            FillError::Refused(text) => Self::new(400, text),
            FillError::Crashed(text) => Self::new(500, text),
        }
    }
}

/// Python's `html.escape`.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#x27;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Short and long text of a status, as in Python's `BaseHTTPRequestHandler.responses`.
fn texts(code: u16) -> (&'static str, &'static str) {
    match code {
        400 => ("Bad Request", "Bad request syntax or unsupported method"),
        401 => ("Unauthorized", "No permission -- see authorization schemes"),
        403 => ("Forbidden", "Request forbidden -- authorization will not help"),
        404 => ("Not Found", "Nothing matches the given URI"),
        415 => ("Unsupported Media Type", "Entity body in unsupported format"),
        500 => ("Internal Server Error", "Server got itself in trouble"),
        501 => ("Not Implemented", "Server does not support this operation"),
        502 => ("Bad Gateway", "Invalid responses from another server/proxy"),
        503 => ("Service Unavailable", "The server cannot process the request due to a high load"),
        504 => ("Gateway Timeout", "The gateway server did not receive a timely response"),
        _ => ("Unknown", "Unknown"),
    }
}

#[cfg(test)]
mod tests {
    use super::HttpError;
    use crate::opcode::{OpError, ecode};

    #[test]
    fn messages_are_escaped_for_html() {
        let reply = HttpError::new(400, "a 'b' <c> & \"d\"").reply();
        let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(body["message"], "a &#x27;b&#x27; &lt;c&gt; &amp; &quot;d&quot;");
        assert_eq!(body["code"], 400);
        assert_eq!(body["explain"], "Bad request syntax or unsupported method");
    }

    #[test]
    fn an_exception_with_a_code_shows_as_a_tuple() {
        let error = OpError::prereq("Sync queries are not allowed", ecode::INVAL);
        assert_eq!(HttpError::internal(&error).message, "('Sync queries are not allowed', 'wrong_input')");
        let quoted = OpError::prereq("Node 'a' not known", ecode::NOENT);
        assert_eq!(HttpError::internal(&quoted).message, "(\"Node 'a' not known\", 'unknown_entity')");
    }
}
