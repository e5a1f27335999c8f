//! A Ganeti cluster of a stage: what its administrator sees and does, and what befalls it.

use std::sync::Arc;

use ganeti_sim::{Fault, FaultId, FaultKind, InstanceSpec, JobView, Matcher, Sim};
use secrecy::SecretString;
use serde_json::json;

use crate::calls::FOR_EVER;
use crate::scene::{Instance, Job};
use crate::step::Deed;

/// A Ganeti cluster.
#[derive(Debug)]
pub(crate) struct Ganeti {
    /// Which, counted from 0.
    pub number: usize,
    /// The simulator.
    pub sim: Arc<Sim>,
    /// What is wrong with its RAPI.
    ill: std::sync::Mutex<Option<FaultId>>,
    /// What is wrong with its jobs.
    failing: std::sync::Mutex<Vec<FaultId>>,
}

/// What could not be done, in words.
pub(crate) type Said<T> = Result<T, String>;

impl Ganeti {
    pub fn simulated(number: usize, sim: Arc<Sim>) -> Self {
        Self { number, sim, ill: std::sync::Mutex::default(), failing: std::sync::Mutex::default() }
    }

    /// Name of its backend.
    pub fn backend(&self) -> String {
        backend_name(self.number)
    }

    /// RAPI's URL.
    pub fn endpoint(&self) -> String {
        // A name in place of an address: whom a connection leads to is decided by it.
        format!("https://{}.test:5080", self.backend())
    }

    /// Fingerprint of RAPI's certificate.
    pub fn pin(&self) -> String {
        self.sim.certificate_sha256()
    }

    /// RAPI's user who may write.
    pub fn credentials(&self) -> (String, SecretString) {
        let user = self.sim.write_credentials();
        (user.username, user.password)
    }

    /// The number of the last job.
    pub fn last_job(&self) -> u64 {
        self.sim.last_job()
    }

    /// Jobs with higher numbers than this.
    pub fn jobs_above(&self, id: u64) -> Vec<Job> {
        self.sim.jobs_above(id).into_iter().map(|job| self.job_of(job)).collect()
    }

    /// A job by its number.
    pub fn job(&self, id: u64) -> Option<Job> {
        self.sim.job(id).map(|job| self.job_of(job))
    }

    fn job_of(&self, job: JobView) -> Job {
        Job {
            cluster: self.number,
            id: job.id,
            status: job.status.to_owned(),
            opcode: job.opcodes.first().copied().unwrap_or_default().to_owned(),
            summary: job.summary.join(", "),
            instance: job.instance,
            reasons: job.reasons,
        }
    }

    /// All instances.
    pub fn instances(&self) -> Vec<Instance> {
        let seen = self.sim.instances().into_iter().map(|instance| Instance {
            cluster: self.number,
            name: instance.name,
            status: instance.status.to_owned(),
            memory_mib: instance.memory_mib,
            vcpus: instance.vcpus,
            os: instance.os,
            tags: instance.tags,
        });
        seen.collect()
    }

    /// Does what an administrator does, or lets something befall the cluster. `instance`: of the machine that the deed
    /// names.
    pub fn act(&self, deed: &Deed, instance: Option<&str>) -> Said<()> {
        let named = || instance.ok_or_else(|| "the machine has no instance".to_owned());
        let said = |error: ganeti_sim::Error| error.to_string();
        match deed {
            Deed::Shutdown => self.sim.admin_shutdown(named()?).map(drop).map_err(said)?,
            Deed::Startup => self.sim.admin_startup(named()?).map(drop).map_err(said)?,
            Deed::Remove => self.sim.admin_remove(named()?).map(drop).map_err(said)?,
            Deed::Modify(memory) => {
                let memory = json!({"maxmem": memory, "minmem": memory});
                self.sim.admin_modify(named()?, &memory).map(drop).map_err(said)?;
            }
            Deed::Dies => self.sim.crash_instance(named()?).map_err(said)?,
            Deed::PowersOff => self.sim.user_down(named()?).map_err(said)?,
            Deed::Add { name, memory_mib, tags } => {
                let spec = InstanceSpec {
                    memory_mib: *memory_mib,
                    tags: tags.clone(),
                    ..InstanceSpec::small(name.clone())
                };
                if !self.sim.add_foreign_instance(spec) {
                    return Err(format!("{name} is taken"));
                }
            }
            Deed::ClaimedBy(tag) => {
                let is_claim = |tag: &String| tag.starts_with(cyclades_crds::names::TAG_CLAIM);
                let claims: Vec<String> = self.sim.cluster_tags().into_iter().filter(is_claim).collect();
                if !claims.is_empty() {
                    self.sim.admin_tags("cluster", None, &claims, true).map(drop).map_err(said)?;
                }
                let tags = [tag.clone()];
                self.sim.admin_tags("cluster", None, &tags, false).map(drop).map_err(said)?;
            }
            Deed::Drain(drained) => self.sim.drain_queue(*drained),
            Deed::Down => self.fall_ill(Some(FaultKind::Refuse)),
            Deed::Hangs => self.fall_ill(Some(FaultKind::Hang(FOR_EVER))),
            Deed::Up => self.fall_ill(None),
            Deed::Cancels(opcode) => self.fail(opcode, FaultKind::JobCancel, true),
            Deed::Dead { opcode, after_effect } => {
                self.fail(opcode, FaultKind::JobDeath { after_effect: *after_effect }, true);
            }
            Deed::Fails { opcode, words, once } => self.fail(opcode, failed(words), *once),
            Deed::Works => {
                let failing = std::mem::take(&mut *lock(&self.failing));
                failing.into_iter().for_each(|fault| self.sim.remove_fault(fault));
            }
        }
        Ok(())
    }

    fn fall_ill(&self, kind: Option<FaultKind>) {
        let mut ill = lock(&self.ill);
        if let Some(fault) = ill.take() {
            self.sim.remove_fault(fault);
        }
        *ill = kind.map(|kind| self.sim.add_fault(Fault::always(kind)));
    }

    fn fail(&self, opcode: &str, kind: FaultKind, once: bool) {
        let matcher = Matcher::opcode(&format!("OP_{opcode}"));
        let fault = self.sim.add_fault(Fault { kind, matcher, times: once.then_some(1) });
        lock(&self.failing).push(fault);
    }
}

/// Name of the backend of a cluster.
pub(crate) fn backend_name(number: usize) -> String {
    format!("ganeti-{}", number + 1)
}

fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A job fails. A creation that does leaves its instance in the configuration.
fn failed(words: &str) -> FaultKind {
    FaultKind::JobError {
        class: "OpExecError".into(),
        message: words.to_owned(),
        ecode: None,
        leaves_instance: true,
    }
}
