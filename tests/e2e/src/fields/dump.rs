//! What Ganeti has, as its Remote API tells it.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::{Look, SOON, Stage, eventually};

/// Longest time that RAPI may take for an answer.
const LIMIT: Duration = Duration::from_secs(30);
/// States that a job stays in.
const OVER: [&str; 3] = ["success", "error", "canceled"];
/// What two instances of the same manifest differ in, and what changes by itself.
const NOISE: [&str; 12] = [
    "name",
    "uuid",
    "serial_no",
    "ctime",
    "mtime",
    "network_port",
    "nic.ips",
    "nic.macs",
    "nic.uuids",
    "disk.uuids",
    // Live figures, which lag.
    "oper_ram",
    "oper_vcpus",
];
/// What changes by itself in a node: free memory and disk are those of the machine that the tests run on.
const NODE_NOISE: [&str; 8] = ["mtime", "ctime", "serial_no", "mfree", "dfree", "mnode", "mtotal", "dtotal"];

/// A cluster's Remote API, to be read.
#[derive(Debug)]
pub struct Ganeti {
    client: reqwest::Client,
    url: String,
    username: String,
    password: SecretString,
}

impl Ganeti {
    /// The API at a URL. Any certificate will do: it is the bed's own.
    ///
    /// # Errors
    /// If there is no client to be had.
    pub fn at(url: &str, username: &str, password: &SecretString) -> Result<Self> {
        let builder =
            reqwest::Client::builder().tls_danger_accept_invalid_certs(true).no_proxy().timeout(LIMIT);
        Ok(Self {
            client: builder.build()?,
            url: url.to_owned(),
            username: username.to_owned(),
            password: password.clone(),
        })
    }

    /// That of a cluster of the bed.
    ///
    /// # Errors
    /// If there is none of that number.
    pub async fn of(stage: &Stage, cluster: usize) -> Result<Self> {
        let access = stage.bed().await.cluster(cluster)?.access()?;
        Self::at(&access.endpoint, &access.username, &access.password)
    }

    async fn get(&self, path: &str) -> Result<Value> {
        let url = format!("{}{path}", self.url);
        let request = self.client.get(&url).basic_auth(&self.username, Some(self.password.expose_secret()));
        let answer = request.send().await.with_context(|| url.clone())?;
        let status = answer.status();
        let body = answer.bytes().await.with_context(|| url.clone())?;
        ensure!(status.is_success(), "{url}: {status}, {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).with_context(|| url)
    }

    async fn list(&self, path: &str) -> Result<Vec<Value>> {
        let Value::Array(items) = self.get(path).await? else { anyhow::bail!("{path} gives no list") };
        Ok(items)
    }

    /// An instance without what two of the same manifest differ in.
    ///
    /// # Errors
    /// RAPI's, and if there is no such instance.
    pub async fn instance(&self, name: &str) -> Result<Value> {
        let all = self.list("/2/instances?bulk=1").await?;
        let found = all.into_iter().find(|instance| instance["name"] == name);
        let mut instance = found.with_context(|| format!("Ganeti has no instance {name}"))?;
        strip(&mut instance, &NOISE);
        let own = |tag: &Value| {
            let tag = tag.as_str().unwrap_or_default();
            !["cyclades:id:", "cyclades:name:"].iter().any(|start| tag.starts_with(start))
        };
        if let Some(tags) = instance.get_mut("tags").and_then(Value::as_array_mut) {
            tags.retain(own);
            tags.sort_by_key(Value::to_string);
        }
        Ok(instance)
    }

    /// Its nodes and tags, and the names of its instances.
    ///
    /// # Errors
    /// RAPI's.
    pub async fn cluster(&self) -> Result<Value> {
        let mut nodes = self.list("/2/nodes?bulk=1").await?;
        nodes.iter_mut().for_each(|node| strip(node, &NODE_NOISE));
        Ok(json!({
            "nodes": nodes,
            "tags": self.get("/2/tags").await?,
            "instances": self.get("/2/instances").await?,
        }))
    }

    /// Ids of the jobs on an instance, when none is unfinished.
    ///
    /// # Errors
    /// RAPI's; after a while, with those that are unfinished.
    pub async fn jobs(&self, instance: &str) -> Result<Vec<u64>> {
        // Whatever the job does, an opcode of it names the instance.
        let about = format!("{instance:?}");
        eventually(&format!("the jobs on {instance} are over"), SOON, async || {
            let mut jobs = self.list("/2/jobs?bulk=1").await?;
            jobs.retain(|job| job["ops"].to_string().contains(&about));
            let is_over = |job: &Value| OVER.iter().any(|status| job["status"] == *status);
            let open: Vec<_> =
                jobs.iter().filter(|job| !is_over(job)).map(|job| job["summary"].clone()).collect();
            let mut ids: Vec<u64> = jobs.iter().filter_map(|job| job["id"].as_u64()).collect();
            ids.sort_unstable();
            Ok(if open.is_empty() { Look::Is(ids) } else { Look::NotYet(format!("{open:?}")) })
        })
        .await
    }
}

fn strip(value: &mut Value, noise: &[&str]) {
    if let Some(map) = value.as_object_mut() {
        map.retain(|name, _| !noise.contains(&name.as_str()));
    }
}

/// The names under which two dumps differ, with what each has.
pub(super) fn difference(has: &Value, should: &Value) -> Vec<String> {
    let names = |value: &Value| -> Vec<String> {
        value.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default()
    };
    let mut all = names(has);
    all.extend(names(should));
    all.sort();
    all.dedup();
    let differing = all.into_iter().filter(|name| has.get(name) != should.get(name));
    differing
        .map(|name| {
            let shown = |value: &Value| value.get(&name).map_or("nothing".to_owned(), Value::to_string);
            format!("{name}: {}, and not {}", shown(has), shown(should))
        })
        .collect()
}
