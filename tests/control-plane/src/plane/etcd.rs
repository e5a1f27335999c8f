//! etcd, the store behind the API server.

use std::ffi::OsString;
use std::path::Path;

use reqwest::Client;
use serde_json::Value;

use super::api;
use super::launch::Listener;
use super::layout::Layout;
use crate::Error;
use crate::process::{Program, flag};

/// One etcd member.
pub(crate) struct Etcd<'a> {
    file: &'a Path,
    layout: &'a Layout,
    detached: bool,
    fsync: bool,
    /// A name that no other etcd on this machine has: by it we know ours on a port.
    name: String,
    client: Client,
}

impl<'a> Etcd<'a> {
    pub(crate) fn new(
        file: &'a Path,
        layout: &'a Layout,
        detached: bool,
        fsync: bool,
    ) -> Result<Self, Error> {
        let client = api::client(rustls::RootCertStore::empty())?;
        Ok(Self { file, layout, detached, fsync, name: uuid::Uuid::new_v4().to_string(), client })
    }

    fn args(&self, [client, peer]: [u16; 2]) -> Vec<OsString> {
        let mut args = vec![
            flag("name", &self.name),
            flag("data-dir", self.layout.etcd_data()),
            flag("listen-client-urls", url(client)),
            flag("advertise-client-urls", url(client)),
            flag("listen-peer-urls", url(peer)),
        ];
        if !self.fsync {
            args.push("--unsafe-no-fsync".into());
        }
        args
    }
}

/// Plain HTTP: it never leaves the loopback interface, and other users of the machine are not the threat here.
pub(crate) fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

impl Listener<2> for Etcd<'_> {
    fn program(&self, ports: [u16; 2]) -> Program<'_> {
        Program {
            name: "etcd",
            file: self.file,
            args: self.args(ports),
            log: self.layout.log("etcd"),
            dir: self.layout.dir(),
            detached: self.detached,
        }
    }

    /// A member tells its name once a leader exists (etcd API, `Cluster.MemberList`).
    async fn ready(&self, [client, _]: [u16; 2]) -> Result<(), String> {
        let request = self.client.post(format!("{}/v3/cluster/member/list", url(client))).body("{}");
        let answer = request.send().await.map_err(|error| api::text(&error))?;
        let text = answer.text().await.map_err(|error| api::text(&error))?;
        let members: Value = serde_json::from_str(&text).map_err(|_| text.clone())?;
        let ours =
            members["members"].as_array().is_some_and(|all| all.iter().any(|m| m["name"] == *self.name));
        if ours { Ok(()) } else { Err(format!("no member {} in {text}", self.name)) }
    }
}
