//! A real Ganeti cluster as the stage of a point: what an administrator sees and does there.

use std::io;
use std::sync::Arc;

use cyclades_crds::names::TAG_CLAIM;
use ganeti_rapi::{
    Cells, Client, CreateInstance, DeleteInstance, ModifyInstance, QueryRow, Resource, ShutdownInstance,
    StrList, Submit, Text,
};
use secrecy::SecretString;
use serde::de::SeqAccess;
use serde_json::json;
use tokio::io::DuplexStream;

use crate::between::{Between, Illness};
use crate::calls::Calls;
use crate::ganeti::Said;
use crate::lab::Lab;
use crate::scene::{Instance, Job, opcode_of};
use crate::step::Deed;

/// A real Ganeti cluster, as one point has it.
#[derive(Debug)]
pub(crate) struct Real {
    lab: Arc<Lab>,
    between: Arc<Between>,
    /// The number of the last job of the points before.
    before: u64,
}

impl Real {
    /// A cluster with nothing on it. `before`: the number of its last job.
    pub fn new(lab: Arc<Lab>, before: u64) -> anyhow::Result<Self> {
        let between = Arc::new(Between::to(lab.rapi()?)?);
        Ok(Self { lab, between, before })
    }

    /// Fingerprint of the certificate that the operator sees.
    pub fn pin(&self) -> String {
        self.between.pin()
    }

    /// RAPI's user who may write.
    pub fn credentials(&self) -> (String, SecretString) {
        let user = self.lab.cluster.write_credentials();
        (user.username.clone(), user.password.clone())
    }

    /// Shows every request of the operator to these.
    pub fn interpose(&self, calls: &Arc<Calls>) {
        self.between.interpose(calls);
    }

    /// A connection of an operator to RAPI.
    pub fn connect(&self, operator: usize) -> io::Result<DuplexStream> {
        self.between.connect(operator)
    }

    fn client(&self) -> &Client {
        &self.lab.client
    }

    /// The number of the last job.
    pub async fn last_job(&self) -> Said<u64> {
        let jobs = self.client().jobs_above(self.before, &[]).await.map_err(said)?;
        Ok(jobs.iter().map(|job| job.id.0).max().unwrap_or(self.before))
    }

    /// Jobs of this point with higher numbers than this, and these.
    pub async fn jobs(&self, last: u64, and: &[u64]) -> Said<Vec<Job>> {
        let last = last.max(self.before);
        // All of one moment: the lowest that is wanted, and those above.
        let from = and.iter().map(|id| id.saturating_sub(1)).min().map_or(last, |lowest| lowest.min(last));
        let jobs = self.client().job_details_above(from).await.map_err(said)?;
        let wanted = jobs.iter().filter(|job| job.id.0 > last || and.contains(&job.id.0));
        let mut jobs: Vec<Job> = wanted.map(job_of).collect();
        jobs.sort_by_key(|job| job.id);
        Ok(jobs)
    }

