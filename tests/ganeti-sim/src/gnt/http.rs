//! As much of HTTP as the control endpoint needs.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Every answer comes from memory.
const WITHIN: Duration = Duration::from_secs(30);

/// A control endpoint.
pub struct Endpoint {
    host: String,
}

impl Endpoint {
    pub fn parse(url: &str) -> Result<Self> {
        let host = url.strip_prefix("http://").with_context(|| format!("{url} is no http:// URL"))?;
        Ok(Self { host: host.trim_end_matches('/').to_owned() })
    }

    pub fn get(&self, path: &str) -> Result<Value> {
        self.call("GET", path, "")
    }

    pub fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.call("POST", path, &body.to_string())
    }

    fn call(&self, method: &str, path: &str, body: &str) -> Result<Value> {
        let gone = || format!("no simulator listens at http://{}", self.host);
        let mut stream = TcpStream::connect(&self.host).with_context(gone)?;
        stream.set_read_timeout(Some(WITHIN))?;
        stream.set_write_timeout(Some(WITHIN))?;
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}",
            self.host
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("no HTTP answer")?;
        let value: Value = serde_json::from_str(body).context("the answer is no JSON")?;
        if !head.starts_with("HTTP/1.1 200") {
            bail!("{}", value["error"].as_str().unwrap_or(head));
        }
        Ok(value)
    }
}
