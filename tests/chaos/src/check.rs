//! What must hold at every moment, and at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cyclades_crds::names::{REASON_ROOT, TAG_ID};
use ganeti_sim::JobView;
use serde_json::Value;

use crate::Failure;
use crate::act::told;
use crate::stage::{Stage, id_of};

/// How long what others did in Ganeti may be unknown to the operator. That a guest died is believed after two readings of
/// its status, 33 s apart at most on this stage; an operator that was killed, or did not get an answer, begins anew.
const UNSEEN_FOR: Duration = Duration::from_secs(150);
/// The same where a call was never answered: the operator gives a pass up after 90 s.
const UNSEEN_AFTER_HANG_FOR: Duration = Duration::from_secs(250);

/// Looks at a stage again and again, and remembers what it must.
#[derive(Debug, Default)]
pub(crate) struct Checker {
    /// The last job that was looked at.
    last: u64,
    /// Jobs of ours that have not ended.
    open: BTreeSet<u64>,
    /// Instances whose creation has succeeded.
    created: BTreeSet<String>,
    /// Instances that a creation that failed may have left.
    half_made: BTreeSet<String>,
    /// Ids of machines that were seen as being deleted.
    leaving: BTreeSet<String>,
    /// Ids of machines whose instances are to stay when they are deleted.
    kept: BTreeSet<String>,
    /// Instances that somebody else has removed.
    lost: BTreeSet<String>,
    /// Machines and the actions that were asked of them.
    actions: BTreeSet<(String, String)>,
    /// Instances with the number of times that we rebooted or rebuilt them.
    acts: BTreeMap<String, usize>,
}

/// A condition of an object, if it is of its present generation.
pub(crate) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = object["status"]["conditions"].as_array()?;
    let found = conditions.iter().find(|condition| condition["type"] == kind)?;
    (object["status"]["observedGeneration"] == object["metadata"]["generation"]).then_some(found)
}

impl Checker {
    /// What must hold at every moment.
    pub fn check(&mut self, stage: &Stage) -> Result<(), Failure> {
        let machines = stage.machines();
        let leaving = machines.iter().filter(|machine| machine["metadata"]["deletionTimestamp"].is_string());
        self.leaving.extend(leaving.map(id_of));
        let kept = machines.iter().filter(|machine| machine["spec"]["deletionPolicy"] == "Detach");
        self.kept.extend(kept.map(id_of));
        let action =
            |machine: &Value| Some((id_of(machine), machine["spec"]["action"]["id"].as_str()?.to_owned()));
        self.actions.extend(machines.iter().filter_map(action));
        self.follow_jobs(stage, &machines)?;
        for machine in &machines {
            one_instance(stage, machine)?;
            self.ready_is_true(stage, machine)?;
        }
        Ok(())
    }

    /// What must hold when everything has come to rest.
    pub fn check_end(&mut self, stage: &Stage) -> Result<(), Failure> {
        self.check(stage)?;
        let machines = stage.machines();
        for instance in stage.sim.instances() {
            let Some(id) = instance.tags.iter().find_map(|tag| tag.strip_prefix(TAG_ID)) else { continue };
            if !machines.iter().any(|machine| id_of(machine) == id) {
                return broken(format!("instance {} is left, and machine {id} is gone", instance.name));
            }
        }
        if let Some(machine) = machines.iter().find(|it| it["status"]["lastAction"]["result"] == "Taken") {
            return broken(format!(
                "machine {} is at rest, and still does its action",
                machine["metadata"]["name"]
            ));
        }
        if let Some(job) = self.open.iter().find_map(|job| stage.sim.job(*job)) {
            return broken(format!("{} has not ended", told(&job)));
        }
        Ok(())
    }

    fn follow_jobs(&mut self, stage: &Stage, machines: &[Value]) -> Result<(), Failure> {
        for job in stage.sim.jobs_above(self.last) {
            self.last = job.id;
            if !is_of_instance(&job) {
                continue;
            }
            if is_ours(&job) {
                self.begun(&job, machines)?;
                self.open.insert(job.id);
            } else {
                stage.calls.disturb();
                if job.opcodes.contains(&"OP_INSTANCE_REMOVE") {
                    let name = job.instance.unwrap_or_default();
                    self.created.remove(&name);
                    self.lost.insert(name);
                }
            }
        }
        let ended: Vec<JobView> =
            self.open.iter().filter_map(|id| stage.sim.job(*id)).filter(JobView::is_final).collect();
        for job in ended {
            self.open.remove(&job.id);
            self.ended(&job)?;
        }
        self.one_job_each(stage)
    }