    /// All instances.
    pub async fn instances(&self) -> Said<Vec<Instance>> {
        let body = self.client().query_raw(Resource::Instance, Row::FIELDS, None).await.map_err(said)?;
        let mut instances = Vec::new();
        let read = body.for_each(|row: Row<'_>| instances.push(row.instance()));
        read.map_err(|garbled| garbled.to_string())?;
        Ok(instances)
    }

    /// Names of its networks.
    pub async fn networks(&self) -> Said<Vec<String>> {
        let all = self.client().networks().await.map_err(said)?;
        Ok(all.into_iter().map(|network| network.name).collect())
    }

    /// Does what an administrator does, or lets something befall the cluster. `instance`: of the machine that the deed
    /// names.
    pub async fn act(&self, deed: &Deed, instance: Option<&str>) -> Said<()> {
        let named = || instance.ok_or_else(|| "the machine has no instance".to_owned());
        let (client, submit) = (self.client(), Submit::default());
        match deed {
            Deed::Shutdown => {
                let how = ShutdownInstance::default();
                client.shutdown_instance(named()?, &how, &submit).await.map_err(said)?;
            }
            Deed::Startup => drop(client.startup_instance(named()?, &submit).await.map_err(said)?),
            Deed::Remove => {
                let how = DeleteInstance::default();
                client.delete_instance(named()?, &how, &submit).await.map_err(said)?;
            }
            Deed::Modify(memory) => {
                let beparams = fields(json!({"maxmem": memory, "minmem": memory}));
                let modify = ModifyInstance { beparams, ..ModifyInstance::default() };
                client.modify_instance(named()?, &modify, &submit).await.map_err(said)?;
            }
            Deed::Dies => {
                self.lab.cluster.crash_fake_instance(named()?).map_err(|error| error.to_string())?
            }
            Deed::Add { name, memory_mib, tags } => {
                let job =
                    client.create_instance(&foreign(name, *memory_mib, tags), &submit).await.map_err(said)?;
                self.lab.ended(&[job]).await.map_err(|error| format!("{error:#}"))?;
            }
            Deed::ClaimedBy(tag) => {
                let mut claims = client.cluster_tags().await.map_err(said)?;
                claims.retain(|tag| tag.starts_with(TAG_CLAIM));
                if !claims.is_empty() {
                    client.remove_cluster_tags(&claims, &submit).await.map_err(said)?;
                }
                client.add_cluster_tags(&[tag], &submit).await.map_err(said)?;
            }
            Deed::Down => self.between.fall_ill(Some(Illness::Down)),
            Deed::Hangs => self.between.fall_ill(Some(Illness::Hangs)),
            Deed::Up => self.between.fall_ill(None),
            _ => return Err("a real Ganeti cannot be made to".to_owned()),
        }
        Ok(())
    }
}

fn said(failure: ganeti_rapi::Failure) -> String {
    failure.to_string()
}

fn fields(value: serde_json::Value) -> serde_json::Map<String, serde_json::Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// An instance that nobody declared.
fn foreign(name: &str, memory_mib: u64, tags: &[String]) -> CreateInstance {
    let mut create = CreateInstance::named(name);
    create.disk_template = Some("diskless".to_owned());
    create.os_type = Some("noop".to_owned());
    create.beparams = fields(json!({"maxmem": memory_mib, "minmem": memory_mib, "vcpus": 1}));
    create.tags = tags.to_vec();
    create
}

fn job_of(job: &ganeti_rapi::Job) -> Job {
    let opcode = opcode_of(job.op_ids.iter().map(String::as_str));
    Job {
        cluster: 0,
        id: job.id.0,
        status: job.status.as_str().to_owned(),
        instance: instance_of(&opcode, job.summary.first().map_or("", String::as_str)),
        opcode,
        summary: job.summary.join(", "),
        reasons: job.reasons.clone(),
    }
}

/// The instance that a job is about, by its opcode and summary: `INSTANCE_STARTUP(web)`, `TAGS_SET(web)`.
fn instance_of(opcode: &str, summary: &str) -> Option<String> {
    let about = summary.split_once('(')?.1.strip_suffix(')')?;
    let is_of_instance = opcode.starts_with("OP_INSTANCE_")
        // Of the cluster there is no name.
        || (opcode.starts_with("OP_TAGS_") && !matches!(about, "" | "None"));
    is_of_instance.then(|| about.to_owned())
}

/// What is asked of an instance.
struct Row<'a> {
    name: Text<'a>,
    status: Text<'a>,
    memory_mib: u64,
    vcpus: u64,
    os: Text<'a>,
    tags: StrList<'a>,
    macs: StrList<'a>,
}

impl<'de> QueryRow<'de> for Row<'de> {
    const FIELDS: &'static [&'static str] =
        &["name", "status", "be/maxmem", "be/vcpus", "os", "tags", "nic.macs"];

    fn from_cells<A: SeqAccess<'de>>(cells: &mut Cells<A>) -> Result<Self, A::Error> {
        Ok(Self {
            name: cells.required()?,
            status: cells.required()?,
            memory_mib: cells.required()?,
            vcpus: cells.required()?,
            os: cells.optional()?.unwrap_or_default(),
            tags: cells.optional()?.unwrap_or_default(),
            macs: cells.optional()?.unwrap_or_default(),
        })
    }
}

impl Row<'_> {
    fn instance(&self) -> Instance {
        Instance {
            cluster: 0,
            name: self.name.to_string(),
            status: self.status.to_string(),
            memory_mib: self.memory_mib,
            vcpus: self.vcpus,
            os: self.os.to_string(),
            tags: self.tags.to_vec(),
            macs: self.macs.to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_about_the_instance_that_its_summary_names() {
        let of = |opcode, summary| instance_of(opcode, summary);
        assert_eq!(of("OP_INSTANCE_CREATE", "INSTANCE_CREATE(web)").as_deref(), Some("web"));
        assert_eq!(of("OP_INSTANCE_REINSTALL", "INSTANCE_SHUTDOWN(web)").as_deref(), Some("web"));
        assert_eq!(of("OP_TAGS_SET", "TAGS_SET(web)").as_deref(), Some("web"));
        assert_eq!(of("OP_TAGS_SET", "TAGS_SET(None)"), None);
        assert_eq!(of("OP_TAGS_DEL", "TAGS_DEL()"), None);
        assert_eq!(of("OP_CLUSTER_VERIFY", "CLUSTER_VERIFY"), None);
    }
}
