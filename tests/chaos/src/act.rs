//! Steps of a scenario, done.

use std::time::Duration;

use ganeti_sim::{Fault, FaultId, FaultKind, JobView, Matcher};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::Failure;
use crate::check::condition;
use crate::scenario::{Step, Wanted};
use crate::stage::{NAMESPACE, Stage};

/// How long a scenario waits for anything, by the simulated clock: longer than the longest backoff.
const WITHIN: Duration = Duration::from_secs(1200);
/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Somebody who does the steps.
pub(crate) struct Actor<'a> {
    stage: &'a Stage,
    down: Option<FaultId>,
    failing: Vec<FaultId>,
}

impl<'a> Actor<'a> {
    pub fn new(stage: &'a Stage) -> Self {
        Self { stage, down: None, failing: Vec::new() }
    }

    /// Does a step, or waits for what it says.
    pub async fn step(&mut self, text: &str, step: &Step) -> Result<(), Failure> {
        self.stage.calls.note(&format!("--- {text}"));
        let failed =
            |why: &dyn std::fmt::Display| Failure::Step { step: text.to_owned(), why: why.to_string() };
        let kube = &self.stage.kube;
        match step {
            Step::Apply { vm, fields } => {
                drop(kube.apply(&manifest(vm, fields)).map_err(|refused| failed(&refused))?);
            }
            Step::Set { vm, fields } => {
                let patch = json!({"spec": spec(fields)});
                drop(
                    kube.patch("virtualmachines", Some(NAMESPACE), vm, &patch)
                        .map_err(|refused| failed(&refused))?,
                );
            }
            Step::Delete { vm } => {
                drop(
                    kube.delete("virtualmachines", Some(NAMESPACE), vm)
                        .map_err(|refused| failed(&refused))?,
                );
            }
            Step::UntilVm { vm, wanted } => return self.until(text, |stage| says(stage, vm, wanted)).await,
            Step::UntilJob { opcode, status } => {
                return self.until(text, |stage| has_job(stage, opcode, status)).await;
            }
            Step::UntilInstances(count) => {
                return self.until(text, |stage| stage.sim.instance_count() == *count).await;
            }
            Step::Wait(time) => sleep(*time).await,
            Step::Backend { up } => self.backend(*up),
            Step::Ganeti { verb, vm } => self.ganeti(verb, vm).map_err(|why| failed(&why))?,
            Step::GuestDies { vm } => self.guest_dies(vm).map_err(|why| failed(&why))?,
            Step::Cancels { opcode } => self.fault(opcode, FaultKind::JobCancel, Some(1)),
            Step::Fails { opcode, once } => self.fault(opcode, script_failed(), once.then_some(1)),
            Step::Works => self.failing.drain(..).for_each(|fault| self.stage.sim.remove_fault(fault)),
        }
        Ok(())
    }

    async fn until(&self, what: &str, holds: impl Fn(&Stage) -> bool) -> Result<(), Failure> {
        let deadline = Instant::now() + WITHIN;
        while !holds(self.stage) {
            if Instant::now() >= deadline || self.stage.calls.too_many() {
                let instead = self.stage.machines().iter().map(shown).collect::<Vec<_>>().join("; ");
                return Err(Failure::TooLate { what: what.to_owned(), within: WITHIN, instead });
            }
            sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    fn backend(&mut self, up: bool) {
        if let Some(fault) = self.down.take() {
            self.stage.sim.remove_fault(fault);
        }
        if !up {
            self.down = Some(self.stage.sim.add_fault(Fault::always(FaultKind::Refuse)));
        }
    }

    fn ganeti(&self, verb: &str, vm: &str) -> Result<(), String> {
        let name = self.instance(vm)?;
        let sim = &self.stage.sim;
        let job = match verb {
            "shutdown" => sim.admin_shutdown(&name),
            "startup" => sim.admin_startup(&name),
            _ => sim.admin_remove(&name),
        };
        job.map(drop).map_err(|error| error.to_string())
    }

    fn guest_dies(&self, vm: &str) -> Result<(), String> {
        let name = self.instance(vm)?;
        self.stage.calls.disturb();
        self.stage.sim.crash_instance(&name).map_err(|error| error.to_string())
    }

    /// Name of a machine's instance.
    fn instance(&self, vm: &str) -> Result<String, &'static str> {
        let machine = self.stage.machine(vm).ok_or("there is no such machine")?;
        Ok(machine["status"]["instanceName"].as_str().ok_or("it has no instance")?.to_owned())
    }

    fn fault(&mut self, opcode: &str, kind: FaultKind, times: Option<u32>) {
        let matcher = Matcher::opcode(&format!("OP_{opcode}"));
        self.failing.push(self.stage.sim.add_fault(Fault { kind, matcher, times }));
    }
}

/// A creation's OS script fails: the instance stays in the configuration.
fn script_failed() -> FaultKind {
    FaultKind::JobError {
        class: "OpExecError".into(),
        message: "Could not add os for instance: OS create script failed (exited with exit code 1)".into(),
        ecode: None,
        leaves_instance: true,
    }
}

fn manifest(vm: &str, fields: &[(String, String)]) -> Value {
    let mut spec = spec(fields);
    if spec["flavorRef"].is_null() {
        spec["flavorRef"] = json!({"name": "tiny"});
    }
    spec["imageRef"] = json!({"name": "noop"});
    json!({
        "apiVersion": "cyclades.io/v1alpha1", "kind": "VirtualMachine",
        "metadata": {"name": vm, "namespace": NAMESPACE}, "spec": spec,
    })
}

/// Fields of a spec: a value that is JSON is taken as such, anything else is a text; dots lead into objects.
fn spec(fields: &[(String, String)]) -> Value {
    let mut spec = json!({});
    for (name, text) in fields {
        let value = serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into());
        let place = name.split('.').fold(&mut spec, |place, part| &mut place[part]);
        *place = value;
    }
    spec
}

fn says(stage: &Stage, vm: &str, wanted: &[Wanted]) -> bool {
    let machine = stage.machine(vm);
    wanted.iter().all(|wanted| match (wanted, &machine) {
        (Wanted::Gone, machine) => machine.is_none(),
        (_, None) => false,
        (Wanted::Ready, Some(machine)) => {
            condition(machine, "Ready").is_some_and(|ready| ready["status"] == "True")
        }
        (Wanted::Reason(reason), Some(machine)) => {
            condition(machine, "Ready").is_some_and(|ready| ready["reason"] == reason.as_str())
        }
        (Wanted::Field(name, value), Some(machine)) => {
            let found = name.split('.').fold(&machine["status"], |place, part| &place[part]);
            found.as_str().map_or_else(|| found.to_string(), str::to_owned) == *value
        }
    })
}

fn has_job(stage: &Stage, opcode: &str, status: &str) -> bool {
    let opcode = format!("OP_{opcode}");
    stage.sim.jobs().iter().filter(|job| job.opcodes.contains(&opcode.as_str())).any(|job| match status {
        "queued" => true,
        "running" => job.status == "running" || job.is_final(),
        _ => job.is_final(),
    })
}

/// A machine in a few words.
fn shown(machine: &Value) -> String {
    let ready = condition(machine, "Ready");
    let said = ready.map_or("nothing is said of it".to_owned(), |ready| {
        format!("{} {}", ready["reason"], ready["message"])
    });
    format!("{}: {said}", machine["metadata"]["name"])
}

/// A job in a few words.
pub(crate) fn told(job: &JobView) -> String {
    format!("job {} {} ({})", job.id, job.summary.join(", "), job.status)
}