    /// A job of ours was submitted.
    fn begun(&mut self, job: &JobView, machines: &[Value]) -> Result<(), Failure> {
        let name = job.instance.as_deref().unwrap_or_default();
        let owner = machines.iter().find(|machine| name.ends_with(&id_of(machine)));
        match job.opcodes.first().copied().unwrap_or_default() {
            "OP_INSTANCE_REMOVE" => self.may_go(job, name, owner),
            "OP_INSTANCE_CREATE" => {
                let anew = owner.is_some_and(|owner| owner["spec"]["onMissing"] == "Recreate");
                if !self.lost.contains(name) || anew {
                    return Ok(());
                }
                broken(format!("{} after it was removed by somebody else", told(job)))
            }
            "OP_INSTANCE_REBOOT" => self.acted(job, name),
            _ if is_rebuild(job) => self.acted(job, name),
            _ => Ok(()),
        }
    }

    fn may_go(&self, job: &JobView, name: &str, owner: Option<&Value>) -> Result<(), Failure> {
        if self.kept.iter().any(|id| name.ends_with(id)) {
            return broken(format!("{} and it was to be let go", told(job)));
        }
        let leaves = owner.is_none_or(|owner| self.leaving.contains(&id_of(owner)));
        if leaves || self.half_made.contains(name) {
            return Ok(());
        }
        broken(format!("{} and nobody wants its machine gone", told(job)))
    }

    /// At most one reboot or rebuild for each action.
    fn acted(&mut self, job: &JobView, name: &str) -> Result<(), Failure> {
        let count = self.acts.entry(name.to_owned()).or_default();
        *count += 1;
        let asked = self.actions.iter().filter(|(id, _)| name.ends_with(id)).count();
        if *count <= asked {
            return Ok(());
        }
        broken(format!("{} is action number {count}, and {asked} were asked for", told(job)))
    }

    /// A job of ours has ended.
    fn ended(&mut self, job: &JobView) -> Result<(), Failure> {
        let name = job.instance.clone().unwrap_or_default();
        let succeeded = job.status == "success";
        if job.opcodes.contains(&"OP_INSTANCE_CREATE") {
            if !succeeded {
                self.half_made.insert(name);
            } else if self.created.insert(name.clone()) {
                self.half_made.remove(&name);
            } else {
                return broken(format!("{} is the second creation of {name} that succeeded", told(job)));
            }
        } else if job.opcodes.contains(&"OP_INSTANCE_REMOVE") && succeeded {
            self.half_made.remove(&name);
        }
        Ok(())
    }

    /// Never two of our jobs on one instance.
    fn one_job_each(&self, stage: &Stage) -> Result<(), Failure> {
        let mut busy = BTreeSet::new();
        for job in self.open.iter().filter_map(|id| stage.sim.job(*id)) {
            if !busy.insert(job.instance.clone()) {
                return broken(format!("{} is our second job on its instance at a time", told(&job)));
            }
        }
        Ok(())
    }

    /// Who says Ready tells the truth, as far as it can be known.
    fn ready_is_true(&self, stage: &Stage, machine: &Value) -> Result<(), Failure> {
        let ready = condition(machine, "Ready").is_some_and(|ready| ready["status"] == "True");
        let unseen_for = if stage.calls.hung() { UNSEEN_AFTER_HANG_FOR } else { UNSEEN_FOR };
        let unseen = stage.calls.undisturbed_for().is_some_and(|time| time < unseen_for);
        if !ready || unseen || machine["metadata"]["deletionTimestamp"].is_string() {
            return Ok(());
        }
        let name = &machine["metadata"]["name"];
        let instances = stage.instances_of(machine);
        let Some(instance) = instances.first() else {
            return broken(format!("machine {name} is Ready and has no instance"));
        };
        let wanted = if machine["spec"]["powerState"] == "Stopped" { "ADMIN_down" } else { "running" };
        if instance.status != wanted {
            return broken(format!(
                "machine {name} is Ready, and its instance is {}, not {wanted}",
                instance.status
            ));
        }
        if machine["status"]["image"].as_str().is_some_and(|image| image != instance.os) {
            return broken(format!("machine {name} is Ready, and its instance has {}", instance.os));
        }
        let shape = &machine["status"]["shape"];
        if shape.is_object()
            && (shape["memoryMiB"] != instance.memory_mib || shape["vcpus"] != instance.vcpus)
        {
            return broken(format!(
                "machine {name} is Ready, and its instance has not the shape that it tells"
            ));
        }
        Ok(())
    }
}

