//! A simulated Ganeti cluster of a stage.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ganeti_sim::{Fault, FaultId, FaultKind, InstanceSpec, JobView, Latency, Matcher, NodeSpec, OsSpec, Sim};
use serde_json::json;
use tokio::io::DuplexStream;

use crate::calls::{Calls, FOR_EVER, Seen};
use crate::clocks::EPOCH_SECONDS;
use crate::ganeti::{Said, backend_name};
use crate::scene::{Instance, Job, opcode_of};
use crate::step::Deed;
use crate::{Failure, Point, Scenario};

/// A simulated Ganeti cluster.
#[derive(Debug)]
pub(crate) struct Simulated {
    number: usize,
    /// The simulator.
    pub sim: Arc<Sim>,
    /// What is wrong with its RAPI.
    ill: Mutex<Option<FaultId>>,
    /// What is wrong with its jobs.
    failing: Mutex<Vec<FaultId>>,
}

impl Simulated {
    /// The cluster number `number` of a point. `job_scale`: how long jobs take, as a multiple of what was measured on a
    /// real one.
    pub fn new(number: usize, scenario: &Scenario, point: &Point, job_scale: f64) -> Result<Self, Failure> {
        let mut options = ganeti_sim::Options {
            seed: point.seed.wrapping_add(number as u64 * 7919),
            name: format!("{}.sim.example.com", backend_name(number)),
            latency: Latency::Calibrated { scale: job_scale * point.weather.job_scale() },
            epoch: Some(Duration::from_secs(EPOCH_SECONDS.unsigned_abs())),
            // Machines are made from images of the same names.
            os: ["noop", "other"].map(|name| OsSpec::new(name, &[])).to_vec(),
            user_shutdown: true,
            ..ganeti_sim::Options::default()
        };
        if let Some(memory_mib) = scenario.memory_mib {
            let node = NodeSpec { memory_mib, ..NodeSpec::large("node1.sim.example.com") };
            options.nodes = vec![node];
        }
        let sim = Sim::within(options).map_err(|error| Failure::Stage(error.to_string()))?;
        Ok(Self { number, sim: Arc::new(sim), ill: Mutex::default(), failing: Mutex::default() })
    }

    /// Shows every request to these.
    pub fn interpose(&self, calls: &Arc<Calls>) {
        let (calls, number) = (Arc::clone(calls), self.number);
        self.sim.interpose(Arc::new(move |call| {
            let seen = if call.moment == ganeti_sim::Moment::Before { Seen::Before } else { Seen::After };
            calls.rapi((call.client, number), seen, call.method, call.target)
        }));
    }

    /// A connection of an operator to RAPI.
    pub fn connect(&self, operator: usize) -> io::Result<DuplexStream> {
        self.sim.connect_as(operator)
    }

    /// Jobs with higher numbers than this, and these.
    pub fn jobs(&self, last: u64, and: &[u64]) -> Vec<Job> {
        let and = and.iter().filter_map(|id| self.sim.job(*id));
        self.sim.jobs_above(last).into_iter().chain(and).map(|job| self.job_of(job)).collect()
    }

    fn job_of(&self, job: JobView) -> Job {
        Job {
            cluster: self.number,
            id: job.id,
            status: job.status.to_owned(),
            opcode: opcode_of(job.opcodes.iter().copied()),
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
            macs: instance.macs,
        });
        seen.collect()
    }

    /// Names of its networks.
    pub fn networks(&self) -> Vec<String> {
        self.sim.networks().into_iter().map(|network| network.name).collect()
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