fn one_instance(stage: &Stage, machine: &Value) -> Result<(), Failure> {
    let names: Vec<String> = stage.instances_of(machine).into_iter().map(|instance| instance.name).collect();
    match names.len() {
        0 | 1 => Ok(()),
        _ => {
            broken(format!("machine {} has the instances {}", machine["metadata"]["name"], names.join(", ")))
        }
    }
}

fn is_of_instance(job: &JobView) -> bool {
    job.opcodes.iter().any(|opcode| opcode.starts_with("OP_INSTANCE_"))
}

fn is_ours(job: &JobView) -> bool {
    is_rebuild(job) || job.reasons.iter().any(|reason| reason.starts_with(REASON_ROOT))
}

/// RAPI's reinstall takes no reason; nobody else uses it here.
fn is_rebuild(job: &JobView) -> bool {
    job.opcodes.contains(&"OP_INSTANCE_REINSTALL")
}

fn broken<T>(what: String) -> Result<T, Failure> {
    Err(Failure::Broken(what))
}

#[cfg(test)]
mod tests {
    use ganeti_sim::InstanceSpec;
    use serde_json::json;

    use super::*;
    use crate::{Point, Weather};

    /// A stage with a machine that nobody looks after.
    fn stage() -> Stage {
        let point = Point { scenario: "none".into(), seed: 1, weather: Weather::Calm, blow: None };
        let stage = Stage::new(&point).unwrap();
        let machine = json!({
            "apiVersion": "cyclades.io/v1alpha1", "kind": "VirtualMachine", "metadata": {"name": "web"},
            "spec": {"flavorRef": {"name": "tiny"}, "imageRef": {"name": "noop"}},
        });
        stage.kube.create(&machine).unwrap();
        stage
    }

    /// Instances with the tag of the stage's machine.
    fn instances(stage: &Stage, count: usize) {
        let tag = format!("{TAG_ID}{}", id_of(&stage.machine("web").unwrap()));
        stage.sim.preload_instances(count, |number| {
            let mut spec = InstanceSpec::small(format!("i{number}.example.com"));
            spec.tags = vec![tag.clone()];
            spec
        });
    }

    fn say_ready(stage: &Stage) {
        let status = json!({"status": {
            "observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True", "reason": "Ready"}],
        }});
        stage.kube.patch_status("virtualmachines", Some("default"), "web", &status).unwrap();
    }

    fn words(checked: Result<(), Failure>) -> String {
        checked.map_or_else(|failure| failure.to_string(), |()| "all is well".to_owned())
    }

    #[tokio::test(start_paused = true)]
    async fn two_instances_of_one_machine_are_seen() {
        let stage = stage();
        instances(&stage, 1);
        assert_eq!(words(Checker::default().check(&stage)), "all is well");
        instances(&stage, 2);
        assert!(words(Checker::default().check(&stage)).contains("has the instances"));
    }

    #[tokio::test(start_paused = true)]
    async fn an_instance_that_outlives_its_machine_is_seen() {
        let stage = stage();
        instances(&stage, 1);
        assert_eq!(words(Checker::default().check_end(&stage)), "all is well");
        stage.kube.delete("virtualmachines", Some("default"), "web").unwrap();
        assert!(words(Checker::default().check_end(&stage)).contains("is left"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_machine_that_says_ready_must_run() {
        let stage = stage();
        say_ready(&stage);
        assert!(words(Checker::default().check(&stage)).contains("has no instance"));
        instances(&stage, 1);
        assert_eq!(words(Checker::default().check(&stage)), "all is well");
        let name = stage.sim.instances()[0].name.clone();
        stage.sim.crash_instance(&name).unwrap();
        assert!(words(Checker::default().check(&stage)).contains("not running"));
    }
}
